import type { IncomingHttpHeaders } from 'node:http';
import { GRPC_STATUSES } from '../../base/grpcStatus';

/** Flag of the frame that carries the trailers (github.com/grpc/grpc, doc/PROTOCOL-WEB.md). */
const TRAILERS = 0x80;
const FRAME_HEAD = 5;

const UNKNOWN = 2;
const INTERNAL = 13;

/** What a unary gRPC-Web response says. */
export interface GrpcWebReply {
  /** Number of the gRPC status. */
  readonly status: number;
  /** The encoded message; null: none, or an error. */
  readonly message: Buffer | null;
  readonly trailers: ReadonlyMap<string, string>;
}

export function statusName(status: number): string {
  return GRPC_STATUSES[status] ?? 'UNKNOWN';
}

/** A message as it stands in a request: flag, length, bytes. */
export function messageFrame(message: Buffer): Buffer {
  const head = Buffer.alloc(FRAME_HEAD);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Reads a whole response. What is no gRPC-Web is a status, too: an HTTP error by its mapping, nonsense INTERNAL. */
export function grpcWebReply(httpStatus: number, headers: IncomingHttpHeaders, body: Buffer): GrpcWebReply {
  const trailers = new Map<string, string>();
  const told = headers['grpc-status'];
  if (told !== undefined) return { status: Number(told), message: null, trailers };
  if (httpStatus !== 200) return { status: fromHttp(httpStatus), message: null, trailers };
  let message: Buffer | null = null;
  let rest = body;
  while (rest.length > 0) {
    const length = rest.length < FRAME_HEAD ? Number.POSITIVE_INFINITY : rest.readUInt32BE(1);
    if (rest.length < FRAME_HEAD + length) return { status: INTERNAL, message: null, trailers };
    const content = rest.subarray(FRAME_HEAD, FRAME_HEAD + length);
    if (((rest[0] ?? 0) & TRAILERS) === 0) message ??= content;
    else readTrailers(content, trailers);
    rest = rest.subarray(FRAME_HEAD + length);
  }
  const status = trailers.get('grpc-status');
  // Without a status the answer was cut off, however it looks (grpc: PROTOCOL-HTTP2.md).
  if (status === undefined) return { status: INTERNAL, message: null, trailers };
  return { status: Number(status), message: status === '0' ? message : null, trailers };
}

function readTrailers(content: Buffer, trailers: Map<string, string>): void {
  for (const line of content.toString('latin1').split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) trailers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
}

/** grpc: http-grpc-status-mapping.md. */
function fromHttp(status: number): number {
  switch (status) {
    case 400:
      return INTERNAL;
    case 401:
      return 16;
    case 403:
      return 7;
    case 404:
      return 12;
    case 429:
    case 502:
    case 503:
    case 504:
      return 14;
    default:
      return UNKNOWN;
  }
}
