import { Agent } from 'node:http';
import type { Clock } from '../../base/clock';
import type { Target } from '../targets';
import type { TrafficClient } from './client';
import type { ClientSockets } from './clientSockets';
import { sendRest } from './rest';

/**
 * REST over keep-alive connections: one for each client, used for one request after the other. HTTP/1.1 does not
 * multiplex, so `clients` is also how many requests can be in flight.
 */
export function restKeepalive(
  target: Target,
  clients: number,
  timeoutMs: number,
  clock: Clock,
  sockets: ClientSockets,
): TrafficClient {
  const agents = Array.from({ length: clients }, (_, client) => ({
    client,
    agent: new Agent({ keepAlive: true, maxSockets: 1 }),
  }));
  // First in, first out: the clients take turns.
  const free = [...agents];
  return {
    lanes: clients,
    prepare: async () => {},
    send: (_index, ask, ended) => {
      const lane = free.shift();
      if (lane === undefined) throw new Error('More requests in flight than clients');
      sendRest({ agent: lane.agent, target, call: ask(lane.client), timeoutMs }, clock, sockets, (reply) => {
        free.push(lane);
        ended(reply);
      });
    },
    setTargets: () => {},
    dispose: () => {
      for (const { agent } of agents) agent.destroy();
    },
  };
}
