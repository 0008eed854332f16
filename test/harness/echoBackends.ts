import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTcpServer } from 'node:net';

/**
 * What a backend does instead of answering 200, by its index: `x-do: 0=close,2=503`.
 *
 * - a status: answers with it
 * - `close`: closes the connection without an answer; `truncate`: after half of the body
 * - `garbage`: answers with a head that is none (nginx takes a mere wrong first line for HTTP/0.9); `hang`: does not answer at all
 * - `chunked`: a body of unknown length; `empty`: none; `until-close`: one that only the close ends
 * - `hop`: fields that are for its own connection only
 *
 * A field `x-say: Name: value` is one more field of the answer.
 */
export type Deed = string;

/**
 * Backends that answer with what they were asked, field by field, so that two proxies in front of them can be compared by
 * what they made of the same request. Fields are sorted: their order means nothing. Of a request with `x-chunked` it is not
 * said how its body was framed: nginx gives a body of unknown length a length where it has all of it by then.
 */
export class EchoBackends {
  readonly #servers: Server[] = [];
  readonly #stray: { close(): unknown }[] = [];

  /** One more backend, whose index is that of its call. */
  async listen(port: number): Promise<void> {
    const index = this.#servers.length;
    const server = createServer((request, response) => this.#serve(index, request, response));
    // Idle connections of a proxy that keeps some are closed by nobody but the proxy.
    server.keepAliveTimeout = 0;
    server.on('checkContinue', (request, response) => {
      response.writeContinue();
      this.#serve(index, request, response);
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    this.#servers.push(server);
  }

  /** A port that takes connections and never says anything, for timeouts. */
  async listenSilently(port: number): Promise<void> {
    const server = createTcpServer((socket) => socket.on('error', () => {}));
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    this.#stray.push(server);
  }

  async close(): Promise<void> {
    for (const stray of this.#stray) stray.close();
    await Promise.all(
      this.#servers.map((server) => {
        const closed = once(server, 'close');
        server.close();
        server.closeAllConnections();
        return closed;
      }),
    );
  }

  #serve(index: number, request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('error', () => {});
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(index, request, Buffer.concat(chunks), response));
  }
}

function answer(index: number, request: IncomingMessage, body: Buffer, response: ServerResponse): void {
  const deed = deedOf(index, String(request.headers['x-do'] ?? ''));
  const { socket } = request;
  const text = describe(index, request, body);
  response.setHeader('Content-Type', 'text/plain');
  response.setHeader('X-Backend', String(index));
  for (const said of request.headersDistinct['x-say'] ?? []) {
    const colon = said.indexOf(':');
    response.appendHeader(said.slice(0, colon), said.slice(colon + 1).trim());
  }
  switch (deed) {
    case 'close':
      socket.destroy();
      return;
    case 'garbage':
      socket.end('HTTP/1.1 200 OK\r\nX-Nul: \0\r\n\r\n');
      return;
    case 'hang':
      return;
    case 'truncate':
      response.setHeader('Content-Length', String(text.length + 10));
      response.write(text, () => socket.destroy());
      return;
    case 'chunked':
      response.write(text.slice(0, 20));
      response.end(text.slice(20));
      return;
    case 'empty':
      response.setHeader('Content-Length', '0');
      response.end();
      return;
    case 'until-close':
      socket.end(`HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n${text}`);
      return;
    case 'hop':
      response.setHeader('Keep-Alive', 'timeout=5');
      response.setHeader('X-Accel-Buffering', 'no');
      response.setHeader('Server', 'backend');
      response.setHeader('Set-Cookie', ['a=1', 'b=2']);
      break;
  }
  const status = Number(deed);
  if (status >= 200) response.statusCode = status;
  if (status !== 204 && status !== 304) response.setHeader('Content-Length', String(Buffer.byteLength(text)));
  response.end(status === 204 || status === 304 ? undefined : text);
}

function deedOf(index: number, deeds: string): Deed | undefined {
  for (const each of deeds.split(',')) {
    const [who, deed] = each.trim().split('=');
    if (who === String(index) || who === '*') return deed;
  }
  return undefined;
}

function describe(index: number, request: IncomingMessage, body: Buffer): string {
  const fields: string[] = [];
  const anyFraming = request.headers['x-chunked'] !== undefined;
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const [name = '', value = ''] = request.rawHeaders.slice(i, i + 2);
    const framing = /^(content-length|transfer-encoding)$/i.test(name);
    fields.push(framing && anyFraming ? 'a body' : `${name}: ${value}`);
  }
  // Of a long body its length will do, and something of its bytes.
  const said =
    body.length > 200
      ? `${body.length} bytes, ${body.reduce((sum, byte) => (sum * 31 + byte) >>> 0, 0)}`
      : body.toString('latin1');
  return [
    `backend ${index}`,
    `${request.method} ${request.url} HTTP/${request.httpVersion}`,
    ...fields.sort(),
    '',
    said,
    '',
  ].join('\n');
}
