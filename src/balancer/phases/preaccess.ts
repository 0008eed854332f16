import type { LimitLogLevel } from '../plan';
import { finish } from '../proxies/answers';
import type { Exchange } from '../proxies/exchange';

const LEVELS: readonly LimitLogLevel[] = ['info', 'notice', 'warn', 'error'];

/** Refusals at the level of the file, delays one below. */
function asSaid(level: 'error' | 'warn', said: LimitLogLevel): LimitLogLevel {
  return level === 'error' ? said : (LEVELS[LEVELS.indexOf(said) - 1] ?? 'info');
}

/** limit_req, then `next`, perhaps after the delay. Asked once per client request, as limit_conn is. */
export function limitRequests(exchange: Exchange, next: (exchange: Exchange) => void): void {
  const { main, settings } = exchange;
  if (main.limitReqStatus !== null) {
    next(exchange);
    return;
  }
  exchange.reach('limit');
  const { engine } = exchange.generation;
  const verdict = engine.limits.request(settings.limitReqs, settings.limitReqDryRun, exchange, (level, text) =>
    exchange.logError(asSaid(level, settings.limitReqLogLevel), text),
  );
  main.limitReqStatus = verdict.outcome;
  if (verdict.kind === 'pass') next(exchange);
  else if (verdict.kind === 'refuse') {
    exchange.refusedBy = 'limit';
    finish(exchange, settings.limitReqStatus);
  } else {
    const timer = engine.clock.setTimeout(() => exchange.goOn(next), verdict.ms);
    exchange.waitFor(() => timer.cancel());
  }
}

/** limit_conn. False: refused, and answered. */
export function limitConnections(exchange: Exchange): boolean {
  const { main, settings } = exchange;
  if (main.limitConnStatus !== null) return true;
  exchange.reach('limit');
  const { limits } = exchange.generation.engine;
  const verdict = limits.connection(settings.limitConns, settings.limitConnDryRun, exchange, (level, text) =>
    exchange.logError(asSaid(level, settings.limitConnLogLevel), text),
  );
  main.limitConnStatus = verdict.outcome;
  if (verdict.kind === 'pass') {
    main.release = verdict.release;
    return true;
  }
  exchange.refusedBy = 'limit';
  finish(exchange, settings.limitConnStatus);
  return false;
}
