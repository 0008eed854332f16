import { createServer as createHttp, type ServerResponse } from 'node:http';
import { createServer as createTcp, type Socket } from 'node:net';
import * as grpc from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { echoHandlers, grpcClient, startGrpc, unary } from './grpcRig';
import { closeAll, eventually, listenOn, RawClient, type Rig, startRig } from './proxyRig';

/** Servers that speak HTTP/2 badly, or stop in the middle: their client gets a status, and nobody else notices. */

afterEach(closeAll);

const PREFACE_BYTES = 24;

function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

const settings = frame(4, 0, 0);
/** ":status: 200" of HPACK's static table and a literal content-type, RFC 7541. */
const okHead = Buffer.concat([Buffer.from([0x88, 0x0f, 0x10, 0x10]), Buffer.from('application/grpc', 'latin1')]);
const END_HEADERS = 4;
const message = (bytes: string) => {
  const body = Buffer.from(bytes);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
};

/** What each server does once the balancer's preface and the first bytes of a request are there. */
const cases: readonly (readonly [string, (socket: Socket) => void])[] = [
  ['closes at once', (socket) => socket.end()],
  ['resets', (socket) => socket.resetAndDestroy()],
  ['answers in HTTP/1.1', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n')],
  [
    'sends random bytes',
    (socket) => socket.end(Buffer.from(Array.from({ length: 400 }, (_, i) => (i * 151 + 89) & 255))),
  ],
  ['stops inside the head of a frame', (socket) => socket.end(Buffer.concat([settings, Buffer.from([0, 0, 8, 6])]))],
  [
    'announces a frame above the limit',
    (socket) => socket.write(Buffer.concat([settings, Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1])])),
  ],
  [
    'sends a head that cannot be decoded',
    (socket) =>
      socket.write(
        Buffer.concat([settings, frame(1, END_HEADERS, 1, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]))]),
      ),
  ],
  [
    'sends a head without a status',
    (socket) => socket.write(Buffer.concat([settings, frame(1, END_HEADERS, 1, okHead.subarray(1))])),
  ],
  [
    'sends a body before any head',
    (socket) => socket.write(Buffer.concat([settings, frame(0, 0, 1, message('early'))])),
  ],
  [
    'answers on a stream that was never opened',
    (socket) => socket.write(Buffer.concat([settings, frame(1, END_HEADERS, 7, okHead)])),
  ],
  [
    'pushes though nobody allowed it',
    (socket) =>
      socket.write(
        Buffer.concat([settings, frame(5, END_HEADERS, 1, Buffer.concat([Buffer.from([0, 0, 0, 2]), okHead]))]),
      ),
  ],
  ['says GOAWAY before it answers', (socket) => socket.end(Buffer.concat([settings, frame(7, 0, 0, Buffer.alloc(8))]))],
  [
    'stops in the middle of a message',
    (socket) =>
      socket.end(
        Buffer.concat([
          settings,
          frame(1, END_HEADERS, 1, okHead),
          frame(0, 0, 1, message('never whole').subarray(0, 9)),
        ]),
      ),
  ],
  [
    'stops where the trailers belong',
    (socket) =>
      socket.end(Buffer.concat([settings, frame(1, END_HEADERS, 1, okHead), frame(0, 0, 1, message('whole'))])),
  ],
  [
    'has a line end in a header value',
    (socket) => {
      const field = Buffer.from('\0\x01a\x04b\r\nc', 'latin1');
      socket.write(Buffer.concat([settings, frame(1, END_HEADERS | 1, 1, Buffer.concat([okHead, field]))]));
    },
  ],
  ['says nothing at all', () => {}],
];

/** A server that waits for the preface and a request, and then does the one thing. */
async function badServer(act: (socket: Socket) => void): Promise<number> {
  return listenOn(
    createTcp((socket) => {
      let got = 0;
      let acted = false;
      socket.on('data', (chunk: Buffer) => {
        got += chunk.length;
        // The head of the request comes behind the balancer's own settings.
        if (acted || got <= PREFACE_BYTES + 60) return;
        acted = true;
        act(socket);
      });
    }),
  );
}

const through = (bad: number, good: number): Promise<Rig> =>
  startRig(`http {
    grpc_read_timeout 500ms; grpc_next_upstream off;
    upstream bad { server 127.0.0.1:${bad} max_fails=0; keepalive 4; }
    upstream good { server 127.0.0.1:${good}; keepalive 4; }
    server { listen 127.0.0.1:1 http2; location / { grpc_pass grpc://bad; } }
    server { listen 127.0.0.1:2 http2; location / { grpc_pass grpc://good; } }
  }`);

describe('gRPC servers that break the protocol', () => {
  it.each(cases)('%s', async (_name, act) => {
    const { port } = await startGrpc(echoHandlers());
    const rig = await through(await badServer(act), port);
    const neighbour = grpcClient(rig.port('127.0.0.1:2'));
    const client = grpcClient(rig.port('127.0.0.1:1'));
    for (let round = 0; round < 2; round += 1) {
      const answer = await unary(client, 'hello');
      expect([
        grpc.status.UNAVAILABLE,
        grpc.status.INTERNAL,
        grpc.status.UNKNOWN,
        grpc.status.CANCELLED,
        grpc.status.DEADLINE_EXCEEDED,
      ]).toContain(answer.code);
      expect(answer.value).toBeUndefined();
      expect((await unary(neighbour, `still here ${round}`)).value?.toString()).toBe(`still here ${round}`);
    }
  });
});

describe('server-sent events', () => {
  it('are passed on one by one, each before the next is written, and end where the client leaves', async () => {
    const streams: ServerResponse[] = [];
    let left = 0;
    const server = createHttp((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      response.flushHeaders();
      response.on('close', () => {
        left += 1;
      });
      streams.push(response);
    });
    const rig = await startRig(`http {
      upstream events { server 127.0.0.1:${await listenOn(server)}; }
      server { listen 127.0.0.1:1; location / { proxy_pass http://events; proxy_buffering off; proxy_http_version 1.1; } }
    }`);
    const client = new RawClient(rig.port()).send('GET /events HTTP/1.1\r\nHost: lab\r\n\r\n');
    await eventually(() => client.received.includes('text/event-stream'));
    for (let number = 1; number <= 5; number += 1) {
      streams[0]?.write(`id: ${number}\ndata: note ${number}\n\n`);
      await eventually(() => client.received.includes(`data: note ${number}\n\n`));
      expect(client.received).not.toContain(`note ${number + 1}`);
    }
    client.socket.destroy();
    await eventually(() => left === 1);
  });
});
