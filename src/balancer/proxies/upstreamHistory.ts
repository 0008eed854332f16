import type { HeaderFields, HeaderList } from '../gateway/headers';
import type { UpstreamCall } from './call';

/** One attempt on one server, for the `$upstream_` variables (ngx_http_upstream_state_t). Times on the clock's now() scale. */
export class Attempt {
  /** As the client would see it; 0: none yet. */
  status = 0;
  /** When its head was there; -1: not yet. */
  headAt = -1;
  endedAt = -1;
  connectedAt = -1;
  bodyBytes = 0;
  /** On its connection, heads and framing included. */
  bytesSent = 0;
  bytesReceived = 0;
  headers: HeaderFields | null = null;
  trailers: HeaderList | null = null;

  constructor(
    readonly address: string,
    readonly startedAt: number,
  ) {}

  /** Nothing more is to come of it. */
  end(now: number, call: UpstreamCall | null): void {
    if (this.endedAt < 0) this.endedAt = now;
    if (call !== null) this.bytesSent = call.bytesSent;
    this.noteConnection(call);
  }

  noteConnection(call: UpstreamCall | null): void {
    if (call === null) return;
    if (this.connectedAt < 0) this.connectedAt = call.connectedAt;
    this.bytesReceived = call.bytesReceived;
    this.bodyBytes = call.bodyBytes;
  }
}

/** All attempts of one request. After an internal redirect to another server's location a new series begins. */
export class UpstreamHistory {
  /** Null parts series. */
  readonly #attempts: (Attempt | null)[] = [];

  get last(): Attempt | null {
    return this.#attempts.at(-1) ?? null;
  }

  beginSeries(): void {
    if (this.last !== null) this.#attempts.push(null);
  }

  add(attempt: Attempt): void {
    this.#attempts.push(attempt);
  }

  /** As nginx lists them: attempts parted by ", ", series by " : ". */
  list(text: (attempt: Attempt) => string): string {
    let all = '';
    let separator = '';
    for (const attempt of this.#attempts) {
      if (attempt === null) separator = ' : ';
      else {
        all += separator + text(attempt);
        separator = ', ';
      }
    }
    return all;
  }
}
