import { Agent } from 'node:http';
import type { Clock } from '../../base/clock';
import type { Target } from '../targets';
import type { TrafficClient } from './client';
import type { ClientSockets } from './clientSockets';
import { getOrder } from './rest';

/** REST with a new TCP connection for each request, closed after it. */
export function restNewSockets(target: Target, timeoutMs: number, clock: Clock, sockets: ClientSockets): TrafficClient {
  const agent = new Agent({ keepAlive: false });
  return {
    lanes: Number.POSITIVE_INFINITY,
    prepare: async () => {},
    send: (_index, orderId, trace, ended) =>
      getOrder({ agent, target, orderId, trace, timeoutMs }, clock, sockets, ended),
    setTargets: () => {},
    dispose: () => agent.destroy(),
  };
}
