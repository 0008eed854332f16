import type { WorkloadPlan } from '../../protocol/trafficWorker';
import { getOrderWorkload } from './getOrder';
import { pathsWorkload } from './paths';
import type { Workload } from './workload';

type Services = Readonly<Record<string, string>>;
type Make<Kind extends WorkloadPlan['kind']> = (
  plan: Extract<WorkloadPlan, { readonly kind: Kind }>,
  services: Services,
) => Workload;

/** Every kind of workload. To add one: its file in this folder and a line here. */
const workloads: { readonly [Kind in WorkloadPlan['kind']]: Make<Kind> } = {
  'get-order': getOrderWorkload,
  paths: pathsWorkload,
};

/** `services`: what each server does, by its id. */
export function createWorkload(plan: WorkloadPlan, services: Services = {}): Workload {
  // The table pairs each kind with its own plan.
  return (workloads[plan.kind] as (plan: WorkloadPlan, services: Services) => Workload)(plan, services);
}
