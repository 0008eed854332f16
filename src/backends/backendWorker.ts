import { parentPort } from 'node:worker_threads';
import { assertNever } from '../base/assertNever';
import { systemClock } from '../base/clock';
import { seededRandom } from '../base/random';
import { yieldToOtherThreads } from '../base/threadPriority';
import { serveAsWorker } from '../base/workerStart';
import type { BackendStart, FromBackend, ToBackend } from '../protocol/backendWorker';
import { Admission } from './admission';
import { Capacity } from './capacity';
import { Catalogue } from './catalogue';
import { Counters } from './counters';
import { HopMeter } from './inner/hopMeter';
import { InnerCalls } from './inner/innerCalls';
import type { BackendParts, ProtocolServer } from './protocolServer';

/** Worker entry: one backend of a lab in a thread of its own. Started with a BackendStart as workerData. */

const port = parentPort;
if (port === null) throw new Error('This file runs as a worker thread only');
const tell = (message: FromBackend): void => port.postMessage(message);

yieldToOtherThreads();
const clock = systemClock();
const servers: ProtocolServer[] = [];
let admission: Admission | null = null;
let counters: Counters | null = null;
let inner: InnerCalls | null = null;
let served: HopMeter | null = null;
let started: Promise<void> = Promise.resolve();

/** Each protocol's library is loaded only where it is spoken: it is most of a backend's start-up time. */
const protocols = {
  rest: () => import('./restServer'),
  grpc: () => import('./grpcServer'),
};

/** Ends the thread by leaving nothing that keeps it alive. A drain may be cut short by a close. */
async function end(how: (server: ProtocolServer) => void | Promise<void>): Promise<void> {
  await started;
  await Promise.allSettled(servers.map(how));
  inner?.dispose();
  port?.close();
}

async function listen(start: BackendStart): Promise<void> {
  // All backends of a lab have the same orders, but not the same service times.
  const random = seededRandom(start.seed ^ hashText(start.id));
  counters = new Counters(start.counters);
  inner = start.calls === undefined ? null : new InnerCalls(start.calls, counters, clock);
  served = inner === null ? null : new HopMeter(clock);
  admission = new Admission(new Capacity(start.capacity, clock, random), counters, random, served);
  const parts: BackendParts = {
    id: start.id,
    service: start.service,
    seed: start.seed,
    store: start.store ?? null,
    admission,
    catalogue: new Catalogue(start.seed, clock),
    counters,
    clock,
    ...(start.tokenKey === undefined ? {} : { tokenKey: start.tokenKey }),
    inner,
    served,
  };
  const listening = await Promise.all(
    start.listen.map(async ({ protocol, port: declaredPort, tls }) => {
      const server =
        protocol === 'rest'
          ? await (await protocols.rest()).startRestServer(parts, declaredPort, tls)
          : await (await protocols.grpc()).startGrpcServer(parts, declaredPort, start.maxConnectionAgeMs);
      servers.push(server);
      return { protocol, declaredPort, actualPort: server.port };
    }),
  );
  tell({ type: 'listening', listen: listening });
}

function tellCalls(): void {
  if (inner === null || served === null) return;
  tell({ type: 'calls', report: { served: served.report(), calls: inner.report() } });
}

function begin(start: BackendStart): void {
  started = listen(start).catch(async (error: NodeJS.ErrnoException) => {
    tell({ type: 'failed', code: error.code ?? 'start', text: error.message });
    await Promise.all(servers.map((server) => server.dispose()));
    port?.close();
  });
}

function obey(message: ToBackend): void {
  switch (message.type) {
    case 'fault':
      admission?.setFault(message.fault);
      return;
    case 'report-calls':
      tellCalls();
      return;
    case 'drain':
      // The last to be known of its calls.
      void end((server) => server.drain().then(tellCalls));
      return;
    case 'kill':
      counters?.freeze();
      void end((server) => server.dispose());
      return;
    case 'close':
      void end((server) => server.dispose());
      return;
    default:
      assertNever(message);
  }
}

serveAsWorker<BackendStart, ToBackend>(port, {
  preload: (name) => {
    if (name === 'rest' || name === 'grpc') void protocols[name]().then((library) => library.preload());
  },
  begin,
  obey,
});

/** FNV-1a, 32 bits. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return hash >>> 0;
}
