import { Agent } from 'node:http';
import type { Clock } from '../../base/clock';
import type { Target } from '../targets';
import type { TrafficClient } from './client';
import type { ClientSockets } from './clientSockets';
import { sendRest } from './rest';

/** REST with a new TCP connection for each request, closed after it. */
export function restNewSockets(target: Target, timeoutMs: number, clock: Clock, sockets: ClientSockets): TrafficClient {
  const agent = new Agent({ keepAlive: false });
  return {
    lanes: Number.POSITIVE_INFINITY,
    prepare: async () => {},
    // The clients take turns: a connection of its own for each request does not make it another client's.
    send: (sender, ask, ended) => sendRest({ agent, target, call: ask(sender), timeoutMs }, clock, sockets, ended),
    setTargets: () => {},
    dispose: () => agent.destroy(),
  };
}
