import { assertNever } from '../../base/assertNever';
import type { Clock } from '../../base/clock';
import { type Random, seededRandom } from '../../base/random';
import { loadOrdersServices } from '../../protocol/ordersService';
import type { LoadPlan } from '../../protocol/trafficWorker';
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
      return restNewSockets(target, plan.clients, plan.timeoutMs, clock, sockets);
    case 'rest-keepalive':
      return restKeepalive(target, plan.clients, plan.timeoutMs, clock, sockets, comingOrder(plan));
    case 'rest-tls':
      if (plan.authority === undefined) throw new Error('A client that speaks TLS needs someone to trust');
      return restTls(target, plan.clients, plan.timeoutMs, clock, sockets, plan.authority);
    case 'grpc':
      return (await import('./grpc')).grpcChannels(
        await loadKit(),
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
        await loadKit(),
        targets,
        plan.clients,
        plan.timeoutMs,
        clock,
        sockets,
      );
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

async function loadKit(): Promise<GrpcKit> {
  const [grpc, services] = await Promise.all([import('@grpc/grpc-js'), loadOrdersServices()]);
  return { grpc, services };
}
