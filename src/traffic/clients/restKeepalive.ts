import { Agent } from 'node:http';
import type { Clock } from '../../base/clock';
import type { Random } from '../../base/random';
import type { Target } from '../targets';
import type { TrafficClient } from './client';
import type { ClientSockets } from './clientSockets';
import { sendRest } from './rest';
import type { TlsConnections } from './tlsConnections';

const AGENT = { keepAlive: true, maxSockets: 1 } as const;

/**
 * REST over keep-alive connections: one for each client, used for one request after the other. HTTP/1.1 does not
 * multiplex, so `clients` is also how many requests can be in flight. Of those who are free the one that waited longest
 * sends, or, with `anyone`, one drawn at random.
 */
export function restKeepalive(
  target: Target,
  clients: number,
  timeoutMs: number,
  clock: Clock,
  sockets: ClientSockets,
  anyone: Random | null = null,
  tls?: TlsConnections,
): TrafficClient {
  const agents = Array.from({ length: clients }, (_, client) => ({
    client,
    agent: tls?.agent(AGENT) ?? new Agent(AGENT),
  }));
  const free = [...agents];
  return {
    lanes: clients,
    prepare: async () => {},
    send: (_sender, ask, ended) => {
      const [lane] = free.splice(anyone === null ? 0 : Math.floor(anyone.next() * free.length), 1);
      if (lane === undefined) throw new Error('More requests in flight than clients');
      sendRest({ agent: lane.agent, target, call: ask(lane.client), timeoutMs, tls }, clock, sockets, (reply) => {
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
