import { beforeAll, describe, expect, it } from 'vitest';
import type { LabDefinition } from '../../src/lab/labDefinition';
import type { RunResult } from '../../src/protocol/run';
import { labNamed, runArm } from '../harness/labs';

/** The lab "algorithms": what each policy does with the same load when servers differ, die or join. */

let lab: LabDefinition;
beforeAll(async () => {
  lab = await labNamed('algorithms');
});

const ran = async (arm: string, scenario: string, load: { requests?: number; rate?: number | null } = {}) => {
  const { result, snapshot } = await runArm(lab, arm, { requests: 900, ...load, scenario });
  expect(snapshot.reconciliation).toMatchObject({ agree: true, differences: [] });
  expect(result).toMatchObject({ failed: 0, inFlight: 0, scenario });
  expect(result.sent).toBe(result.answered);
  return result;
};

const requestsOf = (result: RunResult, id: string) => result.servers.find((server) => server.id === id)?.requests ?? 0;

describe('equal servers', () => {
  it.each([
    ['round-robin', 1.02],
    ['least-conn', 1.3],
    ['random-two', 1.3],
  ])('%s is even', async (arm, atMost) => {
    expect((await ran(arm, 'equal')).maxOverMean).toBeLessThanOrEqual(atMost);
  });

  it('weighted follows its weights', async () => {
    const result = await ran('weighted', 'equal');
    expect(result.servers.map(({ requests }) => requests)).toEqual([450, 300, 150]);
  });

  it.each(['ip-hash', 'hash-consistent'])('%s answers each client from one server', async (arm) => {
    const { result } = await runArm(lab, arm, { requests: 300, clients: 1, concurrency: 1, rate: null });
    expect(result.servers.filter(({ requests }) => requests > 0)).toHaveLength(1);
  });

  it('tells the latency of each server', async () => {
    const { serverLatency } = await ran('round-robin', 'equal');
    expect(serverLatency?.map(({ id }) => id)).toEqual(['server-a', 'server-b', 'server-c']);
    expect(serverLatency?.every(({ p50, p99 }) => p50 > 0 && p99 >= p50)).toBe(true);
  });
});

describe('one slow server', () => {
  it('least-conn and peak-ewma hold p99 under 0.7 of round-robin’s', async () => {
    const blind = await ran('round-robin', 'one-slow');
    expect(requestsOf(blind, 'server-b')).toBe(300);
    for (const arm of ['least-conn', 'peak-ewma']) {
      const seeing = await ran(arm, 'one-slow');
      expect(requestsOf(seeing, 'server-b')).toBeLessThan(200);
      expect(seeing.latencyMs.p99).toBeLessThan(0.7 * blind.latencyMs.p99);
    }
  });
});

describe('skewed clients', () => {
  it.each(['ip-hash', 'hash-consistent'])('%s sends half of the load to the big customer’s server', async (arm) => {
    expect((await ran(arm, 'skewed-clients')).maxOverMean).toBeGreaterThanOrEqual(1.5);
  });

  it('round-robin does not look at who asks', async () => {
    expect((await ran('round-robin', 'skewed-clients')).maxOverMean).toBeLessThanOrEqual(1.02);
  });
});

describe('a server dies and comes back', () => {
  it.each(['round-robin', 'least-conn', 'hash-consistent'])('%s answers everything', async (arm) => {
    const result = await ran(arm, 'server-dies');
    expect(result.outcomes.every(({ status }) => status === '200')).toBe(true);
    expect(requestsOf(result, 'server-b')).toBeLessThan(requestsOf(result, 'server-a'));
  });
});

describe('a server joins', () => {
  it('hash-consistent moves about a quarter of the clients, ip-hash far more', async () => {
    const consistent = await ran('hash-consistent', 'scale-out');
    const modulo = await ran('ip-hash', 'scale-out');
    expect(requestsOf(consistent, 'server-d')).toBeGreaterThan(0);
    expect(consistent.moved).toBeGreaterThan(0.1);
    expect(consistent.moved).toBeLessThan(0.42);
    expect(modulo.moved).toBeGreaterThan(0.55);
  });

  it('says nothing of moves where no server joined', async () => {
    expect(await ran('hash-consistent', 'equal')).not.toHaveProperty('moved');
  });
});
