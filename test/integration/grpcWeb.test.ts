import { connect as connectH2 } from 'node:http2';
import * as grpc from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { type EchoHandlers, echoHandlers, startGrpc } from './grpcRig';
import { closeAll, closeLater, type Rig, startRig } from './proxyRig';

afterEach(closeAll);

/** gRPC-Web as a browser's client speaks it (PROTOCOL-WEB.md of gRPC). */

interface WebMessage {
  readonly trailers: boolean;
  readonly bytes: Buffer;
}

interface WebResult {
  readonly status: number;
  readonly type: string;
  readonly headers: Headers;
  readonly messages: string[];
  readonly trailers: Readonly<Record<string, string>>;
}

function message(text: string | Buffer): Buffer {
  const bytes = Buffer.from(text);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

function* messagesOf(body: Buffer): Generator<WebMessage> {
  for (let at = 0; at < body.length; ) {
    const length = body.readUInt32BE(at + 1);
    yield { trailers: ((body[at] ?? 0) & 0x80) !== 0, bytes: body.subarray(at + 5, at + 5 + length) };
    at += 5 + length;
  }
}

/** Base64 with padding wherever a piece ends. */
function fromText(text: string): Buffer {
  return Buffer.concat((text.match(/[^=]+=*/g) ?? []).map((piece) => Buffer.from(piece, 'base64')));
}

function resultOf(status: number, headers: Headers, raw: Buffer): WebResult {
  const type = headers.get('content-type') ?? '';
  const body = type.includes('-text') ? fromText(raw.toString('latin1')) : raw;
  const messages: string[] = [];
  const trailers: Record<string, string> = {};
  for (const { trailers: last, bytes } of type.includes('grpc-web') ? messagesOf(body) : []) {
    if (!last) messages.push(bytes.toString());
    for (const line of last ? bytes.toString('latin1').split('\r\n') : []) {
      const colon = line.indexOf(':');
      if (colon > 0) trailers[line.slice(0, colon)] = line.slice(colon + 1).trim();
    }
  }
  return { status, type, headers, messages, trailers };
}

async function call(
  rig: Rig,
  method: string,
  body: Buffer | string,
  type = 'application/grpc-web+proto',
  headers: Record<string, string> = {},
): Promise<WebResult> {
  const response = await fetch(`http://127.0.0.1:${rig.port()}/lab.Echo/${method}`, {
    method: 'POST',
    headers: { 'content-type': type, 'x-grpc-web': '1', ...headers },
    body: typeof body === 'string' ? body : new Uint8Array(body),
  });
  return resultOf(response.status, response.headers, Buffer.from(await response.arrayBuffer()));
}

async function through(handlers: EchoHandlers = {}, extra = ''): Promise<Rig> {
  const { port } = await startGrpc({ ...echoHandlers(), ...handlers });
  return startRig(`http { upstream peers { server 127.0.0.1:${port}; keepalive 4; }
    server { listen 127.0.0.1:1 http2; location / { ${extra} grpc_pass grpc://peers; } } }`);
}

const base64 = (bytes: Buffer) => bytes.toString('base64');
const text = 'application/grpc-web-text+proto';

describe('gRPC-Web through the balancer', () => {
  it('carries a unary call in bytes', async () => {
    const result = await call(await through(), 'Unary', message('hello'));
    expect(result).toMatchObject({ status: 200, type: 'application/grpc-web+proto', messages: ['hello'] });
    expect(result.trailers['grpc-status']).toBe('0');
    expect(result.headers.get('answered-by')).toBe('a');
    expect(result.trailers['answered-by']).toBe('a');
  });

  it('carries a unary call in base64', async () => {
    const result = await call(await through(), 'Unary', base64(message('hello')), text);
    expect(result).toMatchObject({ status: 200, type: text, messages: ['hello'] });
    expect(result.trailers['grpc-status']).toBe('0');
  });

  it('answers in what the client accepts', async () => {
    const rig = await through();
    const asText = await call(rig, 'Unary', message('x'), 'application/grpc-web', { accept: text });
    expect(asText).toMatchObject({ type: 'application/grpc-web-text+proto', messages: ['x'] });
    const asBytes = await call(rig, 'Unary', base64(message('x')), text, { accept: 'application/grpc-web+proto' });
    expect(asBytes).toMatchObject({ type: 'application/grpc-web+proto', messages: ['x'] });
  });

  it('tells the server plain gRPC', async () => {
    let type: unknown;
    let asked: unknown;
    const rig = await through({
      unary: (request: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) => {
        type = request.metadata.get('content-type')[0] ?? 'application/grpc+proto';
        asked = request.metadata.get('question')[0];
        done(null, request.request);
      },
    });
    await call(rig, 'Unary', message('x'), text.replace('-text', ''), { question: 'why' });
    expect([type, asked]).toEqual(['application/grpc+proto', 'why']);
  });

  it.each(['application/grpc-web+proto', text])(
    'streams from the server, each message as it comes: %s',
    async (type) => {
      let goOn: () => void = () => {};
      const rig = await through({
        serverStream: (stream: grpc.ServerWritableStream<Buffer, Buffer>) => {
          stream.write(Buffer.from('one'));
          goOn = () => {
            stream.write(Buffer.from('two'));
            stream.end();
          };
        },
      });
      const body = message('go');
      const response = await fetch(`http://127.0.0.1:${rig.port()}/lab.Echo/ServerStream`, {
        method: 'POST',
        headers: { 'content-type': type },
        body: type === text ? base64(body) : new Uint8Array(body),
      });
      const reader = response.body?.getReader();
      const parts: Buffer[] = [];
      const read = () => resultOf(response.status, response.headers, Buffer.concat(parts));
      for (let told = false; ; ) {
        const next = await reader?.read();
        if (next === undefined || next.done) break;
        parts.push(Buffer.from(next.value));
        if (!told && read().messages[0] === 'one') {
          told = true;
          expect(read().messages).toEqual(['one']);
          goOn();
        }
      }
      expect(read()).toMatchObject({ messages: ['one', 'two'], trailers: { 'grpc-status': '0' } });
    },
  );

  it('puts an error without a message into the body, where browsers can read it', async () => {
    const rig = await through({
      unary: (_call: unknown, done: grpc.sendUnaryData<Buffer>) =>
        done({ code: grpc.status.NOT_FOUND, details: 'none \n ☺' }),
    });
    const result = await call(rig, 'Unary', message('x'));
    expect(result).toMatchObject({ status: 200, messages: [] });
    expect(result.trailers['grpc-status']).toBe('5');
    expect(decodeURIComponent(result.trailers['grpc-message'] ?? '')).toBe('none \n ☺');
  });

  it('takes base64 that is padded after each of its messages, and cut anywhere', async () => {
    const rig = await through({
      clientStream: (stream: grpc.ServerReadableStream<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) => {
        const all: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => all.push(chunk));
        stream.on('end', () => done(null, Buffer.concat(all)));
      },
    });
    const body = base64(message('a')) + base64(message('bc')) + base64(message('def'));
    const session = connectH2(`http://127.0.0.1:${rig.port()}`);
    closeLater(() => session.destroy());
    const stream = session.request({ ':method': 'POST', ':path': '/lab.Echo/ClientStream', 'content-type': text });
    for (const character of body) stream.write(character);
    stream.end();
    const parts: Buffer[] = [];
    for await (const part of stream) parts.push(part as Buffer);
    expect(resultOf(200, new Headers({ 'content-type': text }), Buffer.concat(parts)).messages).toEqual(['abcdef']);
  });

  it.each(['!!!!', 'AAAA=', 'A=AA', 'AAAAAA', '=AAA'])('refuses a body that is no base64: %s', async (body) => {
    const rig = await through();
    expect((await call(rig, 'Unary', body, text)).status).toBe(400);
    expect((await call(rig, 'Unary', message('x'))).messages).toEqual(['x']);
  });

  it('carries a large message both ways', async () => {
    const rig = await through({}, 'client_max_body_size 8m;');
    const large = Buffer.alloc(3_000_001, 'x');
    expect((await call(rig, 'Unary', base64(message(large)), text)).messages[0]?.length).toBe(large.length);
    expect((await call(rig, 'Unary', message(large))).messages[0]?.length).toBe(large.length);
  });

  it('shows an HTTP error as it is where no gRPC server answers', async () => {
    const rig = await startRig(`http { server { listen 127.0.0.1:1;
      location / { grpc_pass grpc://127.0.0.1:1; } } }`);
    expect((await call(rig, 'Unary', message('x'))).status).toBe(502);
  });

  it('leaves CORS to the file', async () => {
    const rig = await through(
      {},
      `add_header Access-Control-Allow-Origin $http_origin always;
       add_header Access-Control-Allow-Headers content-type,x-grpc-web always;
       if ($request_method = OPTIONS) { return 204; }`,
    );
    const preflight = await fetch(`http://127.0.0.1:${rig.port()}/lab.Echo/Unary`, {
      method: 'OPTIONS',
      headers: { origin: 'http://page', 'access-control-request-method': 'POST' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('http://page');
    const result = await call(rig, 'Unary', message('x'), undefined, { origin: 'http://page' });
    expect(result.headers.get('access-control-allow-origin')).toBe('http://page');
    expect(result.messages).toEqual(['x']);
  });
});
