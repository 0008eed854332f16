import { renameSync } from 'node:fs';
import { resolve as absolute } from 'node:path';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { type BackendCounters, readCounters } from '../../src/backends/counters';
import {
  type BackendProtocol,
  type BackendStart,
  COUNTER_BYTES,
  type FromBackend,
  type ToBackend,
} from '../../src/protocol/backendWorker';
import type { FromTraffic, LoadPlan, ToTraffic, TrafficReport } from '../../src/protocol/trafficWorker';

/** Real workers for tests, bundled as they ship (esbuild, one CommonJS file each), once per test file. */

const entries = { backend: 'src/backends/backendWorker.ts', traffic: 'src/traffic/trafficWorker.ts' } as const;
const built = new Map<keyof typeof entries, Promise<string>>();

function bundle(name: keyof typeof entries): Promise<string> {
  const known = built.get(name);
  if (known !== undefined) return known;
  const outfile = absolute('.cache', 'test-workers', `${name}.js`);
  const own = `${outfile}.${process.pid}`;
  const made = build({
    entryPoints: [entries[name]],
    outfile: own,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    mainFields: ['module', 'main'],
    loader: { '.proto': 'text' },
    logLevel: 'silent',
    sourcemap: 'inline',
  }).then(() => {
    // Test files run side by side in processes of their own; a rename never shows another one half a file.
    renameSync(own, outfile);
    return outfile;
  });
  built.set(name, made);
  return made;
}

/** A worker whose messages can be awaited in any order. */
class Conversation<To, From extends { readonly type: string }> {
  readonly worker: Worker;
  readonly heard: From[] = [];
  readonly exited: Promise<number>;
  readonly #waiting = new Set<() => void>();

  constructor(file: string, workerData: unknown) {
    this.worker = new Worker(file, { workerData });
    this.exited = new Promise((resolve, reject) => {
      this.worker.once('exit', resolve);
      this.worker.once('error', reject);
    });
    this.exited.catch(() => {});
    this.worker.on('message', (message: From) => {
      this.heard.push(message);
      for (const look of this.#waiting) look();
    });
  }

  say(message: To): void {
    this.worker.postMessage(message);
  }

  /** The first message of the type that also satisfies `where`; rejects when the worker fails or exits before. */
  hear<T extends From['type']>(
    type: T,
    where: (message: Extract<From, { type: T }>) => boolean = () => true,
  ): Promise<Extract<From, { type: T }>> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        for (const message of this.heard) {
          if (message.type === type && where(message as Extract<From, { type: T }>)) {
            this.#waiting.delete(look);
            resolve(message as Extract<From, { type: T }>);
            return;
          }
          if (message.type === 'failed' && type !== 'failed') {
            this.#waiting.delete(look);
            reject(new Error(JSON.stringify(message)));
            return;
          }
        }
      };
      this.#waiting.add(look);
      look();
      this.exited.then((code) => reject(new Error(`The worker ended with ${code} before it said "${type}"`)), reject);
    });
  }
}

const roomy = { slots: 64, queue: 4096, serviceTimeMs: 0.2, distribution: 'fixed' } as const;

export type BackendOptions = Partial<Omit<BackendStart, 'counters' | 'listen'>> & { readonly port?: number };

export class TestBackend extends Conversation<ToBackend, FromBackend> {
  readonly id: string;
  readonly #counters: SharedArrayBuffer;
  #port = 0;

  static async start(protocol: BackendProtocol, options: BackendOptions = {}): Promise<TestBackend> {
    const start: BackendStart = {
      id: 'server-a',
      service: { kind: 'orders' },
      capacity: roomy,
      maxConnectionAgeMs: null,
      seed: 1,
      ...options,
      counters: new SharedArrayBuffer(COUNTER_BYTES),
      listen: [{ protocol, port: options.port ?? 0 }],
    };
    const backend = new TestBackend(await bundle('backend'), start);
    const { listen } = await backend.hear('listening');
    backend.#port = listen[0]?.actualPort ?? 0;
    return backend;
  }

  private constructor(file: string, start: BackendStart) {
    super(file, start);
    this.id = start.id;
    this.#counters = start.counters;
  }

  get port(): number {
    return this.#port;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  get counters(): BackendCounters {
    return readCounters(this.#counters);
  }

  /** Kills it as the lab does, in the middle of whatever it does; resolves when its thread is gone. */
  async kill(): Promise<void> {
    this.say({ type: 'kill' });
    await this.exited;
  }

  /** Closes it and resolves to its exit code: it exits only when nothing keeps its thread alive. */
  async close(): Promise<number> {
    this.say({ type: 'close' });
    return await this.exited;
  }
}

export type PlanOptions = Partial<LoadPlan> & Pick<LoadPlan, 'kind' | 'targets'>;

export function planOf(options: PlanOptions): LoadPlan {
  return {
    workload: { kind: 'get-order' },
    population: null,
    marks: [],
    requests: 300,
    concurrency: 8,
    clients: 1,
    rate: null,
    timeoutMs: 5000,
    seed: 1,
    ...options,
  };
}

export class TestTraffic extends Conversation<ToTraffic, FromTraffic> {
  static async start(): Promise<TestTraffic> {
    return new TestTraffic(await bundle('traffic'), null);
  }

  async prepare(plan: LoadPlan): Promise<void> {
    this.say({ type: 'prepare', plan });
    await this.hear('ready');
  }

  /** Prepares, runs to the end and closes; resolves to the last report. Rejects if the thread did not end by itself. */
  static async run(options: PlanOptions): Promise<TrafficReport> {
    const traffic = await TestTraffic.start();
    await traffic.prepare(planOf(options));
    traffic.say({ type: 'go' });
    const { report } = await traffic.hear('done');
    await traffic.close();
    return report;
  }

  async close(): Promise<void> {
    this.say({ type: 'close' });
    const code = await this.exited;
    if (code !== 0) throw new Error(`The traffic worker ended with ${code}`);
  }

  get reports(): readonly TrafficReport[] {
    return this.heard.flatMap((message) =>
      message.type === 'report' || message.type === 'done' ? [message.report] : [],
    );
  }
}
