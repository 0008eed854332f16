import { beforeAll, describe, expect, it } from 'vitest';
import type { LabDefinition } from '../../src/lab/labDefinition';
import type { Snapshot } from '../../src/measurement/snapshot';
import type { RunParams } from '../../src/protocol/run';
import { labNamed, runOf } from '../harness/labs';

/** The course says when an added server gets its first request, arm by arm, and what the number of connections does. */

let lab: LabDefinition;
beforeAll(async () => {
  lab = await labNamed('grpc-pinning');
});

function requestsOf(snapshot: Snapshot, server: string): number {
  return snapshot.servers.find((candidate) => candidate.id === server)?.requests ?? 0;
}

/** Runs the arm and adds a server after 200 answers. */
async function runWithAdded(arm: string, params: Partial<RunParams>) {
  const { run, until } = runOf(lab, arm, { clients: 1, ...params });
  const finished = run.run();
  await until((snapshot) => snapshot.client.answered > 200);
  await run.addServer();
  return { run, until, finished };
}

describe('a server added while traffic runs', () => {
  it.each([
    ['rest-new-sockets', { requests: 1_000, rate: 1_000 }],
    ['grpc-l4-max-age', { requests: 2_000, rate: 400 }],
  ])('gets requests over new connections under %s', async (arm, params) => {
    const { finished } = await runWithAdded(arm, params);
    expect(requestsOf((await finished).snapshot, 'server-d')).toBeGreaterThan(0);
  });

  it('gets nothing while the keep-alive connection stands', async () => {
    const { finished } = await runWithAdded('rest-keepalive', { requests: 600, rate: null });
    expect(requestsOf((await finished).snapshot, 'server-d')).toBe(0);
  });

  it('gets nothing from a balancing client until that loses a connection and resolves the name again', async () => {
    const { run, until, finished } = await runWithAdded('grpc-client-side', { requests: 2_400, rate: 400 });
    const unseen = await until((snapshot) => snapshot.client.answered > 500);
    expect(requestsOf(unseen, 'server-d')).toBe(0);
    await run.killServer('server-a');
    expect(requestsOf((await finished).snapshot, 'server-d')).toBeGreaterThan(0);
  });
});

describe('client connections under grpc-l4', () => {
  it.each([
    [2, 2],
    [3, 3],
    [30, 3],
  ])('%i connections keep %i servers busy', async (clients, busy) => {
    const { result } = await runOf(lab, 'grpc-l4', { requests: 300, clients, rate: null }).run.run();
    expect(result.servers.filter((server) => server.requests > 0)).toHaveLength(busy);
    expect(result.servers.reduce((sum, server) => sum + server.connections, 0)).toBe(clients);
    const requests = result.servers.map((server) => server.requests);
    if (clients === 30) expect(Math.max(...requests) - Math.min(...requests)).toBeLessThanOrEqual(30);
  });
});
