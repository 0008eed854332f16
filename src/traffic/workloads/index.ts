import type { WorkloadPlan } from '../../protocol/trafficWorker';
import { gatewayWorkload } from './gateway';
import { getOrderWorkload } from './getOrder';
import { messageWorkload } from './message';
import { ordersByClient } from './ordersByClient';
import { pathsWorkload } from './paths';
import { sessionsWorkload } from './sessions';
import { streamWorkload } from './stream';
import { summaryWorkload } from './summary';
import type { Workload, WorkloadParts } from './workload';

type Make<Kind extends WorkloadPlan['kind']> = (
  plan: Extract<WorkloadPlan, { readonly kind: Kind }>,
  parts: WorkloadParts,
) => Workload;

/** Every kind of workload. To add one: its file in this folder and a line here. */
const workloads: { readonly [Kind in WorkloadPlan['kind']]: Make<Kind> } = {
  'get-order': getOrderWorkload,
  'orders-by-client': ordersByClient,
  gateway: gatewayWorkload,
  paths: pathsWorkload,
  sessions: sessionsWorkload,
  summary: summaryWorkload,
  message: messageWorkload,
  stream: streamWorkload,
};

export function createWorkload(plan: WorkloadPlan, parts: WorkloadParts): Workload {
  // The table pairs each kind with its own plan.
  return (workloads[plan.kind] as (plan: WorkloadPlan, parts: WorkloadParts) => Workload)(plan, parts);
}
