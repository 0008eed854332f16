import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Clock } from '../../base/clock';
import { type Deferred, deferred } from '../../base/deferred';
import type { Disposable } from '../../base/dispose';

export type Said = string | number | null | StoreRefusal | readonly Said[];

/** An error reply: "NOAUTH Authentication required." */
export class StoreRefusal {
  constructor(readonly text: string) {}

  get code(): string {
    return this.text.split(' ', 1)[0] ?? '';
  }
}

/** Why there was no reply. */
export type SilenceCause = 'unreachable' | 'late' | 'not-redis';

export class Silence extends Error {
  constructor(
    readonly reason: SilenceCause,
    detail = '',
  ) {
    super(detail);
  }
}

/** Longest reply that is read: the store's INFO, or the keys of a SCAN. */
const MAX_REPLY_BYTES = 4_194_304;

/**
 * A few questions to something that should be a Redis, one after the other, in RESP2. Unlike a client library it never
 * tries again, and it tells apart why there is no reply: that is all it is for.
 */
export class Dialogue implements Disposable {
  readonly #socket: Socket;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  #heard: Buffer = Buffer.alloc(0);
  #waiting: Deferred<Said> | null = null;
  #over: Silence | null = null;
  #spoke = false;

  private constructor(socket: Socket, timeoutMs: number, clock: Clock) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
    socket.on('data', (bytes: Buffer) => this.#hear(bytes));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      this.#end(new Silence('unreachable', error.code ?? error.message)),
    );
    // One that hangs up on PING without a word speaks another protocol.
    socket.once('close', () => this.#end(new Silence(this.#spoke ? 'unreachable' : 'not-redis', 'closed')));
  }

  /** Throws Silence. */
  static async begin(
    at: { readonly host: string; readonly port: number; readonly tls: boolean },
    timeoutMs: number,
    clock: Clock,
  ): Promise<Dialogue> {
    const { host, port } = at;
    const socket = at.tls ? connectTls({ host, port, servername: host }) : connectTcp({ host, port });
    return new Promise((resolve, reject) => {
      const fail = (silence: Silence): void => {
        limit.cancel();
        socket.destroy();
        reject(silence);
      };
      const limit = clock.setTimeout(() => fail(new Silence('late')), timeoutMs);
      const refused = (error: NodeJS.ErrnoException): void =>
        fail(new Silence('unreachable', error.code ?? error.message));
      socket.once('error', refused);
      socket.once(at.tls ? 'secureConnect' : 'connect', () => {
        limit.cancel();
        socket.off('error', refused);
        resolve(new Dialogue(socket, timeoutMs, clock));
      });
    });
  }

  /** Throws Silence. */
  async ask(...words: readonly string[]): Promise<Said> {
    if (this.#over !== null) throw this.#over;
    const reply = deferred<Said>();
    this.#waiting = reply;
    const limit = this.#clock.setTimeout(() => this.#end(new Silence('late')), this.#timeoutMs);
    const bulks = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
    this.#socket.write(`*${words.length}\r\n${bulks.join('')}`);
    try {
      return await reply.promise;
    } finally {
      limit.cancel();
    }
  }

  dispose(): void {
    this.#socket.destroy();
  }

  #hear(bytes: Buffer): void {
    this.#heard = Buffer.concat([this.#heard, bytes]);
    const first = this.#heard[0];
    if (this.#heard.length > MAX_REPLY_BYTES || first === undefined || !'+-:$*'.includes(String.fromCharCode(first))) {
      this.#end(new Silence('not-redis'));
      return;
    }
    const read = readReply(this.#heard, 0);
    if (read === 'bad') this.#end(new Silence('not-redis'));
    else if (read !== null) {
      this.#spoke = true;
      this.#heard = this.#heard.subarray(read.end);
      this.#waiting?.resolve(read.said);
      this.#waiting = null;
    }
  }

  #end(silence: Silence): void {
    this.#over ??= silence;
    this.#socket.destroy();
    this.#waiting?.reject(this.#over);
    this.#waiting = null;
  }
}

/** The reply at `at` and where it ends; null: not whole yet. */
function readReply(bytes: Buffer, at: number): { readonly said: Said; readonly end: number } | null | 'bad' {
  const lineEnd = bytes.indexOf('\r\n', at);
  if (lineEnd < 0) return null;
  const sign = String.fromCharCode(bytes[at] ?? 0);
  const text = bytes.toString('utf8', at + 1, lineEnd);
  const end = lineEnd + 2;
  if (sign === '+') return { said: text, end };
  if (sign === '-') return { said: new StoreRefusal(text), end };
  if (!/^-?\d{1,15}$/.test(text)) return 'bad';
  const count = Number(text);
  if (sign === ':') return { said: count, end };
  if (sign === '$') {
    if (count < 0) return { said: null, end };
    if (bytes.length < end + count + 2) return null;
    return { said: bytes.toString('utf8', end, end + count), end: end + count + 2 };
  }
  if (sign !== '*') return 'bad';
  const items: Said[] = [];
  let next = end;
  for (let index = 0; index < count; index += 1) {
    const item = readReply(bytes, next);
    if (item === null || item === 'bad') return item;
    items.push(item.said);
    next = item.end;
  }
  return { said: items, end: next };
}
