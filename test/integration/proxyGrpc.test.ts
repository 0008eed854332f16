import { once } from 'node:events';
import { connect as connectH2, createServer as createH2, type ServerHttp2Stream } from 'node:http2';
import { createServer as createTcp } from 'node:net';
import * as grpc from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { echoHandlers, grpcClient, startGrpc, unary } from './grpcRig';
import { closeAll, closeLater, eventually, listenOn, RawClient, type Rig, startRig } from './proxyRig';

afterEach(closeAll);

/** A free port on which nothing listens. */
async function deadPort(): Promise<number> {
  const server = createTcp();
  const port = await listenOn(server);
  server.close();
  await once(server, 'close');
  return port;
}

const through = (ports: readonly number[], extra = '', keepalive = 'keepalive 32;'): Promise<Rig> =>
  startRig(`http {
    upstream peers { ${ports.map((port) => `server 127.0.0.1:${port};`).join(' ')} ${keepalive} }
    server { listen 127.0.0.1:1 http2; location / { grpc_pass grpc://peers; ${extra} } }
  }`);

describe('gRPC through the balancer', () => {
  it('passes a unary call with metadata both ways', async () => {
    let seen = '';
    const { port } = await startGrpc({
      ...echoHandlers(),
      unary: (call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) => {
        seen = String(call.metadata.get('question')[0]);
        const head = new grpc.Metadata();
        head.set('head', 'one');
        call.sendMetadata(head);
        const trailer = new grpc.Metadata();
        trailer.set('tail', 'two');
        trailer.set('raw-bin', Buffer.from([0, 255]));
        done(null, call.request, trailer);
      },
    });
    const rig = await through([port]);
    const metadata = new grpc.Metadata();
    metadata.set('question', 'why');
    const result = await unary(grpcClient(rig.port()), 'hello', metadata);
    expect(result.code).toBe(grpc.status.OK);
    expect(result.value?.toString()).toBe('hello');
    expect(seen).toBe('why');
    expect(result.metadata.get('head')).toEqual(['one']);
    expect(result.trailers.get('tail')).toEqual(['two']);
    expect(result.trailers.get('raw-bin')).toEqual([Buffer.from([0, 255])]);
  });

  it('streams from the client', async () => {
    const { port } = await startGrpc(echoHandlers());
    const rig = await through([port]);
    const answer = await new Promise<Buffer | undefined>((resolve, reject) => {
      const call = grpcClient(rig.port()).clientStream((error, value) => (error ? reject(error) : resolve(value)));
      for (const part of ['a', 'b', 'c']) call.write(Buffer.from(part));
      call.end();
    });
    expect(answer?.toString()).toBe('abc');
  });

  it('streams from the server', async () => {
    const { port } = await startGrpc(echoHandlers());
    const rig = await through([port]);
    const call = grpcClient(rig.port()).serverStream(Buffer.from('xyz'));
    const parts: string[] = [];
    call.on('data', (chunk: Buffer) => parts.push(chunk.toString()));
    await once(call, 'end');
    expect(parts).toEqual(['x', 'y', 'z']);
  });

  it('streams both ways at once, each message as it comes', async () => {
    const { port } = await startGrpc(echoHandlers());
    const rig = await through([port]);
    const call = grpcClient(rig.port()).bidi();
    for (const part of ['one', 'two', 'three']) {
      call.write(Buffer.from(part));
      const [answer] = (await once(call, 'data')) as [Buffer];
      expect(answer.toString()).toBe(part);
    }
    call.end();
    call.resume();
    const [status] = (await once(call, 'status')) as [grpc.StatusObject];
    expect(status.code).toBe(grpc.status.OK);
  });

  it('spreads calls of one connection over all servers', async () => {
    const servers = await Promise.all(['a', 'b', 'c'].map((name) => startGrpc(echoHandlers(name))));
    const rig = await through(servers.map((server) => server.port));
    const client = grpcClient(rig.port());
    const names: string[] = [];
    for (let i = 0; i < 9; i++) names.push(String((await unary(client, 'x')).metadata.get('answered-by')[0]));
    expect(names.join('')).toBe('abcabcabc');
    const counts = rig.balancer.counts();
    expect(counts).toMatchObject({ layer: 'l7', connectionsAccepted: 1, requests: 9 });
    expect(counts.peers.map((peer) => [peer.connectionsOpened, peer.requests])).toEqual([
      [1, 3],
      [1, 3],
      [1, 3],
    ]);
  });

  it('carries 200 calls at once over few connections', async () => {
    const waiting: (() => void)[] = [];
    const { port } = await startGrpc({
      ...echoHandlers(),
      // Nobody is answered before all have come.
      unary: (call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) => {
        waiting.push(() => done(null, call.request));
        if (waiting.length === 200) for (const answer of waiting) answer();
      },
    });
    const rig = await through([port]);
    // A connection of a client holds 100 streams.
    const clients = [1, 2].map((id) => grpcClient(rig.port(), { 'lab.client': id }));
    const results = await Promise.all(
      clients.flatMap((client, at) => Array.from({ length: 100 }, (_, i) => unary(client, `call ${at * 100 + i}`))),
    );
    expect(results.map((result) => result.value?.toString())).toEqual(results.map((_, i) => `call ${i}`));
    expect(rig.balancer.counts().peers[0]?.connectionsOpened).toBeLessThanOrEqual(3);
  });

  it('passes an error status without a message (trailers only), special characters and all', async () => {
    const { port } = await startGrpc({
      ...echoHandlers(),
      unary: (_call: unknown, done: grpc.sendUnaryData<Buffer>) =>
        done({ code: grpc.status.NOT_FOUND, details: 'none \t at \n all: ☺ 100 %' }),
    });
    const rig = await through([port]);
    const result = await unary(grpcClient(rig.port()), 'x');
    expect(result.code).toBe(grpc.status.NOT_FOUND);
    expect(result.details).toBe('none \t at \n all: ☺ 100 %');
  });

  it('cancels on the server what the client cancels', async () => {
    let cancelled = false;
    let began: () => void = () => {};
    const begun = new Promise<void>((resolve) => {
      began = resolve;
    });
    const { port } = await startGrpc({
      ...echoHandlers(),
      bidi: (call: grpc.ServerDuplexStream<Buffer, Buffer>) => {
        call.on('cancelled', () => {
          cancelled = true;
        });
        call.on('data', () => began());
      },
    });
    const rig = await through([port]);
    const call = grpcClient(rig.port()).bidi();
    call.on('error', () => {});
    call.write(Buffer.from('x'));
    await begun;
    call.cancel();
    await eventually(() => cancelled);
    expect(rig.balancer.counts().peers[0]?.failures).toBe(0);
  });

  it('passes the deadline on, so that the server gives up, too', async () => {
    let timeout: unknown;
    let cancelled = false;
    const { port } = await startGrpc({
      ...echoHandlers(),
      unary: (call: grpc.ServerUnaryCall<Buffer, Buffer>) => {
        timeout = call.getDeadline();
        call.on('cancelled', () => {
          cancelled = true;
        });
      },
    });
    const rig = await through([port]);
    const result = await unary(grpcClient(rig.port()), 'x', new grpc.Metadata(), { deadline: Date.now() + 200 });
    expect(result.code).toBe(grpc.status.DEADLINE_EXCEEDED);
    expect(timeout).not.toBe(Number.POSITIVE_INFINITY);
    await eventually(() => cancelled);
  });

  it('lets a server end a stream that the client has not ended', async () => {
    const { port } = await startGrpc({
      ...echoHandlers(),
      bidi: (call: grpc.ServerDuplexStream<Buffer, Buffer>) => {
        call.on('data', () => call.end());
      },
    });
    const rig = await through([port]);
    const client = grpcClient(rig.port());
    const call = client.bidi();
    call.resume();
    call.write(Buffer.from('x'));
    const [status] = (await once(call, 'status')) as [grpc.StatusObject];
    expect(status.code).toBe(grpc.status.OK);
    expect((await unary(client, 'still there')).value?.toString()).toBe('still there');
  });

  it('passes a reset from the server on', async () => {
    const server = createH2();
    server.on('stream', (stream: ServerHttp2Stream) => {
      stream.on('error', () => {});
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
      stream.write(Buffer.alloc(5));
      stream.once('data', () => stream.close(8));
    });
    const rig = await through([await listenOn(server)]);
    const result = await unary(grpcClient(rig.port()), 'x');
    expect(result.code).toBe(grpc.status.CANCELLED);
  });

  it('answers UNAVAILABLE where no server can be reached', async () => {
    const rig = await through([await deadPort(), await deadPort()]);
    const result = await unary(grpcClient(rig.port()), 'x');
    expect(result.code).toBe(grpc.status.UNAVAILABLE);
    expect(rig.balancer.counts()).toMatchObject({ requests: 1, answeredItself: 1 });
    expect(rig.logs.join('\n')).toContain('connect() failed (ECONNREFUSED) while connecting to upstream');
  });

  it('tries the next server where one cannot be reached, for POST as well', async () => {
    const { port } = await startGrpc(echoHandlers());
    const rig = await through([await deadPort(), port]);
    const client = grpcClient(rig.port());
    for (let i = 0; i < 4; i++) expect((await unary(client, 'x')).code).toBe(grpc.status.OK);
  });

  it('does not send a call again that a dying server may have processed', async () => {
    let calls = 0;
    const dying = createH2();
    dying.on('stream', (stream: ServerHttp2Stream) => {
      stream.on('error', () => {});
      calls++;
      stream.session?.destroy();
    });
    const { port } = await startGrpc(echoHandlers());
    const rig = await through([await listenOn(dying), port]);
    const result = await unary(grpcClient(rig.port()), 'x');
    expect(result.code).toBe(grpc.status.UNAVAILABLE);
    expect(calls).toBe(1);
  });

  it('sends a call again that the server refused unprocessed', async () => {
    let refusals = 0;
    const server = createH2();
    server.on('stream', (stream: ServerHttp2Stream) => {
      stream.on('error', () => {});
      if (refusals++ === 0) stream.close(7);
      else {
        stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '0' }, { endStream: true });
      }
    });
    const rig = await through([await listenOn(server)]);
    const client = connectH2(`http://127.0.0.1:${rig.port()}`);
    closeLater(() => client.destroy());
    const stream = client.request({
      ':method': 'POST',
      ':path': '/lab.Echo/Unary',
      'content-type': 'application/grpc',
    });
    stream.end(Buffer.alloc(5));
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
    expect(headers[':status']).toBe(200);
    expect(headers['grpc-status']).toBe('0');
    expect(refusals).toBe(2);
    expect(rig.balancer.counts().peers[0]?.failures).toBe(0);
  });

  it('goes on over a new connection when the server sends GOAWAY, and loses nothing', async () => {
    const { port } = await startGrpc(echoHandlers(), {
      'grpc.max_connection_age_ms': 50,
      'grpc.max_connection_age_grace_ms': 5_000,
    });
    const rig = await through([port]);
    const client = grpcClient(rig.port());
    let failed = 0;
    while ((rig.balancer.counts().peers[0]?.connectionsOpened ?? 0) < 4) {
      const results = await Promise.all(Array.from({ length: 10 }, () => unary(client, 'x')));
      failed += results.filter((result) => result.code !== grpc.status.OK).length;
    }
    expect(failed).toBe(0);
  });

  it('comes back to a server that was restarted', async () => {
    const first = await startGrpc(echoHandlers());
    const rig = await through([first.port]);
    const client = grpcClient(rig.port());
    expect((await unary(client, 'x')).code).toBe(grpc.status.OK);
    first.server.forceShutdown();
    await eventually(() => rig.balancer.counts().peers[0]?.connectionsOpen === 0);
    expect((await unary(client, 'x')).code).toBe(grpc.status.UNAVAILABLE);
    await startGrpc(echoHandlers(), {}, first.port);
    expect((await unary(client, 'x')).code).toBe(grpc.status.OK);
  });

  it('takes HTTP/1 clients that repeat a field which HTTP/2 allows only once', async () => {
    const server = createH2();
    let agent: unknown;
    server.on('stream', (stream: ServerHttp2Stream, headers) => {
      agent = headers['user-agent'];
      stream.respond({ ':status': 200, 'grpc-status': '0' }, { endStream: true });
    });
    const rig = await through([await listenOn(server)]);
    const client = new RawClient(rig.port()).send(
      'POST /lab.Echo/Unary HTTP/1.1\r\nHost: lab\r\nUser-Agent: a\r\nUser-Agent: b\r\nConnection: close\r\n\r\n',
    );
    expect(await client.untilClosed()).toContain('200 OK');
    expect(agent).toBe('a');
  });

  it('proxies health checks without counting them', async () => {
    const server = createH2();
    server.on('stream', (stream: ServerHttp2Stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '0' }, { endStream: true });
    });
    const rig = await through([await listenOn(server)]);
    const client = connectH2(`http://127.0.0.1:${rig.port()}`);
    closeLater(() => client.destroy());
    const stream = client.request({ ':method': 'POST', ':path': '/grpc.health.v1.Health/Check' });
    stream.end();
    await once(stream, 'response');
    expect(rig.balancer.counts()).toMatchObject({ requests: 0, answeredItself: 0 });
    expect(rig.balancer.counts().peers[0]).toMatchObject({ requests: 0, connectionsOpened: 1 });
  });

  it('refuses 40 KB of metadata with RESOURCE_EXHAUSTED, and messages above client_max_body_size', async () => {
    const { port } = await startGrpc(echoHandlers());
    const rig = await through([port]);
    const metadata = new grpc.Metadata();
    metadata.set('large', 'x'.repeat(40 * 1024));
    const client = grpcClient(rig.port());
    expect((await unary(client, 'x', metadata)).code).toBe(grpc.status.RESOURCE_EXHAUSTED);
    const message = Buffer.alloc(2 * 1024 * 1024);
    expect((await unary(client, message)).code).not.toBe(grpc.status.OK);
    expect((await unary(client, 'small')).value?.toString()).toBe('small');
  });

  it('passes messages above 4 MiB where the limits allow them', async () => {
    const { port } = await startGrpc(echoHandlers(), { 'grpc.max_receive_message_length': -1 });
    const rig = await through([port], 'client_max_body_size 0;');
    const message = Buffer.alloc(8 * 1024 * 1024, 'x');
    const client = grpcClient(rig.port(), { 'grpc.max_receive_message_length': -1 });
    expect((await unary(client, message)).value?.equals(message)).toBe(true);
  });

  it('holds a fast server back while the client reads slowly', async () => {
    const chunk = Buffer.alloc(64 * 1024);
    let written = 0;
    const server = createH2();
    server.on('stream', (stream: ServerHttp2Stream) => {
      stream.respond({ ':status': 200 });
      const more = () => {
        while (written < 64 * 1024 * 1024) {
          written += chunk.length;
          if (!stream.write(chunk)) {
            stream.once('drain', more);
            return;
          }
        }
        stream.end();
      };
      more();
    });
    const rig = await through([await listenOn(server)]);
    const client = connectH2(`http://127.0.0.1:${rig.port()}`);
    closeLater(() => client.destroy());
    const stream = client.request({ ':path': '/' });
    await once(stream, 'response');
    // Nothing is read: what was written must come to rest at the sum of the windows on the way.
    let before = -1;
    for (let calm = 0; calm < 50; ) {
      calm = written === before ? calm + 1 : 0;
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(written).toBeLessThan(8 * 1024 * 1024);
    let read = 0;
    stream.on('data', (part: Buffer) => {
      read += part.length;
    });
    await once(stream, 'end');
    expect(read).toBe(64 * 1024 * 1024);
  });
});
