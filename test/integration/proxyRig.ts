import { once } from 'node:events';
import { connect, type Server, type Socket } from 'node:net';
import { type Balancer, type BalancerOptions, type Report, startBalancer } from '../../src/balancer/balancer';
import { readPlan } from '../../src/balancer/buildPlan';
import { machineFiles } from '../../src/balancer/cli/files';
import { systemClock } from '../../src/base/clock';
import { renderMessage } from '../../src/base/message';
import { seededRandom } from '../../src/base/random';
import { PATIENCE_MS, woken } from '../harness/patience';

/** A balancer in this thread on ports of the system's choice, with what it logged and reported. */
export interface Rig {
  readonly balancer: Balancer;
  readonly logs: string[];
  readonly reports: Report[];
  /** Actual port of a declared listener ("127.0.0.1:1"). */
  port(declared?: string): number;
  reload(text: string): Promise<boolean>;
}

const opened: (() => Promise<void>)[] = [];

/** Registers something to close after the test. */
export function closeLater(close: () => Promise<void> | void): void {
  opened.push(async () => close());
}

/** Call in afterEach. */
export async function closeAll(): Promise<void> {
  for (const close of opened.splice(0).reverse()) await close();
}

/** Text of a whole file around the `http {}` or `stream {}` blocks. */
export function conf(blocks: string): string {
  return `events { }\n${blocks}`;
}

export async function startRig(text: string, options: Partial<BalancerOptions> = {}): Promise<Rig> {
  const plan = readPlan({ path: 'nginx.conf', text: conf(text) }, { files: machineFiles });
  if (!plan.ok) throw new Error(plan.error.map((problem) => renderMessage(problem.message)).join('\n'));
  const logs: string[] = [];
  const reports: Report[] = [];
  const started = await startBalancer({
    plan: plan.value,
    conf: { path: 'nginx.conf' },
    clock: systemClock(),
    random: seededRandom(1),
    ports: 'any',
    addresses: {},
    listeners: null,
    log: (level, line) => logs.push(`[${level}] ${line}`),
    onReport: (report) => reports.push(report),
    traceHeader: 'x-lab-trace',
    ...options,
  });
  if (!started.ok) throw new Error(started.error.map((problem) => renderMessage(problem.message)).join('\n'));
  const balancer = started.value;
  closeLater(() => balancer.close());
  return {
    balancer,
    logs,
    reports,
    port(declared) {
      const { listeners } = balancer;
      const found = declared === undefined ? listeners[0] : listeners.find((each) => each.declared === declared);
      return Number(found?.actual.split(':').pop());
    },
    async reload(next) {
      const parsed = readPlan({ path: 'nginx.conf', text: conf(next) }, { files: machineFiles });
      if (!parsed.ok) return false;
      return (await balancer.reload(parsed.value, { path: 'nginx.conf' }, {})).ok;
    },
  };
}

/** Listens on a loopback port of the system's choice and closes, with every connection, after the test. */
export async function listenOn(server: Server, port = 0): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  closeLater(async () => {
    for (const socket of sockets) socket.destroy();
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** A raw client connection: what it got so far, and waiting for more of it. */
export class RawClient {
  received = '';
  closed = false;
  readonly socket: Socket;
  #wake: () => void = () => {};

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('data', (chunk: Buffer) => {
      this.received += chunk.toString('latin1');
      this.#wake();
    });
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.closed = true;
      this.#wake();
    });
    closeLater(() => {
      this.socket.destroy();
    });
  }

  send(text: string | Buffer): this {
    this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
    return this;
  }

  /** Until what was received matches (true), or the connection closed without (false). */
  async until(matches: (received: string) => boolean): Promise<boolean> {
    while (!matches(this.received)) {
      if (this.closed) return false;
      await woken(
        (wake) => {
          this.#wake = wake;
        },
        () => `nothing more came; so far: ${this.received}`,
      );
    }
    return true;
  }

  async untilClosed(): Promise<string> {
    await this.until(() => false);
    return this.received;
  }
}

/** Waits for a condition that only other connections' events bring about. */
export async function eventually(condition: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`never came: ${condition}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
