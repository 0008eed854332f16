import type { Hop } from '../measurement/findings';
import { LatencyRecorder } from '../measurement/latency';
import type { CallCounts, ClientCounts, Latency, Outcome } from '../measurement/snapshot';
import type { CallsReport, HopReport, InnerCallsReport } from '../protocol/backendWorker';
import type { CallLife } from './labServer';

/** What the clients measured of their own hop. */
export interface ClientHop {
  readonly protocol: Hop['protocol'];
  readonly requests: number;
  readonly bytes: number;
  readonly latencyMs: Latency;
}

const NO_LATENCY: Latency = { p50: 0, p90: 0, p99: 0, max: 0 };
/** Outcome of calls that a server had under way when it died: nobody is left who could tell. */
const LOST = 'LOST';

/**
 * What the servers of a run that ask others have reported of it, put together hop by hop. Each life of a server (it may be
 * killed and revived) counts from zero and reports by itself.
 */
export class RunHops {
  readonly #reports = new Map<string, CallsReport>();
  readonly #latencies = new Map<string, LatencyRecorder>();

  take(server: string, life: number, report: CallsReport): void {
    this.#reports.set(`${server} ${life}`, report);
    this.#record('', report.served);
    for (const call of report.calls) this.#record(call.service, call);
  }

  /** Client to balancer, balancer to edge, edge to each service; only those that carried something. */
  hops(client: ClientHop, frontProtocol: 'rest' | 'grpc'): readonly Hop[] {
    const reports = [...this.#reports.values()];
    const served = reports.map((report) => report.served);
    const calls = reports.flatMap((report) => report.calls);
    const services = [...new Set(calls.map(({ service }) => service))];
    return [
      hop('client', 'balancer', client.protocol, client.requests, client.bytes, client.latencyMs),
      this.#hop('balancer', 'edge', frontProtocol, '', served),
      ...services.map((service) => {
        const own = calls.filter((call) => call.service === service);
        return this.#hop('edge', service, own[0]?.protocol ?? 'rest', service, own);
      }),
    ].filter(({ requests }) => requests > 0);
  }

  /** All calls of these servers as one client's. `lives` of each server, the running one last. */
  client(lives: ReadonlyMap<string, readonly CallLife[]>): ClientCounts {
    const outcomes = new Map<string, { status: string; by: string; requests: number }>();
    const add = ({ status, by, requests }: Outcome): void => {
      const known = outcomes.get(`${by}\n${status}`);
      if (known === undefined) outcomes.set(`${by}\n${status}`, { status, by, requests });
      else known.requests += requests;
    };
    let sent = 0;
    let inFlight = 0;
    let connectionsOpened = 0;
    for (const [server, all] of lives) {
      all.forEach((life, index) => {
        const told = this.#callsOf(server, index).flatMap((call) => call.outcomes);
        told.forEach(add);
        const open = life.sent - told.reduce((sum, { requests }) => sum + requests, 0);
        sent += life.sent;
        connectionsOpened += life.connectionsOpened;
        if (life.isRunning) inFlight += open;
        else if (open > 0) add({ status: LOST, by: 'client', requests: open });
      });
    }
    const ended = [...outcomes.values()];
    const count = (byClient: boolean): number =>
      ended.filter(({ by }) => (by === 'client') === byClient).reduce((sum, { requests }) => sum + requests, 0);
    return {
      sent,
      answered: count(false),
      failed: count(true),
      inFlight,
      retried: 0,
      connectionsOpened,
      connectionsOpen: [...lives].reduce((sum, [server, all]) => sum + this.callsOf(server, all).connectionsOpen, 0),
      outcomes: ended,
      latencyMs: NO_LATENCY,
      requestsPerSecond: 0,
    };
  }

  /** One server's calls, over all its lives. */
  callsOf(server: string, lives: readonly CallLife[]): CallCounts {
    const sum = (count: (life: CallLife) => number): number => lives.reduce((total, life) => total + count(life), 0);
    const open = this.#callsOf(server, lives.length - 1).reduce((total, call) => total + call.connectionsOpen, 0);
    return {
      sent: sum((life) => life.sent),
      connectionsOpened: sum((life) => life.connectionsOpened),
      connectionsOpen: lives.at(-1)?.isRunning === true ? open : 0,
    };
  }

  #callsOf(server: string, life: number): readonly InnerCallsReport[] {
    return this.#reports.get(`${server} ${life}`)?.calls ?? [];
  }

  #hop(from: string, to: string, protocol: Hop['protocol'], key: string, reports: readonly HopReport[]): Hop {
    const sum = (count: (report: HopReport) => number): number =>
      reports.reduce((total, report) => total + count(report), 0);
    const latencyMs = this.#latencies.get(key)?.summary() ?? NO_LATENCY;
    return hop(
      from,
      to,
      protocol,
      sum(({ requests }) => requests),
      sum(({ bytes }) => bytes),
      latencyMs,
    );
  }

  #record(key: string, report: HopReport): void {
    let recorder = this.#latencies.get(key);
    if (recorder === undefined) {
      recorder = new LatencyRecorder();
      this.#latencies.set(key, recorder);
    }
    for (const ms of report.latenciesMs) recorder.record(ms);
  }
}

function hop(
  from: string,
  to: string,
  protocol: Hop['protocol'],
  requests: number,
  bytes: number,
  latencyMs: Latency,
): Hop {
  const bytesPerRequest = requests === 0 ? 0 : Math.round(bytes / requests);
  return { from, to, protocol, requests, bytesPerRequest, latencyMs };
}
