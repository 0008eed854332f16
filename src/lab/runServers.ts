import type { Clock } from '../base/clock';
import { type Disposable, DisposableStore } from '../base/dispose';
import { ReaderError } from '../base/errors';
import { message } from '../base/message';
import type {
  BackendListen,
  CallsReport,
  Capacity,
  InnerTarget,
  SharedStore,
  TlsIdentity,
} from '../protocol/backendWorker';
import type { AddressMap } from '../protocol/balancerWorker';
import type { PublicKey } from '../protocol/tokens';
import { type InsideWiring, serversOf, type WiredBackend } from './armWiring';
import { everyServer, type LabDefinition } from './labDefinition';
import { LabServer } from './labServer';
import type { PortClaims } from './portClaims';
import type { WarmThreads } from './warmThreads';

export interface RunServersOptions {
  readonly definition: LabDefinition;
  readonly workerPath: string;
  readonly warm: WarmThreads | undefined;
  readonly clock: Clock;
  readonly claims: PortClaims;
  /** What a server shows to those who connect by TLS. */
  identityOf(id: string): TlsIdentity;
  readonly maxConnectionAgeMs: number | null;
  /** Of this run, where the scenario sets it. */
  readonly capacity: Capacity | null;
  readonly seed: number;
  /** Of the run's tokens; null: nobody verifies any. */
  readonly tokenKey: PublicKey | null;
  /** The store they share; null: none. */
  store(): SharedStore | null;
  /** What one of them measured of its own calls, in its life number `life` (from 0). */
  onCalls(id: string, life: number, report: CallsReport): void;
  onCrash(id: string, error: Error | null): void;
}

/** The servers of one run, by id, and where their declared ports really are. */
export class RunServers implements Disposable {
  readonly #options: RunServersOptions;
  readonly #store = new DisposableStore();
  readonly #servers = new Map<string, LabServer>();
  readonly #moved = new Map<string, string>();
  #inside: InsideWiring | null = null;
  /** Those that were ever behind an inner listener: one that left the configuration still has its counts. */
  readonly #insiders = new Set<string>();

  constructor(options: RunServersOptions) {
    this.#options = options;
  }

  get all(): readonly LabServer[] {
    return [...this.#servers.values()];
  }

  /** Declared -> actual address, where the two differ; listeners of the balancer among them. */
  get addresses(): AddressMap {
    return Object.fromEntries(this.#moved);
  }

  movedTo(declared: string, actual: string): void {
    if (declared === actual) this.#moved.delete(declared);
    else this.#moved.set(declared, actual);
  }

  actual(declared: string): string {
    return this.#moved.get(declared) ?? declared;
  }

  /** Who may ask whom, for servers that start from now on. The inner listeners have to stand already. */
  reach(inside: InsideWiring | null): void {
    this.#inside = inside;
    for (const id of inside?.servers ?? []) this.#insiders.add(id);
  }

  /** Ids of the servers that only other servers reach, those that left among them. */
  get insiders(): readonly string[] {
    return [...this.#insiders];
  }

  /** Has every server that asks others tell what it measured of it. */
  askForCalls(): void {
    for (const server of this.#servers.values()) server.askForCalls();
  }

  /** Throws ReaderError. */
  named(id: string): LabServer {
    const server = this.#servers.get(id);
    if (server === undefined) {
      throw new ReaderError('no-server', message('There is no server “{id}” in this run.', { id }));
    }
    return server;
  }

  /** Starts the servers behind these lines, known or new. True if a port had to move. */
  async start(backends: readonly WiredBackend[]): Promise<boolean> {
    const moved = await Promise.all(
      serversOf(backends).map(({ id, listens }) => this.restart(this.#serverFor(id, listens))),
    );
    return moved.includes(true);
  }

  /** Starts one that is not running. True if a port had to move. */
  async restart(server: LabServer): Promise<boolean> {
    const ports = await server.start();
    let moved = false;
    for (const [declared, actual] of ports) {
      this.movedTo(`127.0.0.1:${declared}`, `127.0.0.1:${actual}`);
      moved ||= declared !== actual;
    }
    return moved;
  }

  /** Lets these end after their last request. */
  drain(backends: readonly WiredBackend[]): void {
    for (const { id } of serversOf(backends)) void this.#servers.get(id)?.drain();
  }

  dispose(): Promise<void> {
    return this.#store.dispose();
  }

  /** The server of that id, which may have served before, told where to listen. */
  #serverFor(id: string, listens: readonly WiredBackend[]): LabServer {
    const listen = listens.map(
      ({ protocol, port, tls }): BackendListen =>
        tls ? { protocol, port, tls: this.#options.identityOf(id) } : { protocol, port },
    );
    const known = this.#servers.get(id);
    if (known !== undefined) {
      known.listenOn(listen);
      known.callOn(this.#callsOf(id));
      return known;
    }
    const { definition, workerPath, warm, clock, claims, maxConnectionAgeMs, seed, tokenKey, onCalls, onCrash } =
      this.#options;
    const defined = everyServer(definition).find((server) => server.id === id);
    const server = new LabServer({
      id,
      service: defined?.service ?? { kind: 'orders' },
      workerPath,
      warm,
      clock,
      claims,
      listen,
      capacity: this.#options.capacity ?? defined?.capacity ?? definition.capacity,
      maxConnectionAgeMs,
      seed,
      ...(tokenKey === null ? {} : { tokenKey }),
      store: () => this.#options.store(),
      onCalls: (life, report) => onCalls(id, life, report),
      onCrash: (error) => onCrash(id, error),
    });
    server.callOn(this.#callsOf(id));
    this.#servers.set(id, server);
    return this.#store.add(server);
  }

  /** Where a server finds those it asks; null: it asks nobody. */
  #callsOf(id: string): readonly InnerTarget[] | null {
    if (this.#inside === null || this.#insiders.has(id)) return null;
    return this.#inside.calls.map(({ service, protocol, listen }) => ({
      service,
      protocol,
      address: this.actual(listen),
    }));
  }
}
