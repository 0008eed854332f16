import type { Problem } from '../base/problem';
import { ConfProblems } from '../lab/labConf';
import { inLanguage, type LabDefinition, type MessageDefinition } from '../lab/labDefinition';
import { messageNamed, prepareMessage } from '../lab/labMessages';
import { viewMessage } from '../lab/messageView';
import type { ConfSource } from '../protocol/balancerWorker';
import type { LabMessage, MessageView } from '../protocol/webview';
import type { WorkingCopy } from './workingCopy';

interface Viewed {
  /** The reader's text it was made of; null: the original. */
  readonly text: string | null;
  readonly view: MessageView | null;
  readonly problems: readonly Problem[];
}

/** The messages of a lab for the page, as the reader's copies of them say; encoded again only when one has changed. */
export class MessageViews {
  readonly #definition: LabDefinition;
  readonly #copies: WorkingCopy;
  readonly #viewed = new Map<string, Viewed>();

  constructor(definition: LabDefinition, copies: WorkingCopy) {
    this.#definition = definition;
    this.#copies = copies;
  }

  /** The reader's copy of the message that a run of that choice sends; null: there is none, the original is sent. */
  async source(chosen: string | null): Promise<ConfSource | null> {
    const wanted = messageNamed(this.#definition, chosen);
    return wanted === null ? null : this.#copies.read(this.#definition, wanted.file);
  }

  all(language: string): Promise<readonly LabMessage[]> {
    return Promise.all(
      this.#definition.messages.map(async (message) => {
        const { view, problems } = await this.#view(message);
        return { id: message.id, title: inLanguage(message.title, language), file: message.file, view, problems };
      }),
    );
  }

  async #view(message: MessageDefinition): Promise<Viewed> {
    const copy = await this.#copies.read(this.#definition, message.file);
    const known = this.#viewed.get(message.id);
    if (known !== undefined && known.text === (copy?.text ?? null)) return known;
    const made = await this.#read(message, copy);
    this.#viewed.set(message.id, made);
    return made;
  }

  async #read(message: MessageDefinition, copy: ConfSource | null): Promise<Viewed> {
    const text = copy?.text ?? null;
    try {
      const view = await viewMessage(await prepareMessage(this.#definition, message, copy ?? undefined));
      return { text, view, problems: [] };
    } catch (error) {
      if (error instanceof ConfProblems) return { text, view: null, problems: error.problems };
      throw error;
    }
  }
}
