import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { createServer as createTcp } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as grpc from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { readPlan } from '../../src/balancer/buildPlan';
import type { Plan } from '../../src/balancer/plan';
import { HttpConnection } from '../harness/httpConnection';
import { type EchoClient, echoHandlers, grpcClient, openGrpcClient, startGrpc, unary } from './grpcRig';
import { closeAll, closeLater, conf, eventually, listenOn, type Rig, startRig } from './proxyRig';

afterEach(closeAll);

const RELOADS = 100;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const get = (extra = '') => `GET / HTTP/1.1\r\nHost: lab\r\n${extra}\r\n`;
const sockets = () => process.getActiveResourcesInfo().filter((kind) => /^TCP/.test(kind)).length;

/** Clients that go on asking until they are told to stop. */
class Load {
  readonly answered = new Map<string, number>();
  readonly failures: string[] = [];
  readonly #running: Promise<void>[] = [];
  #stopped = false;
  #wake: () => void = () => {};

  add(name: string, ask: () => Promise<string | null>): void {
    this.answered.set(name, 0);
    this.#running.push(this.#loop(name, ask));
  }

  /** Until every kind of client has got that many answers more, or any of them none. */
  async more(count: number): Promise<void> {
    const goals = [...this.answered].map(([name, answers]) => [name, answers + count] as const);
    const met = () => goals.every(([name, goal]) => (this.answered.get(name) ?? 0) >= goal);
    while (this.failures.length === 0 && !met()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
  }

  async #loop(name: string, ask: () => Promise<string | null>): Promise<void> {
    while (!this.#stopped) {
      const failure = await ask();
      if (failure === null) this.answered.set(name, (this.answered.get(name) ?? 0) + 1);
      else this.failures.push(`${name}: ${failure}`);
      this.#wake();
    }
  }
}

function keptConnection(port: number): () => Promise<string | null> {
  let connection = new HttpConnection(port);
  closeLater(() => connection.close());
  return async () => {
    if (connection.closed) {
      connection.close();
      connection = new HttpConnection(port);
    }
    connection.send(get());
    const response = await connection.response();
    if (response?.closed) connection.close();
    return response?.status === 200 && response.framing !== 'broken' ? null : JSON.stringify(response);
  };
}

function freshConnections(port: number, body = ''): () => Promise<string | null> {
  const request =
    body === ''
      ? get('Connection: close\r\n')
      : `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  return async () => {
    const connection = new HttpConnection(port);
    connection.send(request);
    const response = await connection.response();
    connection.close();
    return response?.status === 200 && response.framing !== 'broken' ? null : JSON.stringify(response);
  };
}

/**
 * Reloads under the load that `begin` starts, each time when every kind of client has got `between` more answers; `text`
 * is the configuration of a round.
 */
async function hundredReloads(
  text: (round: number) => string,
  begin: (rig: Rig, load: Load) => void,
  between: number,
): Promise<void> {
  const before = sockets();
  const rig = await startRig(text(0));
  const load = new Load();
  begin(rig, load);
  const plans: WeakRef<Plan>[] = [];
  let settledHeap = 0;
  for (let round = 1; round <= RELOADS; round++) {
    await load.more(between);
    expect(load.failures).toEqual([]);
    plans.push(await reload(rig, text(round)));
    if (round === RELOADS / 2) settledHeap = await heapUsed();
  }
  await load.more(between);
  const grown = (await heapUsed()) - settledHeap;
  await load.stop();
  expect(load.failures).toEqual([]);
  // Fifty configurations held on to would be some 10 MB.
  expect(grown).toBeLessThan(4 * 1024 * 1024);
  await rig.balancer.drain();
  expect(rig.balancer.counts()).toMatchObject({ connectionsOpen: 0 });
  expect(rig.balancer.counts().peers.filter((peer) => peer.connectionsOpen !== 0)).toEqual([]);
  await heapUsed();
  // The last one is the rig's own.
  expect(plans.filter((plan) => plan.deref() !== undefined).length).toBeLessThanOrEqual(2);
  await closeAll();
  await eventually(() => sockets() <= before);
}

describe('a hundred reloads under load fail no request and leave nothing of old configurations behind', () => {
  it('over HTTP/1 and TCP', async () => {
    const pages = [await page('a'), await page('b')];
    const raw = await listenOn(
      createTcp((socket) => socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'))),
    );
    // What is reloaded differs each time, and a listener comes and goes.
    const text = (round: number) => `http {
      upstream pages {
        ${pages.map((port, i) => `server 127.0.0.1:${port} weight=${1 + ((round + i) % 3)};`).join(' ')}
        ${['', 'least_conn;', 'hash $connection;'][round % 3]} keepalive ${1 + (round % 8)};
      }
      server {
        listen 127.0.0.1:1;
        location / { proxy_pass http://pages; proxy_http_version 1.1; proxy_set_header Connection ""; add_header X-Round ${round}; }
      }
      ${round % 2 === 0 ? '' : 'server { listen 127.0.0.1:9; return 200 odd; }'}
    }
    stream { server { listen 127.0.0.1:3; proxy_pass 127.0.0.1:${raw}; } }`;
    await hundredReloads(
      text,
      (rig, load) => {
        load.add('kept', keptConnection(rig.port('127.0.0.1:1')));
        load.add('kept too', keptConnection(rig.port('127.0.0.1:1')));
        load.add('fresh', freshConnections(rig.port('127.0.0.1:1')));
        load.add('posted', freshConnections(rig.port('127.0.0.1:1'), 'x'.repeat(20_000)));
        load.add('tcp', freshConnections(rig.port('127.0.0.1:3')));
      },
      10,
    );
  }, 60_000);

  it('over gRPC', async () => {
    const { port } = await startGrpc(echoHandlers());
    const text = (round: number) => `http {
      upstream calls { server 127.0.0.1:${port} weight=${1 + (round % 3)}; keepalive ${1 + (round % 8)}; }
      server { listen 127.0.0.1:1 http2; location / { grpc_pass grpc://calls; add_header x-round ${round}; } }
      ${round % 2 === 0 ? '' : 'server { listen 127.0.0.1:9; return 200 odd; }'}
    }`;
    await hundredReloads(
      text,
      (rig, load) => {
        const kept = grpcClient(rig.port('127.0.0.1:1'));
        load.add('unary', () => unaryCall(kept));
        load.add('unary too', () => unaryCall(kept));
        load.add('talk', () => talk(kept));
        load.add('fresh', freshChannels(rig.port('127.0.0.1:1')));
      },
      3,
    );
  }, 60_000);
});

async function unaryCall(client: EchoClient): Promise<string | null> {
  const { code, details, value } = await unary(client, 'x');
  return code === grpc.status.OK && value?.toString() === 'x' ? null : `${code} ${details}`;
}

/** A call that goes on across a reload more often than not. */
async function talk(client: EchoClient): Promise<string | null> {
  const call = client.bidi();
  const ended = once(call, 'status');
  call.on('error', () => {});
  let heard = 0;
  for (const word of ['a', 'b', 'c']) {
    call.write(Buffer.from(word));
    const chunk = await Promise.race([once(call, 'data'), ended]);
    if (!(chunk[0] instanceof Buffer)) break;
    heard++;
  }
  call.end();
  call.resume();
  const [status] = (await ended) as [grpc.StatusObject];
  return status.code === grpc.status.OK && heard === 3 ? null : `${status.code} ${status.details} after ${heard}`;
}

function freshChannels(port: number): () => Promise<string | null> {
  return async () => {
    const client = openGrpcClient(port);
    const failure = await unaryCall(client);
    client.close();
    return failure;
  };
}

async function page(body: string): Promise<number> {
  const server = createHttp((request, response) => {
    request.resume();
    request.on('end', () => response.end(body));
  });
  // A server that closes kept connections by itself may do so just when a request comes, which no proxy can mend.
  server.keepAliveTimeout = 0;
  return listenOn(server);
}

/** In a function of its own, so that no variable of the test holds the plan. */
async function reload(rig: Rig, text: string): Promise<WeakRef<Plan>> {
  const plan = readPlan({ path: 'nginx.conf', text: conf(text) });
  if (!plan.ok) throw new Error('bad test configuration');
  expect((await rig.balancer.reload(plan.value, { path: 'nginx.conf' }, {})).ok).toBe(true);
  return new WeakRef(plan.value);
}

/** Bytes, after everything unreachable is gone. A WeakRef holds on until the turn of the event loop ends. */
async function heapUsed(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  return process.memoryUsage().heapUsed;
}
