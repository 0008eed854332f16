import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { BalancerStart, FromBalancer, ToBalancer } from '../../src/protocol/balancerWorker';
import { closeAll, closeLater, conf, listenOn, RawClient } from './proxyRig';

const entry = join(tmpdir(), `balancerWorker-${process.pid}.cjs`);

beforeAll(async () => {
  await build({
    entryPoints: ['src/lab/balancerWorker.ts'],
    loader: { '.proto': 'text' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile: entry,
    logLevel: 'silent',
  });
});
afterAll(() => rm(entry, { force: true }));
afterEach(closeAll);

/** The worker with its messages in order. */
class Running {
  readonly worker: Worker;
  readonly messages: FromBalancer[] = [];
  #wake: () => void = () => {};

  constructor(text: string, options: Partial<BalancerStart> = {}) {
    const workerData: BalancerStart = {
      conf: { path: 'nginx.conf', text: conf(text) },
      addresses: {},
      ports: 'any',
      listeners: null,
      seed: 1,
      ...options,
    };
    this.worker = new Worker(entry, { workerData });
    this.worker.on('message', (message: FromBalancer) => {
      this.messages.push(message);
      this.#wake();
    });
    closeLater(async () => {
      await this.worker.terminate();
    });
  }

  post(order: ToBalancer): void {
    this.worker.postMessage(order);
  }

  async until<T extends FromBalancer['type']>(
    type: T,
    matches: (message: Extract<FromBalancer, { type: T }>) => boolean = () => true,
  ): Promise<Extract<FromBalancer, { type: T }>> {
    for (;;) {
      for (const message of this.messages) {
        const candidate = message as Extract<FromBalancer, { type: T }>;
        if (message.type === type && matches(candidate)) return candidate;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async port(): Promise<number> {
    const { listeners } = await this.until('listening');
    return Number(listeners[0]?.actual.split(':').pop());
  }
}

const get = 'GET / HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n';
const answering = (text: string) => `http { server { listen 127.0.0.1:1; location / { return 200 ${text}; } } }`;

describe('the balancer worker', () => {
  it('serves what the text says and reports what it did, server ids among it', async () => {
    const server = await listenOn(createServer((_request, response) => response.end('hello')));
    const running = new Running(
      `http {
        upstream peers {
          server 127.0.0.1:9; # lab: backend server-a rest
        }
        server { listen 127.0.0.1:1; location / { proxy_pass http://peers; } }
      }`,
      { addresses: { '127.0.0.1:9': `127.0.0.1:${server}` } },
    );
    const client = new RawClient(await running.port()).send(
      'GET / HTTP/1.1\r\nHost: lab\r\nx-lab-trace: 7\r\nConnection: close\r\n\r\n',
    );
    expect(await client.untilClosed()).toContain('hello');
    const { report } = await running.until('report', (message) => message.report.decisions.length > 0);
    expect(report.counts).toMatchObject({ layer: 'l7', requests: 1 });
    expect(report.counts.peers[0]).toMatchObject({ address: '127.0.0.1:9', serverId: 'server-a', requests: 1 });
    expect(report.decisions[0]).toMatchObject({ request: '7', decision: { chosen: '127.0.0.1:9' } });
  });

  it('reloads by serial, and refuses a bad file while the old one runs on', async () => {
    const running = new Running(answering('old'));
    const port = await running.port();
    running.post({ type: 'reload', conf: { path: 'nginx.conf', text: 'nonsense' }, addresses: {}, serial: 1 });
    const refused = await running.until('refused');
    expect(refused.serial).toBe(1);
    expect(refused.problems[0]?.span).toMatchObject({ file: 'nginx.conf', line: 1 });
    expect(await new RawClient(port).send(get).untilClosed()).toMatch(/old$/);
    running.post({
      type: 'reload',
      conf: { path: 'nginx.conf', text: conf(answering('new')) },
      addresses: {},
      serial: 2,
    });
    expect((await running.until('reloaded')).serial).toBe(2);
    expect(await new RawClient(port).send(get).untilClosed()).toMatch(/new$/);
  });

  it('refuses a bad file at the start and ends', async () => {
    const running = new Running('http { server { listen 127.0.0.1:1; nonsense; } }');
    const exit = once(running.worker, 'exit');
    expect((await running.until('refused')).serial).toBeNull();
    await exit;
  });

  it('drains, then ends when it is told to close', async () => {
    const running = new Running(answering('ok'));
    const port = await running.port();
    running.post({ type: 'drain' });
    await running.until('drained');
    expect(await new RawClient(port).send(get).untilClosed()).toBe('');
    const exit = once(running.worker, 'exit');
    running.post({ type: 'close' });
    await exit;
  });
});
