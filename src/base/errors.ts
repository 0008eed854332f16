import { type Message, renderMessage } from './message';

/**
 * The reader's mistake or the machine's state, as opposed to a bug: says what happened and what to do next.
 * `code` is stable and may be tested for; `readerMessage` is rendered in the reader's language at the edge.
 */
export class ReaderError extends Error {
  constructor(
    readonly code: string,
    readonly readerMessage: Message,
  ) {
    super(renderMessage(readerMessage));
    this.name = 'ReaderError';
  }
}
