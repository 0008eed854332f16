import type { Clock } from '../../base/clock';
import type { Random } from '../../base/random';
import type { ClientFindings } from '../../measurement/findings';
import type { PrivateKey } from '../../protocol/tokens';

/** One request, as REST or as gRPC: a workload says what its clients can speak. */
export interface Call {
  readonly rest?: RestCall;
  readonly grpc?: GrpcCall;
  /** Sent with it: HTTP headers or gRPC metadata, names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Reads the answer for the workload's own findings, before the request counts as ended. Not called when there is none. */
  read?(answer: Answer): void;
}

export interface RestCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With the query, as sent: "/api/orders/7". */
  readonly path: string;
  readonly body?: { readonly type: string; readonly bytes: Buffer };
  /** The workload decodes the answer by itself: it measures that. */
  readonly decodes?: boolean;
  /** Hears the answer's body piece by piece, as it comes. */
  heard?(piece: Buffer): void;
}

export interface GrpcCall {
  /** "orders": a key of the traffic's gRPC services. */
  readonly service: string;
  /** Unary method: "GetOrder". */
  readonly method: string;
  readonly request: object;
  /** Sent in place of the method's own path: for what nobody offers. */
  readonly path?: string;
  /** Stands around the encoding and decoding of messages, to measure it. */
  readonly meter?: CodecMeter;
  /** What is said in a method of two streams; `request` is not sent then. */
  readonly chat?: Chat;
}

export interface CodecMeter {
  encoded(encode: () => Buffer): Buffer;
  decoded(bytes: Buffer, decode: () => object): object;
}

/** One side of a stream in both directions. */
export interface Chat {
  /** Called once the stream is open; `say` sends a message, `end` says that no more follow. Returns what stops it. */
  begin(say: (message: object) => void, end: () => void): () => void;
  /** A message of the other side. */
  heard(message: object): void;
}

/** What came back. */
export interface Answer {
  readonly status: string;
  /** Id of the server that signed, or "balancer". */
  readonly by: string;
  /** A response header (REST), or initial metadata, else a trailer (gRPC); the first of the name. */
  header(name: string): string | null;
  /** Every value of the name, in order. */
  headers(name: string): readonly string[];
  /** REST: the body's bytes; gRPC: the message, null with an error status. */
  readonly body: Buffer | object | null;
}

/** What a workload may be made of beside its plan. */
export interface WorkloadParts {
  readonly clock: Clock;
  /** What each server does, by its id. */
  readonly services?: Readonly<Record<string, string>>;
  /** Signs the run's tokens; absent where nobody verifies them. */
  readonly tokenKey?: PrivateKey;
  /** What the run's clients speak. */
  readonly protocol: 'rest' | 'grpc';
}

/** What the clients ask for, request by request. One file here implements each kind of WorkloadPlan. */
export interface Workload {
  /** Before the first request, and before anything is counted. */
  prepare?(): Promise<void>;
  /** What client number `client` (from 0) sends as request number `index` (from 0) of the run. */
  next(index: number, client: number, random: Random): Call;
  /** The servers are about to change: what is found from now on may be held against this moment. */
  compare?(): void;
  /** What was found in the answers so far; `wire` is what the clients' sockets carried since the first request. */
  findings(wire: WireCount): ClientFindings;
}

export interface WireCount {
  /** Written and read, all connections together. */
  readonly bytes: number;
  readonly requestsSent: number;
}
