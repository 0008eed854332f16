import { type HeaderFields, HeaderList, headerName } from '../gateway/headers';
import type { CallFailure, CallOwner, RequestHead, UpstreamCall } from './call';
import { decodeBase64Stream, type TextBody } from './grpcWebText';

/** What a gRPC-Web client speaks (github.com/grpc/grpc, doc/PROTOCOL-WEB.md). */
export interface GrpcWeb {
  /** Behind "application/grpc-web" or "application/grpc-web-text": "", "+proto". */
  readonly suffix: string;
  /** Base64, for clients that cannot send or read bytes. */
  readonly textRequest: boolean;
  readonly textResponse: boolean;
}

const TYPE = /^application\/grpc-web(-text)?(\+[a-z0-9.+-]+)?\s*(?:;|$)/i;
const TRAILERS_FLAG = 0x80;

/** Null: the client does not speak gRPC-Web. */
export function grpcWebOf(head: RequestHead): GrpcWeb | null {
  const type = TYPE.exec(head.headers.get('content-type') ?? '');
  if (type === null) return null;
  const textRequest = type[1] !== undefined;
  const accept = head.headers.joined('accept').toLowerCase();
  const textResponse = accept.includes('application/grpc-web-text')
    ? true
    : accept.includes('application/grpc-web')
      ? false
      : textRequest;
  return { suffix: type[2] ?? '', textRequest, textResponse };
}

/** The fields that a gRPC server is to get. */
export function asGrpcRequest(web: GrpcWeb, fields: Record<string, string | string[]>): void {
  fields['content-type'] = `application/grpc${web.suffix}`;
  fields.te = 'trailers';
  delete fields['x-grpc-web'];
  if (web.textRequest) delete fields['content-length'];
}

/**
 * Stands between a gRPC call and whoever asked for it in gRPC-Web: HTTP/1 and browsers see no trailers, so that those
 * become the last message of the body.
 */
export class GrpcWebCall implements UpstreamCall, CallOwner {
  #call: UpstreamCall | null = null;
  readonly #decode: TextBody | null;
  #passes = false;
  #broken = false;
  #over = false;

  constructor(
    readonly owner: CallOwner,
    readonly web: GrpcWeb,
    /** The request's body is no base64. */
    readonly onBad: () => void,
  ) {
    this.#decode = web.textRequest ? decodeBase64Stream() : null;
  }

  /** The call to the server, made with this as its owner. */
  over(call: UpstreamCall | null): UpstreamCall | null {
    this.#call = call;
    return call === null ? null : this;
  }

  // ── UpstreamCall ─────────────────────────────────────────────────────────────────────────────────────────────────

  get reused(): boolean {
    return this.#call?.reused ?? false;
  }

  get sent(): boolean {
    return this.#call?.sent ?? false;
  }

  get connectedAt(): number {
    return this.#call?.connectedAt ?? -1;
  }

  get bodyBytes(): number {
    return this.#call?.bodyBytes ?? 0;
  }

  get bytesSent(): number {
    return this.#call?.bytesSent ?? 0;
  }

  get bytesReceived(): number {
    return this.#call?.bytesReceived ?? 0;
  }

  writeBody(chunk: Buffer): boolean {
    if (this.#broken) return true;
    const bytes = this.#decode === null ? chunk : this.#decode.push(chunk);
    if (bytes === null) {
      this.#bad();
      return true;
    }
    return bytes.length === 0 || this.#call?.writeBody(bytes) !== false;
  }

  endBody(): void {
    if (this.#broken) return;
    if (this.#decode?.isComplete === false) this.#bad();
    else this.#call?.endBody();
  }

  flush(): void {
    this.#call?.flush();
  }

  pause(): void {
    this.#call?.pause();
  }

  resume(): void {
    this.#call?.resume();
  }

  abort(): void {
    this.#over = true;
    this.#call?.abort();
  }

  // ── CallOwner ────────────────────────────────────────────────────────────────────────────────────────────────────

  onResponseHead(
    status: number,
    reason: string,
    headers: HeaderFields,
    contentLength: number,
    bodyless: boolean,
  ): void {
    const type = headers.get('content-type') ?? '';
    if (!/^application\/grpc(?:[+;]|$)/i.test(type)) {
      // No gRPC server's answer (nor a success): the client must see it as it is.
      this.#passes = true;
      this.owner.onResponseHead(status, reason, headers, contentLength, bodyless);
      return;
    }
    const head = new HeaderList();
    const trailers = new HeaderList();
    const own = `application/grpc-web${this.web.textResponse ? '-text' : ''}${this.web.suffix || '+proto'}`;
    const name = headerName('content-type');
    if (name !== null) head.add(name, own);
    for (let i = 0; i < headers.length; i++) {
      const each = headers.names[i];
      if (each === undefined || each.lower === 'content-type' || each.lower === 'content-length') continue;
      // Where nothing follows, what would be the head's are the trailers ("trailers only").
      (bodyless ? trailers : head).add(each, headers.values[i] ?? '');
    }
    this.owner.onResponseHead(status, reason, head, -1, false);
    if (bodyless && !this.#over) this.#sendTrailers(trailers);
  }

  onResponseBody(chunk: Buffer): void {
    if (this.#passes) this.owner.onResponseBody(chunk);
    else this.#send(chunk);
  }

  onResponseEnd(trailers: HeaderList | null): void {
    if (!this.#passes && trailers !== null) this.#sendTrailers(trailers);
    this.owner.onResponseEnd(null);
  }

  onResponsePause(): void {
    this.owner.onResponsePause();
  }

  onUpstreamDrain(): void {
    this.owner.onUpstreamDrain();
  }

  onCallFailed(failure: CallFailure, text: string, code: number): void {
    this.owner.onCallFailed(failure, text, code);
  }

  #sendTrailers(trailers: HeaderList): void {
    let text = '';
    for (let i = 0; i < trailers.length; i++) text += `${trailers.names[i]?.lower}: ${trailers.values[i]}\r\n`;
    const frame = Buffer.alloc(5 + text.length);
    frame[0] = TRAILERS_FLAG;
    frame.writeUInt32BE(text.length, 1);
    frame.write(text, 5, 'latin1');
    this.#send(frame);
  }

  /** Each piece coded by itself, with its padding: whoever waits for a message must not wait for the next one. */
  #send(bytes: Buffer): void {
    this.owner.onResponseBody(this.web.textResponse ? Buffer.from(bytes.toString('base64'), 'latin1') : bytes);
  }

  #bad(): void {
    this.#broken = true;
    this.onBad();
  }
}
