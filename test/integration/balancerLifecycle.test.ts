import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { createServer } from 'node:net';
import * as grpc from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { startBalancer } from '../../src/balancer/balancer';
import { readPlan } from '../../src/balancer/buildPlan';
import { systemClock } from '../../src/base/clock';
import { renderMessage } from '../../src/base/message';
import { seededRandom } from '../../src/base/random';
import { flags, frame, request, types, WireClient } from '../harness/http2Wire';
import { echoHandlers, grpcClient, startGrpc, unary } from './grpcRig';
import { closeAll, closeLater, conf, eventually, listenOn, RawClient, startRig } from './proxyRig';

afterEach(closeAll);

const get = (path = '/', extra = '') => `GET ${path} HTTP/1.1\r\nHost: lab\r\n${extra}\r\n`;
const answering = (text: string) => `http { server { listen 127.0.0.1:1; location / { return 200 ${text}; } } }`;

function tryStart(text: string, ports: 'declared' | 'fallback') {
  const plan = readPlan({ path: 'nginx.conf', text: conf(text) });
  if (!plan.ok) throw new Error('bad test configuration');
  return startBalancer({
    plan: plan.value,
    conf: { path: 'nginx.conf' },
    clock: systemClock(),
    random: seededRandom(1),
    ports,
    addresses: {},
    listeners: null,
    log: () => {},
    onReport: () => {},
  });
}

describe('listeners', () => {
  it('refuse a port that is taken, at its line, and leave none open', async () => {
    const taken = await listenOn(createServer());
    const other = createServer();
    const free = await listenOn(other);
    other.close();
    await once(other, 'close');
    const started = await tryStart(
      `http {\nserver { listen 127.0.0.1:${free}; }\nserver { listen 127.0.0.1:${taken}; } }`,
      'declared',
    );
    expect(started.ok).toBe(false);
    if (started.ok) return;
    expect(started.error).toHaveLength(1);
    const [problem] = started.error;
    expect(problem && renderMessage(problem.message)).toBe(
      `bind() to 127.0.0.1:${taken} failed (98: Address already in use)`,
    );
    expect(problem?.span.line).toBe(4);
    await listenOn(createServer(), free);
  });

  it('take another port where they may, and say so', async () => {
    const taken = await listenOn(createServer());
    const started = await tryStart(`http { server { listen 127.0.0.1:${taken}; return 200 ok; } }`, 'fallback');
    if (!started.ok) throw new Error('did not start');
    closeLater(() => started.value.close());
    const [listener] = started.value.listeners;
    expect(listener?.declared).toBe(`127.0.0.1:${taken}`);
    expect(listener?.actual).not.toBe(listener?.declared);
    expect(started.value.problems.map((problem) => problem.severity)).toEqual(['note']);
  });

  it('are bound only as asked', async () => {
    const rig = await startRig(
      'http { server { listen 127.0.0.1:1; return 200 one; } server { listen 127.0.0.1:2; return 200 two; } }',
      { listeners: ['127.0.0.1:2'] },
    );
    expect(rig.balancer.listeners.map((each) => each.declared)).toEqual(['127.0.0.1:2']);
    expect(await new RawClient(rig.port()).send(get('/', 'Connection: close\r\n')).untilClosed()).toMatch(/two$/);
  });

  it('dial the actual address of a server whose declared one differs', async () => {
    const server = await listenOn(createHttp((_request, response) => response.end('moved')));
    const rig = await startRig(
      'http { server { listen 127.0.0.1:1; location / { proxy_pass http://127.0.0.1:9; } } }',
      {
        addresses: { '127.0.0.1:9': `127.0.0.1:${server}` },
      },
    );
    expect(await new RawClient(rig.port()).send(get('/', 'Connection: close\r\n')).untilClosed()).toContain('moved');
    expect(rig.balancer.counts().peers[0]?.address).toBe('127.0.0.1:9');
  });
});

describe('reload', () => {
  it('serves new connections from the new configuration and keeps the port', async () => {
    const rig = await startRig(answering('old'));
    const port = rig.port();
    expect(await rig.reload(answering('new'))).toBe(true);
    expect(rig.port()).toBe(port);
    expect(await new RawClient(port).send(get('/', 'Connection: close\r\n')).untilClosed()).toMatch(/new$/);
  });

  it('lets a request under way end on the old configuration', async () => {
    let finish: () => void = () => {};
    const server = await listenOn(
      createHttp((_request, response) => {
        response.write('begun ');
        finish = () => response.end('done');
      }),
    );
    const rig = await startRig(
      `http { server { listen 127.0.0.1:1; location / { proxy_pass http://127.0.0.1:${server}; } } }`,
    );
    const client = new RawClient(rig.port()).send(get());
    await client.until((text) => text.includes('begun '));
    await rig.reload(answering('new'));
    finish();
    expect(await client.untilClosed()).toContain('done');
  });

  it('lets an idle connection go on under the new configuration: a request on its way to it is not lost', async () => {
    const rig = await startRig(answering('old'));
    const client = new RawClient(rig.port()).send(get());
    await client.until((text) => text.endsWith('old'));
    await rig.reload(answering('new'));
    client.send('POST / HTTP/1.1\r\nHost: lab\r\nContent-Length: 2\r\n\r\nhi');
    expect(await client.until((text) => text.endsWith('new'))).toBe(true);
    expect(client.received).not.toContain('Connection: close');
    await rig.reload(answering('newest'));
    client.send(get());
    expect(await client.until((text) => text.endsWith('newest'))).toBe(true);
    expect(rig.balancer.counts()).toMatchObject({ connectionsAccepted: 1, connectionsOpen: 1 });
  });

  it('reads the next request of an idle connection within the limits of the new configuration', async () => {
    const rig = await startRig(answering('old'));
    const client = new RawClient(rig.port()).send(get());
    await client.until((text) => text.endsWith('old'));
    await rig.reload(
      'http { server { listen 127.0.0.1:1; large_client_header_buffers 1 1k; location / { return 200 new; } } }',
    );
    client.send(get('/', `X-Long: ${'x'.repeat(1_100)}\r\n`));
    expect(await client.untilClosed()).toMatch(/HTTP\/1\.1 4\d\d/);
  });

  it('asks an idle connection to come again, after one more request at most, where its address is served no more', async () => {
    const rig = await startRig(
      'http { server { listen 127.0.0.1:1; return 200 one; } server { listen 127.0.0.1:2; return 200 old; } }',
    );
    const client = new RawClient(rig.port('127.0.0.1:2')).send(get());
    await client.until((text) => text.endsWith('old'));
    await rig.reload(answering('new'));
    client.send(get());
    expect(await client.untilClosed()).toMatch(/Connection: close\r\n\r\nold$/);
  });

  it('lets an HTTP/2 connection that was just opened make its first request, and then end', async () => {
    const http2 = (text: string) => `http { server { listen 127.0.0.1:1 http2; return 200 ${text}; } }`;
    const rig = await startRig(http2('old'));
    const client = new WireClient(rig.port()).open();
    closeLater(() => client.close());
    await client.until((frame) => frame.type === types.settings);
    await rig.reload(http2('new'));
    expect(await client.send(request(1)).outcome(1)).toBe('200');
    expect((await client.until((frame) => frame.type === types.data))?.payload.toString()).toBe('old');
    const ping = await client.until((frame) => frame.type === types.ping);
    expect(client.frames.map((frame) => frame.type)).toContain(types.goaway);
    client.send(frame(types.ping, flags.ack, 0, ping?.payload ?? ''));
    expect(await client.until(() => false)).toBeUndefined();
  });

  it('does not wait for ever for the first request of an HTTP/2 connection', async () => {
    const rig = await startRig('http { server { listen 127.0.0.1:1 http2; return 200 old; } }');
    const client = new WireClient(rig.port()).open();
    closeLater(() => client.close());
    await client.until((frame) => frame.type === types.settings);
    await rig.reload(answering('new'));
    expect(await client.until((frame) => frame.type === types.goaway)).toBeDefined();
    expect(await client.until(() => false)).toBeUndefined();
  });

  it('changes nothing where a new port cannot be had', async () => {
    const taken = await listenOn(createServer());
    const own = createServer();
    const port = await listenOn(own);
    own.close();
    await once(own, 'close');
    const rig = await startRig(`http { server { listen 127.0.0.1:${port}; return 200 old; } }`, { ports: 'declared' });
    expect(await rig.reload(`http { server { listen 127.0.0.1:${taken}; return 200 new; } }`)).toBe(false);
    expect(await new RawClient(port).send(get('/', 'Connection: close\r\n')).untilClosed()).toMatch(/old$/);
  });

  it('opens and closes listeners as the file says', async () => {
    const two = 'http { server { listen 127.0.0.1:1; return 200 a; } server { listen 127.0.0.1:2; return 200 b; } }';
    const rig = await startRig(two);
    const gone = rig.port('127.0.0.1:2');
    await rig.reload(answering('a'));
    expect(rig.balancer.listeners.map((each) => each.declared)).toEqual(['127.0.0.1:1']);
    expect(await new RawClient(gone).untilClosed()).toBe('');
    await rig.reload(two);
    expect(rig.balancer.listeners).toHaveLength(2);
  });

  it('loses no request under load, over HTTP/1, gRPC and new connections', async () => {
    const http = await listenOn(createHttp((_request, response) => response.end('ok')));
    const { port } = await startGrpc(echoHandlers());
    const text = `http {
      upstream calls { server 127.0.0.1:${port}; keepalive 8; }
      upstream pages { server 127.0.0.1:${http}; keepalive 8; }
      server { listen 127.0.0.1:1 http2; location / { grpc_pass grpc://calls; } }
      server { listen 127.0.0.1:2; location / { proxy_pass http://pages; proxy_http_version 1.1; proxy_set_header Connection ""; } }
    }`;
    const rig = await startRig(text);
    let running = true;
    let answered = 0;
    const failures: string[] = [];
    const client = grpcClient(rig.port('127.0.0.1:1'));
    const calls = async () => {
      while (running) {
        const result = await unary(client, 'x');
        if (result.code === grpc.status.OK) answered++;
        else failures.push(result.details);
      }
    };
    const keptAlive = async () => {
      let raw = new RawClient(rig.port('127.0.0.1:2'));
      while (running) {
        raw.received = '';
        raw.send(get());
        const complete = await raw.until((received) => received.endsWith('0\r\n\r\n') || received.endsWith('ok'));
        if (complete && raw.received.startsWith('HTTP/1.1 200')) answered++;
        else failures.push(`kept: ${raw.received}`);
        if (raw.received.includes('Connection: close')) raw = new RawClient(rig.port('127.0.0.1:2'));
      }
    };
    const fresh = async () => {
      while (running) {
        const received = await new RawClient(rig.port('127.0.0.1:2'))
          .send(get('/', 'Connection: close\r\n'))
          .untilClosed();
        if (received.startsWith('HTTP/1.1 200')) answered++;
        else failures.push(`fresh: ${received}`);
      }
    };
    const load = [calls(), calls(), keptAlive(), keptAlive(), fresh()];
    for (let i = 1; i <= 20; i++) {
      await eventually(() => answered >= i * 40);
      expect(await rig.reload(text)).toBe(true);
    }
    running = false;
    await Promise.all(load);
    expect(failures).toEqual([]);
    client.close();
    await rig.balancer.drain();
    expect(rig.balancer.counts()).toMatchObject({ connectionsOpen: 0 });
    expect(rig.balancer.counts().peers.map((peer) => peer.connectionsOpen)).toEqual([0, 0]);
  });
});

describe('drain', () => {
  it('lets requests end, closes idle connections, and accepts no more', async () => {
    let finish: () => void = () => {};
    const server = await listenOn(
      createHttp((_request, response) => {
        response.write('begun ');
        finish = () => response.end('done');
      }),
    );
    const rig = await startRig(
      `http { server { listen 127.0.0.1:1; location /ok { return 200 ok; } location / { proxy_pass http://127.0.0.1:${server}; } } }`,
    );
    const port = rig.port();
    const idle = new RawClient(port).send(get('/ok'));
    await idle.until((text) => text.endsWith('ok'));
    const busy = new RawClient(port).send(get());
    await busy.until((text) => text.includes('begun '));
    const drained = rig.balancer.drain();
    expect(await idle.untilClosed()).toMatch(/ok$/);
    expect(await new RawClient(port).untilClosed()).toBe('');
    finish();
    expect(await busy.untilClosed()).toContain('done');
    await drained;
    expect(rig.balancer.counts().connectionsOpen).toBe(0);
  });

  it('waits no longer than worker_shutdown_timeout', async () => {
    const server = await listenOn(createHttp((_request, response) => response.write('begun ')));
    const rig = await startRig(
      `worker_shutdown_timeout 10ms; http { server { listen 127.0.0.1:1; location / { proxy_pass http://127.0.0.1:${server}; } } }`,
    );
    const busy = new RawClient(rig.port()).send(get());
    await busy.until((text) => text.includes('begun '));
    await rig.balancer.drain();
    expect(await busy.untilClosed()).not.toContain('\r\n0\r\n');
    expect(rig.balancer.counts().connectionsOpen).toBe(0);
  });

  it('ends calls that run and then their connection (GOAWAY)', async () => {
    const { port } = await startGrpc(echoHandlers());
    const rig = await startRig(
      `http { server { listen 127.0.0.1:1 http2; location / { grpc_pass grpc://127.0.0.1:${port}; } } }`,
    );
    const call = grpcClient(rig.port()).bidi();
    call.write(Buffer.from('x'));
    await once(call, 'data');
    const drained = rig.balancer.drain();
    call.write(Buffer.from('still'));
    const [answer] = (await once(call, 'data')) as [Buffer];
    expect(answer.toString()).toBe('still');
    call.end();
    call.resume();
    const [status] = (await once(call, 'status')) as [grpc.StatusObject];
    expect(status.code).toBe(grpc.status.OK);
    await drained;
    expect(rig.balancer.counts().connectionsOpen).toBe(0);
  });
});

describe('close', () => {
  it('leaves no socket behind, whatever was going on', async () => {
    // Only sockets: the test runner has timers and pipes of its own.
    const sockets = () => process.getActiveResourcesInfo().filter((kind) => /^TCP/.test(kind)).length;
    const before = sockets();
    const silent = createServer((socket) => socket.on('error', () => {}));
    const server = await listenOn(silent);
    const { port } = await startGrpc({ bidi: () => {} });
    const rig = await startRig(`
      http {
        server { listen 127.0.0.1:1; location / { proxy_pass http://127.0.0.1:${server}; } }
        server { listen 127.0.0.1:2 http2; location / { grpc_pass grpc://127.0.0.1:${port}; } }
      }
      stream { server { listen 127.0.0.1:3; proxy_pass 127.0.0.1:${server}; } }`);
    const idle = new RawClient(rig.port('127.0.0.1:1')).send('GET');
    const busy = new RawClient(rig.port('127.0.0.1:1')).send(get());
    const bound = new RawClient(rig.port('127.0.0.1:3')).send('x');
    const client = grpcClient(rig.port('127.0.0.1:2'));
    const call = client.bidi();
    call.on('error', () => {});
    call.write(Buffer.from('x'));
    await eventually(() => rig.balancer.counts().peers.every((peer) => peer.connectionsOpen >= 1));
    await rig.balancer.close();
    await Promise.all([idle.untilClosed(), busy.untilClosed(), bound.untilClosed()]);
    expect(rig.balancer.counts().connectionsOpen).toBe(0);
    expect(rig.balancer.counts().peers.every((peer) => peer.connectionsOpen === 0)).toBe(true);
    await closeAll();
    await eventually(() => sockets() <= before);
  });

  it('reports only while something changes, and a last time at the end', async () => {
    const rig = await startRig(answering('ok'));
    await new RawClient(rig.port()).send(get('/', 'Connection: close\r\n')).untilClosed();
    await eventually(() => rig.balancer.counts().connectionsOpen === 0);
    await rig.balancer.close();
    const last = rig.reports.at(-1);
    expect(last?.counts).toMatchObject({ connectionsAccepted: 1, connectionsOpen: 0, requests: 1, answeredItself: 1 });
    expect(rig.reports.length).toBeLessThanOrEqual(3);
  });
});
