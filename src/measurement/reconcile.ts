import { type Message, message } from '../base/message';
import type { BalancerCounts, ClientCounts, Reconciliation, RunTotals } from './snapshot';

/** A backend's own counters, summed over its lives if it was killed and revived during the run. */
export interface ServerLedger {
  readonly id: string;
  /** It was killed at least once during the run. */
  readonly died: boolean;
  readonly received: number;
  readonly answered: number;
  /** Its client went away before the answer. */
  readonly abandoned: number;
  readonly inFlight: number;
  readonly queued: number;
  readonly connectionsAccepted: number;
}

/** The three sides of one run. Read the servers after the client: what the client holds was counted there before. */
export interface Ledgers {
  readonly client: ClientCounts;
  /** null: no balancer in this arm. */
  readonly balancer: BalancerCounts | null;
  readonly servers: readonly ServerLedger[];
  /** The run is over and every side has reported for the last time. */
  readonly final: boolean;
}

/**
 * Holds the counts of client, balancer and backends of one run against each other and says, one message each, what does
 * not add up.
 *
 * At every moment:
 * - client: sent = answered + failed + inFlight, and the outcomes add up to answered + failed;
 * - no client holds more answers signed by a server than that server gave (servers count before they send).
 *
 * The reports of the sides are of slightly different moments, so all else is asked of the final counts only:
 * - client: nothing in flight;
 * - each server that did not die: received = answered + abandoned + inFlight + queued;
 * - *unexplained receipts*: requests that servers received and that did not become an answer in the client's hands (lost
 *   with a killed server, given up by a client that timed out, tried again elsewhere) are at most
 *   failed + retried + answered by the balancer itself + the balancer's further tries; what the balancer asked on behalf of
 *   requests (subrequests) no client sent, and it is taken off first;
 * - L7 balancer: answered <= requests taken in <= sent + retried; its own answers are those the client holds unsigned
 *   (up to failed + retried more); each server received at most what was forwarded to it (subrequests among it), and what was forwarded and
 *   never received is explained as above;
 * - connections: what one side opened the next one accepted, up to failed + retried, and but for servers that died.
 *   A client that fails to connect at all opened nothing. Nor did a balancer that stopped waiting for a server and went on
 *   to the next, though the server may have accepted: its further tries explain that.
 *
 * So in a run in which nothing failed and nothing was retried, every one of these is an equality.
 *
 * A browser as the client asks the balancer by itself whether it may send, and no script hears of it (CORS preflights): what
 * the balancer answered beyond what the page holds unsigned is that, is in none of the counts, and is told apart. It tells
 * no connections either, and may open some to the servers themselves: these two comparisons are left out.
 *
 * `counts`: client and backends: requests answered (of the backends without subrequests); balancer: requests taken in,
 * null without a balancer and on L4,
 * which sees connections only.
 */
export function reconcile(ledgers: Ledgers): Reconciliation {
  const { client, servers, final } = ledgers;
  const preflights = preflightsOf(ledgers);
  const balancer = withoutPreflights(ledgers.balancer, preflights);
  const differences = [...checkClient(client), ...checkAnswers(client, servers)];
  if (final) {
    differences.push(
      ...checkFinalClient(client),
      ...checkServers(servers),
      ...checkReceipts(client, balancer, servers),
      ...checkConnections(client, balancer, servers),
    );
    if (balancer !== null) differences.push(...checkBalancer(client, balancer, servers));
  }
  return {
    agree: differences.length === 0,
    differences,
    counts: {
      client: client.answered,
      balancer: balancer?.requests ?? null,
      ...(preflights === 0 ? {} : { preflights }),
      backends: sum(servers.map((server) => server.answered - Math.min(server.answered, askedOf(balancer, server.id)))),
      ...apart(balancer),
    },
  };
}

/** Questions of a browser that the balancer answered itself. */
function preflightsOf({ client, balancer, servers }: Ledgers): number {
  if (client.isBrowser !== true || balancer === null) return 0;
  const unsigned = client.answered - sum(servers.map((server) => signedBy(client, server.id)));
  return Math.max(0, balancer.answeredItself - unsigned);
}

function withoutPreflights(balancer: BalancerCounts | null, preflights: number): BalancerCounts | null {
  if (balancer === null || preflights === 0) return balancer;
  return {
    ...balancer,
    requests: balancer.requests === null ? null : balancer.requests - preflights,
    answeredItself: balancer.answeredItself - preflights,
  };
}

function checkClient(client: ClientCounts): Message[] {
  const { sent, answered, failed, inFlight } = client;
  const differences: Message[] = [];
  if (sent !== answered + failed + inFlight) {
    differences.push(
      message(
        'The client sent {sent} requests, but {answered} answered, {failed} failed and {inFlight} in flight do not add up to that',
        {
          sent,
          answered,
          failed,
          inFlight,
        },
      ),
    );
  }
  const outcomes = sum(client.outcomes.map((outcome) => outcome.requests));
  if (outcomes !== answered + failed) {
    differences.push(
      message('The client ended {ended} requests, but lists the outcomes of {outcomes}', {
        ended: answered + failed,
        outcomes,
      }),
    );
  }
  return differences;
}

function checkAnswers(client: ClientCounts, servers: readonly ServerLedger[]): Message[] {
  return servers.flatMap((server) => {
    const held = signedBy(client, server.id);
    return held <= server.answered
      ? []
      : [
          message('The client holds {held} answers from {server}, which gave {answered}', {
            held,
            server: server.id,
            answered: server.answered,
          }),
        ];
  });
}

function checkFinalClient(client: ClientCounts): Message[] {
  return client.inFlight === 0
    ? []
    : [
        message('The run is over, but the client still has {inFlight} requests in flight', {
          inFlight: client.inFlight,
        }),
      ];
}

function checkServers(servers: readonly ServerLedger[]): Message[] {
  return servers.flatMap((server) => {
    const { id, died, received, answered, abandoned, inFlight, queued } = server;
    // A thread that is killed between two counts leaves them one apart.
    return died || received === answered + abandoned + inFlight + queued
      ? []
      : [
          message(
            '{server} received {received} requests, but {accounted} are answered, given up, being served or waiting',
            {
              server: id,
              received,
              accounted: answered + abandoned + inFlight + queued,
            },
          ),
        ];
  });
}

function checkReceipts(
  client: ClientCounts,
  balancer: BalancerCounts | null,
  servers: readonly ServerLedger[],
): Message[] {
  const received = sum(servers.map((server) => server.received));
  const held = sum(servers.map((server) => signedBy(client, server.id)));
  const explained = explainedLosses(client, balancer) + (balancer?.subrequests ?? 0);
  return received - held <= explained
    ? []
    : [
        message(
          'The servers received {received} requests and the client holds {held} of their answers; failures and retries explain {explained} of the difference',
          {
            received,
            held,
            explained,
          },
        ),
      ];
}

function checkBalancer(client: ClientCounts, balancer: BalancerCounts, servers: readonly ServerLedger[]): Message[] {
  const { requests } = balancer;
  if (requests === null) return [];
  const differences: Message[] = [];
  const spare = client.failed + client.retried;
  if (requests < client.answered || requests > client.sent + client.retried) {
    differences.push(
      message('The client sent {sent} requests ({retried} more as retries), the balancer took in {requests}', {
        sent: client.sent,
        retried: client.retried,
        requests,
      }),
    );
  }
  const unsigned = client.answered - sum(servers.map((server) => signedBy(client, server.id)));
  if (balancer.answeredItself < unsigned || balancer.answeredItself > unsigned + spare) {
    differences.push(
      message(
        'The balancer answered {answeredItself} requests itself, the client holds {unsigned} answers that no server gave',
        {
          answeredItself: balancer.answeredItself,
          unsigned,
        },
      ),
    );
  }
  let forwardedInAll = 0;
  let receivedInAll = 0;
  for (const server of servers) {
    const forwarded = sum(
      balancer.peers
        .filter((peer) => peer.serverId === server.id)
        .map((peer) => (peer.requests ?? 0) + (peer.subrequests ?? 0)),
    );
    forwardedInAll += forwarded;
    receivedInAll += server.received;
    if (server.received > forwarded) {
      differences.push(
        message('The balancer forwarded {forwarded} requests to {server}, which received {received}', {
          forwarded,
          server: server.id,
          received: server.received,
        }),
      );
    }
  }
  const explained = explainedLosses(client, balancer);
  if (forwardedInAll - receivedInAll > explained) {
    differences.push(
      message(
        'The balancer forwarded {forwarded} requests, the servers received {received}; failures and retries explain {explained} of the difference',
        {
          forwarded: forwardedInAll,
          received: receivedInAll,
          explained,
        },
      ),
    );
  }
  return differences;
}

function checkConnections(
  client: ClientCounts,
  balancer: BalancerCounts | null,
  servers: readonly ServerLedger[],
): Message[] {
  const spare = client.failed + client.retried;
  const accepted = sum(servers.map((server) => server.connectionsAccepted));
  const anyDied = servers.some((server) => server.died);
  if (balancer === null) {
    return Math.abs(client.connectionsOpened - accepted) <= spare || anyDied
      ? []
      : [
          message('The client opened {opened} connections, the servers accepted {accepted}', {
            opened: client.connectionsOpened,
            accepted,
          }),
        ];
  }
  const differences: Message[] = [];
  if (client.isBrowser !== true && Math.abs(client.connectionsOpened - balancer.connectionsAccepted) > spare) {
    differences.push(
      message('The client opened {opened} connections, the balancer accepted {accepted}', {
        opened: client.connectionsOpened,
        accepted: balancer.connectionsAccepted,
      }),
    );
  }
  const opened = sum(balancer.peers.map((peer) => peer.connectionsOpened));
  // A browser may have knocked at the servers themselves.
  if (client.isBrowser === true && accepted > opened) return differences;
  const explained = balancer.requests === null ? spare + balancer.answeredItself : explainedLosses(client, balancer);
  if (opened !== accepted && !anyDied && Math.abs(opened - accepted) > explained) {
    differences.push(
      message('The balancer opened {opened} connections, the servers accepted {accepted}', { opened, accepted }),
    );
  }
  return differences;
}

/** How many requests may have reached a server without their answer reaching the client. */
function explainedLosses(client: ClientCounts, balancer: BalancerCounts | null): number {
  const atClient = client.failed + client.retried;
  if (balancer === null || balancer.requests === null) return atClient;
  const forwarded = sum(balancer.peers.map((peer) => peer.requests ?? 0));
  const asked = sum(balancer.peers.map((peer) => peer.subrequests ?? 0));
  const furtherTries = Math.max(0, forwarded - balancer.requests) + Math.max(0, asked - (balancer.subrequests ?? 0));
  return atClient + balancer.answeredItself + furtherTries;
}

/** What the balancer asked a server on behalf of requests. */
function askedOf(balancer: BalancerCounts | null, serverId: string): number {
  const peers = balancer?.peers.filter((peer) => peer.serverId === serverId) ?? [];
  return sum(peers.map((peer) => peer.subrequests ?? 0));
}

/** What stands beside the three counts, where there is any. */
function apart(balancer: BalancerCounts | null): Pick<RunTotals, 'answeredItself' | 'subrequests'> {
  if (balancer === null || balancer.requests === null) return {};
  const { subrequests = 0 } = balancer;
  return {
    ...(balancer.answeredItself === 0 ? {} : { answeredItself: balancer.answeredItself }),
    ...(subrequests === 0 ? {} : { subrequests }),
  };
}

/** Answers the client holds that the server signed. */
function signedBy(client: ClientCounts, serverId: string): number {
  return sum(client.outcomes.filter((outcome) => outcome.by === serverId).map((outcome) => outcome.requests));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
