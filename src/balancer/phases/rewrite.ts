import type { IfCondition, LocationPlan, Plan, RewriteStep } from '../plan';
import { answerReturn } from '../proxies/answers';
import type { Exchange } from '../proxies/exchange';

/** ngx_http_rewrite_module: runs `set`, `if` and `return` in the order of the file. False: the request was answered. */
export function rewrite(exchange: Exchange, steps: readonly RewriteStep[]): boolean {
  for (const step of steps) {
    switch (step.kind) {
      case 'return':
        answerReturn(exchange, step.status, step.body);
        return false;
      case 'set':
        exchange.set(step.variable, step.value.evaluate(exchange));
        break;
      case 'if':
        if (holds(exchange, step.condition) && !rewrite(exchange, step.steps)) return false;
        break;
    }
  }
  return true;
}

function holds(exchange: Exchange, condition: IfCondition): boolean {
  const tested = condition.tested.evaluate(exchange);
  switch (condition.kind) {
    case 'set':
      return tested !== '' && tested !== '0';
    case 'equals':
      return (tested === condition.value.evaluate(exchange)) !== condition.negated;
    case 'matches': {
      const match = condition.pattern.exec(tested);
      if (match === null) exchange.captures = null;
      else exchange.captured(match);
      return (match !== null) !== condition.negated;
    }
  }
}

/** The variables that `set` steps of a configuration name: they exist, if empty, in every request. */
export function setVariables(plan: Plan): ReadonlySet<string> {
  const names = new Set<string>();
  const take = (steps: readonly RewriteStep[]) => {
    for (const step of steps) {
      if (step.kind === 'set') names.add(step.variable);
      else if (step.kind === 'if') take(step.steps);
    }
  };
  const takeAll = (locations: readonly LocationPlan[]) => {
    for (const { rewrite: steps, locations: inner } of locations) {
      take(steps);
      takeAll(inner);
    }
  };
  for (const { rewrite: steps, locations } of plan.http?.servers ?? []) {
    take(steps);
    takeAll(locations);
  }
  return names;
}
