import { assertNever } from '../../src/base/assertNever';
import type { BrowseBatch, BrowsePlan, BrowseReply } from '../../src/protocol/browse';

/** The page itself as the client of a lab: what a browser's scripts can send and see, by fetch and nothing else. */

const BATCH_MS = 100;
/** A rate that is changed holds after so long at the latest, ms. */
const PACE_CHECK_MS = 50;
const SERVER_HEADER = 'x-lab-server';
/** gRPC's status codes by number (grpc: statuscodes.md). */
const STATUSES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];

type Outcome = Omit<BrowseReply, 'latencyMs'>;

/** When requests are due. */
export class Pace {
  #rate: number | null;
  /** Request number `from`, from 0, is due at `at`, the ones behind it by the rate. */
  #from = 0;
  #at = performance.now();
  #taken = 0;

  /** Requests per second; null: as fast as answers come. */
  constructor(rate: number | null) {
    this.#rate = rate;
  }

  setRate(rate: number | null): void {
    this.#rate = rate;
    this.#from = this.#taken;
    this.#at = performance.now();
  }

  /** Number of the next request, from 0. */
  take(): number {
    this.#taken += 1;
    return this.#taken - 1;
  }

  /** Waits until that request is due, by the rate of then, or there is to be none. To when it was due. */
  async due(index: number, signal: AbortSignal): Promise<number> {
    for (;;) {
      const now = performance.now();
      const at = this.#rate === null ? now : this.#at + ((index - this.#from) / this.#rate) * 1000;
      if (at <= now || signal.aborted) return Math.min(at, now);
      await new Promise((resolve) => setTimeout(resolve, Math.min(at - now, PACE_CHECK_MS)));
    }
  }
}

/**
 * Sends what the plan asks for, `concurrency` at a time at most and nothing new once `signal` says so, and tells how it
 * went. With a rate, latency counts from when a request was due, however late it could go.
 */
export async function browse(
  plan: BrowsePlan,
  tell: (batch: BrowseBatch) => void,
  signal: AbortSignal,
  pace = new Pace(plan.rate),
): Promise<void> {
  let sent = 0;
  let said = '';
  let replies: BrowseReply[] = [];
  let toldAt = performance.now();
  const batch = (done: boolean): void => {
    tell({ sent, replies, tried: TRIED[plan.kind], said, done });
    replies = [];
    toldAt = performance.now();
  };
  const lane = async (): Promise<void> => {
    for (let index = pace.take(); index < plan.requests; index = pace.take()) {
      const from = await pace.due(index, signal);
      if (signal.aborted) return;
      sent += 1;
      const outcome = await send(plan, index).catch((error: unknown): Outcome => {
        said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
        return { answered: false, status: said, by: 'client', streamed: 0 };
      });
      if (outcome.answered && said === '') said = outcome.status;
      replies.push({ ...outcome, latencyMs: performance.now() - from });
      if (performance.now() - toldAt >= BATCH_MS) batch(false);
    }
  };
  await Promise.all(Array.from({ length: Math.min(plan.concurrency, plan.requests) }, lane));
  batch(true);
}

const TRIED: Readonly<Record<BrowsePlan['kind'], string>> = {
  'browser-fetch': 'fetch() of JSON',
  'browser-grpc':
    'fetch() with content type application/grpc: to a gRPC server itself, and through the balancer, which takes HTTP/1.1',
  'browser-grpc-web': 'fetch() with content type application/grpc-web+proto: unary calls and server streams',
};

function send(plan: BrowsePlan, index: number): Promise<Outcome> {
  const { message, origins } = plan;
  const [origin = '', server = origin] = origins;
  switch (plan.kind) {
    case 'browser-fetch':
      return sendJson(origin + message.restPath, message.json);
    case 'browser-grpc':
      return sendGrpc((index % 2 === 0 ? server : origin) + message.echoPath, message.protobuf);
    case 'browser-grpc-web':
      return index % 2 === 0
        ? sendGrpcWeb(origin + message.echoPath, message.protobuf)
        : sendGrpcWeb(origin + message.watchPath, message.watchRequest);
    default:
      return assertNever(plan.kind);
  }
}

async function sendJson(url: string, body: string): Promise<Outcome> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  await response.json();
  return { answered: true, status: String(response.status), by: signer(response), streamed: 0 };
}

/** The status of a gRPC call stands in trailers, and fetch() gives a script none: without it nobody knows how a call ended. */
async function sendGrpc(url: string, message: string): Promise<Outcome> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/grpc+proto' },
    body: framed(bytesOf(message)),
  });
  await response.arrayBuffer();
  const status = response.headers.get('grpc-status');
  const told = status === null ? `${response.status} without grpc-status` : statusName(status);
  return { answered: true, status: told, by: signer(response), streamed: 0 };
}

async function sendGrpcWeb(url: string, message: string): Promise<Outcome> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/grpc-web+proto', 'x-grpc-web': '1' },
    body: framed(bytesOf(message)),
  });
  let streamed = 0;
  let status = response.headers.get('grpc-status');
  await readFrames(response, (frame) => {
    if (frame.isTrailers) status = /^grpc-status:\s*(\d+)/im.exec(new TextDecoder().decode(frame.bytes))?.[1] ?? status;
    else streamed += 1;
  });
  const told = status === null ? `${response.status} without grpc-status` : statusName(status);
  return { answered: true, status: told, by: signer(response), streamed };
}

interface Frame {
  readonly isTrailers: boolean;
  readonly bytes: Uint8Array;
}

/** Messages of gRPC-Web as they come: a flag byte (0x80: trailers), four bytes of length, the message (PROTOCOL-WEB.md). */
async function readFrames(response: Response, heard: (frame: Frame) => void): Promise<void> {
  const reader = response.body?.getReader();
  let rest = new Uint8Array(0);
  for (let piece = await reader?.read(); piece?.value !== undefined; piece = await reader?.read()) {
    const bytes = new Uint8Array(rest.length + piece.value.length);
    bytes.set(rest);
    bytes.set(piece.value, rest.length);
    rest = bytes;
    while (rest.length >= 5) {
      const length = new DataView(rest.buffer, rest.byteOffset).getUint32(1);
      if (rest.length < 5 + length) break;
      heard({ isTrailers: ((rest[0] ?? 0) & 0x80) !== 0, bytes: rest.slice(5, 5 + length) });
      rest = rest.slice(5 + length);
    }
  }
}

function framed(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(5 + message.length);
  new DataView(frame.buffer).setUint32(1, message.length);
  frame.set(message, 5);
  return frame;
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function signer(response: Response): string {
  return response.headers.get(SERVER_HEADER) ?? 'balancer';
}

function statusName(code: string): string {
  return STATUSES[Number(code)] ?? code;
}
