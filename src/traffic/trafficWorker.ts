import { parentPort } from 'node:worker_threads';
import { assertNever } from '../base/assertNever';
import { systemClock } from '../base/clock';
import { DisposableStore } from '../base/dispose';
import { ReaderError } from '../base/errors';
import { yieldToOtherThreads } from '../base/threadPriority';
import { serveAsWorker } from '../base/workerStart';
import type { FromTraffic, LoadPlan, ToTraffic } from '../protocol/trafficWorker';
import type { TrafficClient } from './clients/client';
import { ClientSockets } from './clients/clientSockets';
import { createClient, preload } from './clients/index';
import { workingClient } from './clients/workingClient';
import { Run } from './run';
import { parseTarget } from './targets';

/** Worker entry: the client side of a lab. 'prepare' and 'go' make one run; it can be prepared again after 'done'. */

const port = parentPort;
if (port === null) throw new Error('This file runs as a worker thread only');
const tell = (message: FromTraffic): void => port.postMessage(message);

yieldToOtherThreads();
const clock = systemClock();

interface Prepared {
  readonly owned: DisposableStore;
  readonly client: TrafficClient;
  readonly run: Run;
}
let prepared: Prepared | null = null;

async function prepare(plan: LoadPlan): Promise<void> {
  await prepared?.owned.dispose();
  prepared = null;
  const owned = new DisposableStore();
  try {
    const sockets = owned.add(new ClientSockets(plan.targets.map(parseTarget), () => workingClient.getStore() ?? null));
    const client = owned.add(await createClient(plan, clock, sockets));
    await client.prepare();
    const run = owned.add(
      new Run(plan, client, sockets, clock, {
        report: (report) => tell({ type: 'report', report }),
        done: (report) => tell({ type: 'done', report }),
        mark: (sent) => tell({ type: 'mark', sent }),
      }),
    );
    await run.prepare();
    prepared = { owned, client, run };
    tell({ type: 'ready' });
  } catch (error) {
    await owned.dispose();
    throw error;
  }
}

async function obey(message: ToTraffic): Promise<void> {
  switch (message.type) {
    case 'prepare':
      await prepare(message.plan);
      return;
    case 'go':
      if (prepared === null) throw new Error('Nothing is prepared');
      prepared.run.start();
      return;
    case 'stop':
      prepared?.run.stop();
      return;
    case 'adjust':
      prepared?.run.adjust(message);
      return;
    case 'compare':
      prepared?.run.compare();
      return;
    case 'targets':
      prepared?.client.setTargets(message.targets.map(parseTarget));
      return;
    case 'close':
      port?.close();
      await prepared?.owned.dispose();
      prepared = null;
      return;
    default:
      assertNever(message);
  }
}

// One message after the other: a 'close' that comes while connections are being prepared finds them made.
let last: Promise<void> = Promise.resolve();
serveAsWorker<null, ToTraffic>(port, {
  preload,
  begin: () => {},
  obey: (message) => {
    last = last.then(() => obey(message)).catch(fail);
  },
});

function fail(error: unknown): void {
  const code = error instanceof ReaderError ? error.code : ((error as NodeJS.ErrnoException).code ?? 'prepare');
  tell({ type: 'failed', code: String(code), text: error instanceof Error ? error.message : String(error) });
}
