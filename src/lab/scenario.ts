import type { ScenarioAction, ScenarioDefinition } from './labDefinition';
import type { LabRun } from './labRun';

/** Counts of sent requests at which a scenario's events happen, in their order. */
export function marksOf(scenario: ScenarioDefinition | undefined, requests: number): readonly number[] {
  return (scenario?.events ?? []).map(({ at }) => Math.min(requests, Math.max(1, Math.round(at * requests))));
}

/** Does to a run what a reader could do to it by hand. */
export async function act(run: LabRun, action: ScenarioAction): Promise<void> {
  switch (action.do) {
    case 'kill':
      return run.killServer(action.server);
    case 'revive':
      return run.reviveServer(action.server);
    case 'restart':
      await run.killServer(action.server);
      return run.reviveServer(action.server);
    case 'slow':
      return run.setFault(action.server, { slowFactor: action.factor, errorRate: 0 });
    case 'fail':
      return run.setFault(action.server, { slowFactor: 1, errorRate: action.rate });
    case 'heal':
      return run.setFault(action.server, { slowFactor: 1, errorRate: 0 });
    case 'drain':
      return run.setDrained(action.server, true);
    case 'add':
      return run.addServer();
    case 'rate':
      return run.setRate(action.requestsPerSecond);
    case 'population':
      return run.setPopulation(action.population);
  }
}
