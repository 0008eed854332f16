/** What the course page, which is a browser, is asked to send in an arm that only a browser can run, and what it tells. */

export type PageClientKind =
  /** JSON by fetch. */
  | 'browser-fetch'
  /** gRPC as it is, as far as a browser gets. */
  | 'browser-grpc'
  /** gRPC-Web: unary calls and server streams in turn. */
  | 'browser-grpc-web';

export interface BrowsePlan {
  readonly kind: PageClientKind;
  /** "http://127.0.0.1:28690"; for 'browser-grpc' then gRPC servers, which speak HTTP/2 only. */
  readonly origins: readonly string[];
  readonly requests: number;
  readonly concurrency: number;
  /** Requests per second; null: as fast as answers come. */
  readonly rate: number | null;
  readonly message: {
    /** Path of the REST resource and of the gRPC methods. */
    readonly restPath: string;
    readonly echoPath: string;
    readonly watchPath: string;
    readonly json: string;
    /** Encoded messages, hex. */
    readonly protobuf: string;
    readonly watchRequest: string;
  };
}

/** How a request ended, as scripts of a page see it. */
export interface BrowseReply {
  readonly answered: boolean;
  /** HTTP status, name of a gRPC status, or the browser's own words for no answer. */
  readonly status: string;
  /** The server that signed; 'balancer' where none did, 'client' where nothing came. */
  readonly by: string;
  readonly latencyMs: number;
  /** Messages of a server stream. */
  readonly streamed: number;
}

/** Told now and then, and at the end with `done`. */
export interface BrowseBatch {
  readonly sent: number;
  readonly replies: readonly BrowseReply[];
  /** What was tried and what the browser said, in one sentence each, in English as programs speak. */
  readonly tried: string;
  readonly said: string;
  readonly done: boolean;
}
