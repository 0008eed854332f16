import { connect, type Socket } from 'node:net';
import { woken } from './patience';

/** A response as its bytes said it. */
export interface RawResponse {
  /** Interim statuses (100, 103) that came before. */
  readonly interim: readonly number[];
  readonly status: number;
  readonly startLine: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** Decoded of chunks. latin1. */
  readonly body: string;
  readonly framing: 'none' | 'length' | 'chunked' | 'close' | 'broken';
  /** The connection was closed behind it. */
  readonly closed: boolean;
}

/** A client connection that sends bytes as they are given and reads responses with nobody's parser but its own. */
export class HttpConnection {
  readonly #socket: Socket;
  #received = '';
  #closed = false;
  #wake: () => void = () => {};

  constructor(port: number) {
    // A server that lingers has said its last word long before it closes.
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (text: string) => {
      this.#received += text;
      this.#wake();
    });
    this.#socket.on('error', () => {});
    const ended = () => {
      this.#closed = true;
      this.#wake();
    };
    this.#socket.on('end', ended);
    this.#socket.on('close', ended);
  }

  get closed(): boolean {
    return this.#closed;
  }

  send(bytes: string): void {
    if (!this.#closed) this.#socket.write(bytes, 'latin1');
  }

  close(): void {
    this.#socket.destroy();
  }

  /** The next response; null: the connection was closed without one. `toHead`: it has no body, whatever it declares. */
  async response(toHead = false): Promise<RawResponse | null> {
    const interim: number[] = [];
    for (;;) {
      const head = await this.#head();
      if (head === null) return null;
      const [startLine = '', ...lines] = head.split('\r\n');
      const status = Number(startLine.split(' ')[1]);
      if (status >= 100 && status < 200) {
        interim.push(status);
        continue;
      }
      const fields = lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
      });
      const fieldOf = (name: string) => fields.find((field) => field[0] === name)?.[1];
      const { body, framing } = await this.#body(
        toHead || status === 204 || status === 304,
        fieldOf('transfer-encoding') === 'chunked',
        fieldOf('content-length'),
      );
      if (fieldOf('connection') === 'close' || framing === 'close') await this.#more(() => this.#closed);
      return { interim, status, startLine, fields, body, framing, closed: this.#closed };
    }
  }

  async #head(): Promise<string | null> {
    await this.#more(() => this.#received.includes('\r\n\r\n'));
    const end = this.#received.indexOf('\r\n\r\n');
    return end < 0 ? null : this.#take(end + 4).slice(0, -4);
  }

  async #body(
    none: boolean,
    chunked: boolean,
    length: string | undefined,
  ): Promise<{ body: string; framing: RawResponse['framing'] }> {
    if (none) return { body: '', framing: 'none' };
    if (chunked) return this.#chunks();
    if (length === undefined) {
      await this.#more(() => this.#closed);
      return { body: this.#take(this.#received.length), framing: 'close' };
    }
    const size = Number(length);
    await this.#more(() => this.#received.length >= size);
    const whole = this.#received.length >= size;
    return { body: this.#take(Math.min(size, this.#received.length)), framing: whole ? 'length' : 'broken' };
  }

  async #chunks(): Promise<{ body: string; framing: 'chunked' | 'broken' }> {
    let body = '';
    for (;;) {
      await this.#more(() => this.#received.includes('\r\n'));
      const lineEnd = this.#received.indexOf('\r\n');
      const size = Number.parseInt(this.#received.slice(0, Math.max(0, lineEnd)), 16);
      if (lineEnd < 0 || Number.isNaN(size))
        return { body: body + this.#take(this.#received.length), framing: 'broken' };
      if (size === 0) {
        // Trailers count as what they are written as.
        await this.#more(() => /^0\r\n(?:.+\r\n)*\r\n/.test(this.#received));
        const [end = ''] = /^0\r\n(?:.+\r\n)*\r\n/.exec(this.#received) ?? [];
        return { body: body + this.#take(end.length).slice(3, -2), framing: end === '' ? 'broken' : 'chunked' };
      }
      const needed = lineEnd + 2 + size + 2;
      await this.#more(() => this.#received.length >= needed);
      if (this.#received.length < needed) {
        return { body: body + this.#take(this.#received.length).slice(lineEnd + 2), framing: 'broken' };
      }
      body += this.#take(needed).slice(lineEnd + 2, -2);
    }
  }

  #take(length: number): string {
    const taken = this.#received.slice(0, length);
    this.#received = this.#received.slice(length);
    return taken;
  }

  async #more(enough: () => boolean): Promise<void> {
    while (!enough() && !this.#closed) {
      await woken(
        (wake) => {
          this.#wake = wake;
        },
        () => `no answer; so far: ${this.#received}`,
      );
    }
  }
}
