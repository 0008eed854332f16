import { GRPC_STATUSES } from '../base/grpcStatus';
import { sortedOutcomes } from './clientCounter';
import type { Outcome, OwnAnswers, PipelineCounts, Stage, StageCounts } from './snapshot';

/** What a gRPC client makes of an HTTP status without a grpc-status (grpc: http-grpc-status-mapping.md). */
const FROM_HTTP: Readonly<Record<number, (typeof GRPC_STATUSES)[number]>> = {
  400: 'INTERNAL',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'UNIMPLEMENTED',
  429: 'UNAVAILABLE',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'UNAVAILABLE',
};

/**
 * The clients' outcomes with the stage in place of "balancer": a client sees only that no server signed an answer, the
 * balancer counted by stage what it answered itself. Answers of a status are the stages' in the order of `own` as far as
 * those gave any; what the balancer has not reported yet stays "balancer". Every answer stays in the list once.
 */
export function outcomesByStage(
  outcomes: readonly Outcome[],
  own: readonly OwnAnswers[],
  protocol: 'rest' | 'grpc',
): readonly Outcome[] {
  const split: Outcome[] = [];
  for (const outcome of outcomes) {
    if (outcome.by !== 'balancer') {
      split.push(outcome);
      continue;
    }
    let left = outcome.requests;
    const byStage = new Map<string, number>();
    for (const answers of own) {
      if (answers.stage === null || statusSeen(answers, protocol) !== outcome.status) continue;
      const taken = Math.min(left, answers.requests);
      left -= taken;
      byStage.set(answers.stage, (byStage.get(answers.stage) ?? 0) + taken);
    }
    for (const [stage, requests] of [...byStage, ['balancer', left] as const]) {
      if (requests > 0) split.push({ status: outcome.status, by: stage, requests });
    }
  }
  return sortedOutcomes(split);
}

/** The stages' own counts; what has arrived and is in neither of the others waits, or a server failed it. */
export function stageCounts({ flows, own }: PipelineCounts, stages: readonly Stage[]): readonly StageCounts[] {
  const sum = (counts: readonly { readonly requests: number }[]): number =>
    counts.reduce((total, { requests }) => total + requests, 0);
  return stages.map((stage) => {
    const answers = own.filter((answer) => answer.stage === stage);
    return {
      stage,
      arrived: sum(flows.filter(({ to }) => to === stage)),
      through: sum(flows.filter(({ from }) => from === stage)) + sum(answers.filter((answer) => !isRefusal(answer))),
      refused: sum(answers.filter(isRefusal)),
    };
  });
}

/** An error in HTTP's words, or in gRPC's (whose answers are all 2xx). */
function isRefusal({ status, grpcStatus }: OwnAnswers): boolean {
  return status >= 400 || (grpcStatus !== null && grpcStatus !== 0);
}

/** The word by which a client counts an answer: see Outcome.status. */
export function statusSeen({ status, grpcStatus }: OwnAnswers, protocol: 'rest' | 'grpc'): string {
  if (protocol === 'rest') return String(status);
  return grpcStatus === null ? (FROM_HTTP[status] ?? 'UNKNOWN') : (GRPC_STATUSES[grpcStatus] ?? 'UNKNOWN');
}
