import { RequestLimits } from '../../../../src/balancer/gateway/limit';
import type { LimitConn, LimitReq } from '../../../../src/balancer/plan';
import { compileTemplate } from '../../../../src/balancer/template';

function keyOf(text: string) {
  const compiled = compileTemplate(text);
  if (!compiled.ok) throw new Error(text);
  return compiled.value;
}

const span = { file: 'nginx.conf', line: 1, column: 1, endLine: 1, endColumn: 1 };

export function limitReq(
  options: { name?: string; key?: string; rate?: number; bytes?: number; burst?: number; delay?: number } = {},
): LimitReq {
  const { name = 'one', key = '$arg_k', rate = 1, bytes = 65_536, burst = 0, delay = 0 } = options;
  return { zone: { name, key: keyOf(key), ratePerSecond: rate, bytes, span }, burst, delay };
}

export function limitConn(
  options: { name?: string; key?: string; bytes?: number; connections?: number } = {},
): LimitConn {
  const { name = 'one', key = '$arg_k', bytes = 65_536, connections = 1 } = options;
  return { zone: { name, key: keyOf(key), bytes, span }, connections };
}

/** Limits with a clock that stands until it is set, and what they logged. */
export class LimitsRig {
  nowMs = 1_000_000;
  readonly logs: string[] = [];
  readonly limits = new RequestLimits(() => this.nowMs);
  readonly log = (level: string, text: string): void => {
    this.logs.push(`[${level}] ${text}`);
  };

  source(value: string) {
    return { variable: () => value };
  }

  /** 'pass', 'refuse' or the delay in ms. */
  request(limits: readonly LimitReq[], key = 'a', dryRun = false): 'pass' | 'refuse' | number {
    const verdict = this.limits.request(limits, dryRun, this.source(key), this.log);
    return verdict.kind === 'delay' ? verdict.ms : verdict.kind;
  }
}

export function limitsRig(): LimitsRig {
  return new LimitsRig();
}
