import type { UpstreamCall } from './call';
import type { RequestBody } from './requestBody';

/** One attempt's way through a request's body: first what came before the attempt began, then what comes. */
export class RequestFeed {
  #at = 0;
  #ended = false;

  constructor(
    readonly body: RequestBody,
    readonly call: UpstreamCall,
  ) {}

  /** It has got all that came so far. */
  get isLive(): boolean {
    return this.#at === this.body.received;
  }

  /**
   * Gives on what is kept, as far as the server takes it, and the end. False: it waits for room. Throws what the system
   * says of the file.
   */
  advance(): boolean {
    const { body, call } = this;
    let flowing = true;
    while (flowing && !this.isLive) {
      const piece = body.read(this.#at);
      if (piece.length === 0) throw new Error('The file of the body is shorter than what was written to it');
      this.#at += piece.length;
      flowing = call.writeBody(piece);
    }
    if (body.complete) this.end();
    return flowing;
  }

  /** What just came, and is kept by now if it is kept at all. False: no more, until there is room. */
  write(chunk: Buffer): boolean {
    // What comes while it is behind it will find among what is kept.
    if (this.#at + chunk.length !== this.body.received) return false;
    this.#at = this.body.received;
    return this.call.writeBody(chunk);
  }

  /** Nothing more will come. */
  end(): void {
    if (!this.isLive || this.#ended) return;
    this.#ended = true;
    this.call.endBody();
  }
}
