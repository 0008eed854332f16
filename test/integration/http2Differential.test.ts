import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { block, type Fields, flags, frame, get, post, preface, request, types, WireClient } from '../harness/http2Wire';
import { freePorts, httpTempPaths, nginxIsMissing, type RunningNginx, startNginx } from '../harness/nginx';
import { closeAll, listenOn, startRig } from './proxyRig';

/** What one client sees of an HTTP/2 server, frame by frame: the installed nginx and the balancer say the same. */

const { endStream, endHeaders } = flags;

const at = (path: string, of: Fields = get): Fields =>
  of.map(([name, value]) => [name, name === ':path' ? path : value] as const);
const longName: Fields = [...get, ['x'.repeat(5_000), 'y'.repeat(5_000)]];
const unknown = 0xbb;

interface Asked {
  readonly client: WireClient;
  /** The server behind, for those who watch what reaches it. */
  readonly server: Server;
}

/** Each begins behind the preface and SETTINGS, and returns what it saw. */
const conversations: Readonly<Record<string, (asked: Asked) => Promise<unknown>>> = {
  'a large header block in one frame': ({ client }) => {
    const part = 'x'.repeat(7_000);
    const fields: Fields = [...get, ['a', part], ['b', part], ['c', part]];
    return client.send(frame(types.headers, endHeaders | endStream, 1, block(fields))).outcome(1);
  },
  'a field whose name and value are each within the limit': ({ client }) =>
    client.send(request(1, longName)).outcome(1),
  'large DATA in one frame': ({ client }) =>
    client.send(request(1, at('/up', post), false), frame(types.data, endStream, 1, Buffer.alloc(50_000))).outcome(1),
  'a large frame that nobody knows': ({ client }) =>
    client.send(frame(unknown, 0, 0, Buffer.alloc(20_000)), request(1)).outcome(1),
  'DATA that comes in pieces': async ({ client, server }) => {
    const data = frame(types.data, endStream, 1, 'body');
    const arrived = once(server, 'request');
    client.send(request(1, at('/unbuffered', post), false), data.subarray(0, 11));
    await arrived;
    return client.send(data.subarray(11)).outcome(1);
  },
  'a body that stops': ({ client }) => client.send(request(1, at('/impatient', post), false)).outcome(1),
  'return 444': ({ client }) => client.send(request(1, at('/444'))).outcome(1),
  'the head of PUSH_PROMISE': ({ client }) =>
    client.send(frame(types.pushPromise, endHeaders, 1, Buffer.alloc(4)).subarray(0, 9)).outcome(1),
  'HEADERS on a stream long closed': async ({ client }) => {
    await client.send(request(3)).outcome(3);
    return client.send(request(1)).until((each) => each.type === types.goaway);
  },
  'a header block that cannot be decoded': ({ client }) =>
    client
      .send(frame(types.headers, endHeaders | endStream, 5, Buffer.from([0x80])))
      .until((each) => each.type === types.goaway),
  http2_max_concurrent_streams: ({ client }) =>
    client.send(request(1, at('/up', post), false), request(3, at('/up', post), false), request(5)).outcome(5),
  http2_chunk_size: async ({ client }) => {
    const last = await client.send(request(1, at('/chunked'))).until((each) => (each.flags & endStream) !== 0);
    expect(last).toBeDefined();
    return client.frames.filter(({ type }) => type === types.data).map(({ payload }) => payload.toString());
  },
  'http2_body_preread_size, which opens once the body is read': async ({ client }) => {
    await client
      .send(request(1, at('/up', post), false))
      .until((each) => each.type === types.windowUpdate && each.stream === 1);
    return announced(client, 4);
  },
  'settings that the file makes': async ({ client }) => [3, 4, 5].map((id) => announced(client, id)),
};

/** By location: each goes to a server that speaks HTTP/2, too. */
const grpcRequests: Readonly<Record<string, Buffer>> = {
  '/grpc/large': request(1, at('/grpc/large')),
  '/grpc/large/roomy': request(1, at('/grpc/large/roomy')),
  '/grpc/hosted': request(1, at('/grpc/hosted')),
  '/grpc/unnamed': request(1, at('/grpc/unnamed')),
  '/grpc/reset': request(1, at('/grpc/reset')),
  '/grpc/reset/next': request(1, at('/grpc/reset/next')),
  '/grpc/busy': Buffer.concat([
    request(1, at('/grpc/busy', post), false),
    // More than any server takes before its settings are known.
    frame(types.data, endStream, 1, Buffer.alloc(80_000)),
  ]),
};

/** Of the server's first SETTINGS. */
function announced(client: WireClient, id: number): number | undefined {
  const first = client.frames.find(({ type, flags: bits }) => type === types.settings && (bits & flags.ack) === 0);
  for (let from = 0; first !== undefined && from < first.payload.length; from += 6)
    if (first.payload.readUInt16BE(from) === id) return first.payload.readUInt32BE(from + 2);
  return undefined;
}

const conf = (front: number, back: number, grpc: number, extra = '') => `http { ${extra} access_log off;
  upstream two { server 127.0.0.1:${grpc}; server 127.0.0.1:${grpc}; }
  server { listen 127.0.0.1:${front} http2; http2_max_concurrent_streams 2; http2_body_preread_size 100k;
    location / { return 200 fine; }
    location /444 { return 444; }
    location /chunked { http2_chunk_size 4; return 200 0123456789; }
    location /up { proxy_pass http://127.0.0.1:${back}; }
    location /impatient { client_body_timeout 50ms; proxy_pass http://127.0.0.1:${back}; }
    location /grpc { grpc_pass 127.0.0.1:${grpc}; grpc_send_timeout 100ms; grpc_read_timeout 20s; }
    location /grpc/large/roomy { grpc_pass 127.0.0.1:${grpc}; grpc_buffer_size 16k; }
    location /grpc/reset { grpc_pass grpc://two; }
    location /grpc/reset/next { grpc_pass grpc://two; grpc_next_upstream invalid_header; }
    location /grpc/hosted { grpc_pass 127.0.0.1:${grpc}; grpc_set_header Host custom; }
    location /grpc/unnamed { grpc_pass 127.0.0.1:${grpc}; grpc_set_header Host ""; }
    location /unbuffered { proxy_pass http://127.0.0.1:${back}; proxy_http_version 1.1; proxy_request_buffering off; }
  } }`;

describe.skipIf(nginxIsMissing)('as nginx', () => {
  let nginx: RunningNginx;
  const server = createServer((asked, response) => {
    asked.on('error', () => {});
    asked.resume();
    asked.on('end', () => response.end('fine'));
  });
  /** What the server behind was asked for, by path. */
  let heard: string[] = [];
  const grpcServer = createHttp2Server({ settings: { initialWindowSize: 10 } }, ({ stream, headers }, response) => {
    const path = String(headers[':path']);
    heard.push(
      `${path} ${headers[':authority'] ?? 'none'} ${headers.host ?? 'none'}`.replaceAll(/127\.0\.0\.1:\d+/g, 'address'),
    );
    stream.on('error', () => {});
    if (path === '/grpc/busy') return;
    if (path.startsWith('/grpc/reset') && heard.length === 1) {
      stream.close(8);
      return;
    }
    response.writeHead(200, {
      'content-type': 'application/grpc',
      large: path.startsWith('/grpc/large') ? '~'.repeat(6_000) : '',
    });
    response.end();
  });
  let ports: readonly [theirs: number, ours: number];

  beforeAll(async () => {
    const back = await listenOn(server);
    const grpc = await listenOn(grpcServer);
    const [front = 0] = await freePorts(1);
    nginx = await startNginx(`events { }\n${conf(front, back, grpc, httpTempPaths)}`);
    const rig = await startRig(conf(1, back, grpc));
    ports = [front, rig.port()];
  });
  afterAll(async () => {
    await nginx?.stop();
    await closeAll();
  });

  async function saw(port: number, have: (asked: Asked) => Promise<unknown>): Promise<unknown> {
    const client = new WireClient(port).open();
    // Its acknowledgement is out, too: nothing gets between what the conversations send.
    await client.until((each) => each.type === types.settings);
    const what = await have({ client, server });
    client.close();
    return what;
  }

  it.each(Object.entries(conversations))('%s', async (_, have) => {
    const [theirs, ours] = ports;
    const expected = await saw(theirs, have);
    expect(await saw(ours, have)).toEqual(expected);
  });

  it.each(Object.entries(grpcRequests))('grpc_pass at %s', async (_, bytes) => {
    const said = [];
    for (const port of ports) {
      heard = [];
      said.push([await saw(port, ({ client }) => client.send(bytes).outcome(1)), heard]);
    }
    expect(said[1]).toEqual(said[0]);
  });

  it('a request before any SETTINGS', async () => {
    const outcomes = [];
    for (const port of ports) {
      const client = new WireClient(port).send(preface, request(1));
      outcomes.push(await client.outcome(1));
      client.close();
    }
    expect(outcomes).toEqual(['200', '200']);
  });
});
