import type { WorkloadPlan } from '../../protocol/trafficWorker';
import { getOrderWorkload } from './getOrder';
import { ordersByClient } from './ordersByClient';
import { summaryWorkload } from './summary';
import type { Workload } from './workload';

type Make<Kind extends WorkloadPlan['kind']> = (plan: Extract<WorkloadPlan, { readonly kind: Kind }>) => Workload;

/** Every kind of workload. To add one: its file in this folder and a line here. */
const workloads: { readonly [Kind in WorkloadPlan['kind']]: Make<Kind> } = {
  'get-order': getOrderWorkload,
  'orders-by-client': ordersByClient,
  summary: summaryWorkload,
};

export function createWorkload(plan: WorkloadPlan): Workload {
  // The table pairs each kind with its own plan.
  return (workloads[plan.kind] as (plan: WorkloadPlan) => Workload)(plan);
}
