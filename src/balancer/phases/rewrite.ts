import { escapeArgs, unescapeRedirect } from '../gateway/requestUri';
import type { IfCondition, LocationPlan, Plan, RewriteStep } from '../plan';
import { answerReturn, finish, redirect } from '../proxies/answers';
import type { Exchange } from '../proxies/exchange';
import type { VariableSource } from '../template';

/**
 * ngx_http_rewrite_module: runs the steps in the order of the file. 'done': the request was answered; 'moved': it has
 * another path, whose location is to be found; 'here': it goes on where it is.
 */
export function rewrite(exchange: Exchange, steps: readonly RewriteStep[]): 'done' | 'moved' | 'here' {
  const run = new RewriteRun(exchange);
  if (!run.run(steps)) return 'done';
  return run.moved ? 'moved' : 'here';
}

class RewriteRun {
  moved = false;
  #over = false;

  constructor(readonly exchange: Exchange) {}

  /** False: the request was answered. */
  run(steps: readonly RewriteStep[]): boolean {
    const { exchange } = this;
    for (const step of steps) {
      if (this.#over) return true;
      switch (step.kind) {
        case 'return':
          answerReturn(exchange, step.status, step.body);
          return false;
        case 'set':
          exchange.set(step.variable, step.value.evaluate(exchange));
          break;
        case 'if':
          if (holds(exchange, step.condition) && !this.run(step.steps)) return false;
          break;
        case 'break':
          this.#stay();
          break;
        case 'rewrite':
          if (!this.#rewrite(step)) return false;
          break;
      }
    }
    return true;
  }

  /** The path is not the location's any more, if it changed (ngx_http_script_break_code). */
  #stay(): void {
    if (this.moved) this.exchange.isLocationsOwn = false;
    this.moved = false;
    this.#over = true;
  }

  #rewrite({ pattern, path, args, keepsArgs, then }: Extract<RewriteStep, { kind: 'rewrite' }>): boolean {
    const { exchange } = this;
    const match = pattern.exec(exchange.path);
    if (match === null) {
      exchange.captures = null;
      return true;
    }
    exchange.captured(match);
    exchange.internal = true;
    exchange.isUnparsed = false;
    const escaping = escapingCaptures(exchange);
    const isRedirect = typeof then === 'number';
    const newPath = path.evaluate(isRedirect ? escaping : exchange);
    const added = keepsArgs ? exchange.args : '';
    const written = args?.evaluate(escaping) ?? null;
    if (isRedirect) {
      const query = written === null ? added : added === '' ? written : `${written}&${added}`;
      const location = unescapeRedirect(newPath);
      redirect(exchange, then, written === null && query === '' ? location : `${location}?${query}`);
      return false;
    }
    if (newPath === '') {
      exchange.logError('error', 'the rewritten URI has a zero length');
      finish(exchange, 500);
      return false;
    }
    exchange.path = newPath;
    if (written !== null) exchange.args = added === '' ? written : `${written}&${added}`;
    else if (!keepsArgs) exchange.args = '';
    this.moved = then !== 'break';
    if (then === 'break') exchange.isLocationsOwn = false;
    this.#over = then !== 'on';
    return true;
  }
}

/** Captures in arguments and redirects are escaped where the client's path had escapes (ngx_http_script_copy_capture_code). */
function escapingCaptures(exchange: Exchange): VariableSource {
  if (!/^[^?]*[%+]/.test(exchange.target)) return exchange;
  return { variable: (name) => (/^\d$/.test(name) ? escapeArgs(exchange.variable(name)) : exchange.variable(name)) };
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
