import { resolve } from 'node:path';
import { systemClock } from '../../src/base/clock';
import { defaultsOf, type LabDefinition } from '../../src/lab/labDefinition';
import { readLab } from '../../src/lab/labFiles';
import { LabRun, type LabRunOptions } from '../../src/lab/labRun';
import type { Snapshot } from '../../src/measurement/snapshot';
import type { RunParams } from '../../src/protocol/run';

/** Workers as they ship; the test command builds them first. */
export const builtWorkers = {
  balancer: resolve('dist/workers/balancer.js'),
  backend: resolve('dist/workers/backend.js'),
  traffic: resolve('dist/workers/traffic.js'),
};

export async function labNamed(id: string): Promise<LabDefinition> {
  const lab = await readLab(resolve('labs/traffic-lab', id));
  if (lab === null || !lab.definition.ok) throw new Error(`lab ${id} cannot be read`);
  return lab.definition.value;
}

/** An arm as it runs from the command line: with the defaults of its scenario, where nothing else is said. */
export function runArm(definition: LabDefinition, armId: string, params: Partial<RunParams> = {}) {
  const arm = definition.arms.find((candidate) => candidate.id === armId);
  if (arm === undefined) throw new Error(`no arm ${armId}`);
  return runOf(definition, armId, { ...defaultsOf(definition, arm, params.scenario), ...params }).run.run();
}

/** A run of an arm, with its snapshots to wait on. */
export function runOf(
  definition: LabDefinition,
  armId: string,
  params: Partial<RunParams> = {},
  options: Partial<LabRunOptions> = {},
) {
  const arm = definition.arms.find((candidate) => candidate.id === armId);
  if (arm === undefined) throw new Error(`no arm ${armId}`);
  const watchers = new Set<(snapshot: Snapshot) => void>();
  const run = new LabRun({
    definition,
    arm,
    params: { ...definition.defaults, rate: null, seed: 7, ...params },
    workers: builtWorkers,
    clock: systemClock(),
    onSnapshot: (snapshot) => {
      for (const watch of watchers) watch(snapshot);
    },
    ...options,
  });
  /** The first snapshot from now on that is as wanted. */
  const until = (wanted: (snapshot: Snapshot) => boolean): Promise<Snapshot> =>
    new Promise((found) => {
      const watch = (snapshot: Snapshot): void => {
        if (!wanted(snapshot)) return;
        watchers.delete(watch);
        found(snapshot);
      };
      watchers.add(watch);
    });
  return { run, until };
}
