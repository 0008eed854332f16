import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import type { Clock } from '../../base/clock';
import type { Disposable } from '../../base/dispose';
import type { Outcome } from '../../measurement/snapshot';
import type { InnerCallsReport, InnerTarget } from '../../protocol/backendWorker';
import type { Counters } from '../counters';
import { HopMeter } from './hopMeter';
import type { InnerAnswer, InnerClient, InnerQuestion } from './innerClient';

const clients = {
  rest: async (target: InnerTarget, clock: Clock) => (await import('./innerRest')).innerRest(target, clock),
  grpc: async (target: InnerTarget, clock: Clock) => (await import('./innerGrpc')).innerGrpc(target, clock),
};

/** Node publishes each socket that this thread begins to connect, whoever does: node:http and grpc-js alike. */
const CHANNEL = 'net.client.socket';

interface Route {
  readonly target: InnerTarget;
  readonly meter: HopMeter;
  readonly outcomes: Map<string, { status: string; by: string; requests: number }>;
  client: Promise<InnerClient> | null;
}

/**
 * The calls of a server that asks others: each counted before it is sent, its end by outcome, its bytes below every
 * library, on the sockets.
 */
export class InnerCalls implements Disposable {
  readonly #counters: Counters;
  readonly #routes: readonly Route[];
  readonly #clock: Clock;
  /** For which route a socket is made: grpc-js itself does not tell what connects for whom. */
  readonly #working = new AsyncLocalStorage<Route>();
  readonly #created = (message: unknown): void => this.#watch((message as { socket: Socket }).socket);

  constructor(targets: readonly InnerTarget[], counters: Counters, clock: Clock) {
    this.#counters = counters;
    this.#clock = clock;
    this.#routes = targets.map((target) => ({ target, meter: new HopMeter(clock), outcomes: new Map(), client: null }));
    subscribe(CHANNEL, this.#created);
  }

  /** Makes the clients, so that the first request does not wait for a library. Nothing connects yet. */
  async prepare(): Promise<void> {
    await Promise.all(this.#routes.map((route) => this.#clientOf(route)));
  }

  /** What goes wrong on the way is an answer, too. Rejects where the server was given no such service. */
  async ask(question: InnerQuestion): Promise<InnerAnswer> {
    const route = this.#routes.find(({ target }) => target.service === question.service);
    if (route === undefined) throw new Error(`There is no service "${question.service}" to ask`);
    const client = await this.#clientOf(route);
    this.#counters.add('callsSent');
    const ended = route.meter.begin();
    const { answer, status, by } = await this.#working.run(route, () => client.ask(question));
    ended();
    const known = route.outcomes.get(`${by}\n${status}`);
    if (known === undefined) route.outcomes.set(`${by}\n${status}`, { status, by, requests: 1 });
    else known.requests += 1;
    return answer;
  }

  report(): readonly InnerCallsReport[] {
    return this.#routes.map(({ target: { service, protocol }, meter, outcomes }) => ({
      service,
      protocol,
      connectionsOpen: meter.connectionsOpen,
      outcomes: [...outcomes.values()].map((outcome): Outcome => ({ ...outcome })),
      ...meter.report(),
    }));
  }

  dispose(): void {
    unsubscribe(CHANNEL, this.#created);
    for (const { client } of this.#routes) void client?.then((made) => made.dispose());
  }

  #clientOf(route: Route): Promise<InnerClient> {
    route.client ??= this.#working.run(route, () => clients[route.target.protocol](route.target, this.#clock));
    return route.client;
  }

  #watch(socket: Socket): void {
    const route = this.#working.getStore();
    if (route === undefined) return;
    socket.once('connect', () => {
      this.#counters.add('callConnections');
      route.meter.watch(socket);
    });
  }
}
