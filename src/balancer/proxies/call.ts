import type { HeaderFields, HeaderList } from '../gateway/headers';
import type { Origin } from './origin';

/**
 * The two sides of a request under way, each behind one interface per direction: any client protocol meets any server
 * protocol in the exchange between them, and a codec can be replaced without the rest noticing.
 */

/** A request head as received, whatever the protocol. */
export interface RequestHead {
  /** The request line, where it is another than method, target and protocol say: it is bad. */
  readonly line?: string;
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  readonly protocol: 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2.0';
  /** Host or :authority as sent; ''. */
  readonly host: string;
  readonly headers: HeaderFields;
  /** Connection field, all lines joined; ''. */
  readonly connection: string;
  /** Bytes; 0: no body; -1: as long as it gets. */
  readonly bodyLength: number;
  readonly expectsContinue: boolean;
  /** It came before the answer to the one before was out. */
  readonly pipelined?: boolean;
  /** Of the head on the wire, bytes. */
  readonly wireBytes: number;
}

/** The connection a request came over. */
export interface ClientConnection {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** nginx's `$connection`. */
  readonly serial: number;
  readonly requests: number;
  /** On the clock's now() scale. */
  readonly acceptedAt: number;
  /** PROXY header and TLS, where there were any. */
  readonly origin: Origin;
}

/** Where a response goes: one request's half of a client connection. */
export interface Downstream {
  /** `contentLength` -1: unknown; `bodyless`: none follows, whatever the length says (HEAD, 204, 304). */
  sendHead(status: number, reason: string, headers: HeaderList, contentLength: number, bodyless: boolean): void;
  /** False: wait for Exchange.onDownstreamDrain(). */
  sendBody(chunk: Buffer): boolean;
  /** The response is complete. The request need not be. */
  sendEnd(trailers: HeaderList | null): void;
  sendContinue(): void;
  /** The connection goes on for another request, which HTTP/2 says of none. */
  readonly keepsAlive: boolean;
  /** The connection ends with this response (HTTP/1). Before sendHead(). */
  willClose(): void;
  /**
   * The body is not wanted: reads what of it is there already. Its fault, where it turns out bad; an answer that is not
   * out yet is to be another one then (ngx_http_discard_request_body).
   */
  discardBody(): { readonly status: number; readonly reason: string } | null;
  /** Puts what was sent on the wire; called when there is nothing more to send for now. */
  flush(): void;
  /** The response cannot be completed: the client must see that. `code` is the HTTP/2 error code where there is one. */
  abort(code: number): void;
  pauseBody(): void;
  resumeBody(): void;
}

/** One attempt of a request on one server. Made by the pools; told to go on by the exchange. */
export interface UpstreamCall {
  /** It runs on a connection that had served before. */
  readonly reused: boolean;
  /** The server may have got (a part of) the request. */
  readonly sent: boolean;
  /** When its connection stood, on the clock's now() scale; -1: not yet. */
  readonly connectedAt: number;
  /** Both for this call alone. Over HTTP/2, where calls share connection and header compression, bodies only. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Of the body, with the framing of chunks. */
  readonly bodyBytes: number;
  /** False: wait for CallOwner.onUpstreamDrain(). */
  writeBody(chunk: Buffer): boolean;
  endBody(): void;
  flush(): void;
  pause(): void;
  resume(): void;
  /** Ends it early; the owner hears no more of it. */
  abort(): void;
}

export type CallFailure =
  /** No connection: nothing was sent. */
  | 'connect'
  | 'connect-timeout'
  /** The connection broke. */
  | 'error'
  | 'timeout'
  /** What came was no valid response. */
  | 'invalid'
  /** The server says that it did not process the request (GOAWAY, REFUSED_STREAM). */
  | 'refused';

/** The exchange, as its call sees it. */
export interface CallOwner {
  onResponseHead(status: number, reason: string, headers: HeaderFields, contentLength: number, bodyless: boolean): void;
  onResponseBody(chunk: Buffer): void;
  onResponseEnd(trailers: HeaderList | null): void;
  /** Nothing more has come for now: a good moment to send what was gathered. */
  onResponsePause(): void;
  onUpstreamDrain(): void;
  /** The attempt is over. `code`: HTTP/2 error code, 0 where there is none. */
  onCallFailed(failure: CallFailure, text: string, code: number): void;
}
