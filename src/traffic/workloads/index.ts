import type { WorkloadPlan } from '../../protocol/trafficWorker';
import { getOrderWorkload } from './getOrder';
import { messageWorkload } from './message';
import { ordersByClient } from './ordersByClient';
import { streamWorkload } from './stream';
import type { Workload, WorkloadParts } from './workload';

type Make<Kind extends WorkloadPlan['kind']> = (
  plan: Extract<WorkloadPlan, { readonly kind: Kind }>,
  parts: WorkloadParts,
) => Workload;

/** Every kind of workload. To add one: its file in this folder and a line here. */
const workloads: { readonly [Kind in WorkloadPlan['kind']]: Make<Kind> } = {
  'get-order': getOrderWorkload,
  'orders-by-client': ordersByClient,
  message: messageWorkload,
  stream: streamWorkload,
};

export function createWorkload(plan: WorkloadPlan, parts: WorkloadParts): Workload {
  // The table pairs each kind with its own plan.
  return (workloads[plan.kind] as (plan: WorkloadPlan, parts: WorkloadParts) => Workload)(plan, parts);
}
