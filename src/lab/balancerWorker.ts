import { parentPort } from 'node:worker_threads';
import type { Balancer } from '../balancer/balancer';
import { startBalancer } from '../balancer/balancer';
import { readPlan } from '../balancer/buildPlan';
import type { Plan } from '../balancer/plan';
import { systemClock } from '../base/clock';
import type { Problem } from '../base/problem';
import { seededRandom } from '../base/random';
import type { Result } from '../base/result';
import { threadCpuMs } from '../base/threadCpu';
import { yieldToOtherThreads } from '../base/threadPriority';
import { serveAsWorker } from '../base/workerStart';
import { TRACE_HEADER } from '../protocol/backendWorker';
import type { BalancerStart, ConfSource, FromBalancer, ToBalancer } from '../protocol/balancerWorker';
import { givenFiles } from './givenFiles';

/** Entry of the balancer's thread: configuration text in, listeners up, reports out. */

const port = parentPort;
if (port === null) throw new Error('The balancer worker runs in a worker thread only');

const post = (message: FromBalancer) => port.postMessage(message);

function fail(error: unknown): void {
  const known: NodeJS.ErrnoException = error instanceof Error ? error : new Error(String(error));
  post({ type: 'failed', code: known.code ?? 'error', text: known.stack ?? known.message });
}

function read(conf: ConfSource): Result<Plan, readonly Problem[]> {
  return readPlan(conf, conf.files === undefined ? {} : { files: givenFiles(conf.files) });
}

async function start(options: BalancerStart): Promise<Balancer | null> {
  const plan = read(options.conf);
  if (!plan.ok) {
    post({ type: 'refused', serial: null, problems: plan.error });
    return null;
  }
  const started = await startBalancer({
    plan: plan.value,
    conf: options.conf,
    ...(options.prefix === undefined ? {} : { prefix: options.prefix }),
    clock: systemClock(),
    random: seededRandom(options.seed),
    ports: options.ports,
    addresses: options.addresses,
    listeners: options.listeners,
    log: () => {},
    onReport: (report) => post({ type: 'report', report }),
    traceHeader: TRACE_HEADER,
  });
  if (!started.ok) {
    post({ type: 'refused', serial: null, problems: started.error });
    return null;
  }
  const balancer = started.value;
  post({ type: 'listening', listeners: balancer.listeners, problems: balancer.problems });
  return balancer;
}

async function reload(
  balancer: Balancer,
  { conf, addresses, serial }: Extract<ToBalancer, { type: 'reload' }>,
): Promise<void> {
  const plan = read(conf);
  if (!plan.ok) {
    post({ type: 'refused', serial, problems: plan.error });
    return;
  }
  const reloaded = await balancer.reload(plan.value, conf, addresses);
  if (reloaded.ok) post({ type: 'reloaded', serial, listeners: reloaded.value });
  else post({ type: 'refused', serial, problems: reloaded.error });
}

yieldToOtherThreads();
let starting: Promise<Balancer | null> = Promise.resolve(null);

async function obey(order: ToBalancer): Promise<void> {
  const balancer = await starting;
  if (balancer === null) return;
  switch (order.type) {
    case 'reload':
      await reload(balancer, order);
      break;
    case 'cpu':
      post({ type: 'cpu', usedMs: threadCpuMs() });
      break;
    case 'counts':
      post({ type: 'counts', counts: balancer.counts() });
      break;
    case 'drain':
      await balancer.drain();
      post({ type: 'drained' });
      break;
    case 'close':
      await balancer.close();
      port?.close();
      break;
  }
}

serveAsWorker<BalancerStart, ToBalancer>(port, {
  preload: () => {},
  begin: (options) => {
    starting = start(options);
    starting.then(
      (balancer) => {
        if (balancer === null) port.close();
      },
      (error: unknown) => {
        fail(error);
        port.close();
      },
    );
  },
  obey: (order) => void obey(order).catch(fail),
});
