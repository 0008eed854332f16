import { assertNever } from '../../base/assertNever';
import type { Clock } from '../../base/clock';
import { type Random, seededRandom } from '../../base/random';
import { loadMessagesService } from '../../protocol/messagesService';
import { loadOrdersServices } from '../../protocol/ordersService';
import type { LoadPlan, WorkloadPlan } from '../../protocol/trafficWorker';
import { parseTarget } from '../targets';
import type { TrafficClient } from './client';
import type { ClientSockets } from './clientSockets';
import type { GrpcKit } from './grpcCall';
import { restKeepalive } from './restKeepalive';
import { restNewSockets } from './restNewSockets';
import { restTls } from './restTls';

/** The registry of client kinds: makes the client of a plan. gRPC is loaded only for the kinds that speak it. */
export async function createClient(plan: LoadPlan, clock: Clock, sockets: ClientSockets): Promise<TrafficClient> {
  const targets = plan.targets.map(parseTarget);
  const [target] = targets;
  if (target === undefined) throw new Error('A load plan needs at least one target');
  switch (plan.kind) {
    case 'rest-new-sockets':
      return restNewSockets(target, plan.timeoutMs, clock, sockets);
    case 'rest-keepalive':
      return restKeepalive(target, plan.clients, plan.timeoutMs, clock, sockets, comingOrder(plan));
    case 'rest-tls':
      if (plan.authority === undefined) throw new Error('A client that speaks TLS needs someone to trust');
      return restTls(target, plan.clients, plan.timeoutMs, clock, sockets, plan.authority);
    case 'grpc':
      return (await import('./grpc')).grpcChannels(
        await loadKit(plan.workload),
        target,
        plan.clients,
        plan.timeoutMs,
        clock,
        sockets,
      );
    case 'grpc-web':
      return (await import('./grpcWeb')).grpcWeb(
        (await loadKit()).services,
        target,
        plan.clients,
        plan.timeoutMs,
        clock,
        sockets,
      );
    case 'grpc-client-side':
      return (await import('./grpcClientSide')).grpcClientSide(
        await loadKit(plan.workload),
        targets,
        plan.clients,
        plan.timeoutMs,
        clock,
        sockets,
      );
    case 'browser-fetch':
    case 'browser-grpc':
    case 'browser-grpc-web':
      throw new Error('A browser sends this, no thread');
    default:
      return assertNever(plan.kind);
  }
}

/**
 * People do not queue up to ask. Clients that come strictly in turn would keep step with a round robin whose servers
 * divide their number: each would meet the same server again and again, as if there were affinity.
 */
function comingOrder(plan: LoadPlan): Random | null {
  return plan.workload.kind === 'sessions' ? seededRandom(plan.seed) : null;
}

/** Loads what a client of the protocol needs, before its plan is known. */
export function preload(protocol: string): void {
  if (protocol === 'grpc') void loadKit();
}

/** What gRPC clients of the workload need; without one, what all need. */
async function loadKit(workload?: WorkloadPlan): Promise<GrpcKit> {
  const [grpc, orders] = await Promise.all([import('@grpc/grpc-js'), loadOrdersServices()]);
  if (workload?.kind !== 'message' && workload?.kind !== 'stream') return { grpc, services: orders };
  const { definition } = await loadMessagesService();
  const isGzipped = workload.kind === 'message' && workload.gzip;
  return {
    grpc,
    services: { ...orders, messages: definition },
    channelOptions: isGzipped ? { 'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip } : {},
  };
}
