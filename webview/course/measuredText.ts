import type { LabState } from '../../src/protocol/webview';
import { count, milliseconds, percent, requestsText, shortDay, significant, t, times } from '../strings';

/** What a link to a measured value asks for; see src/course/measuredLink.ts. */
export interface MeasuredQuery {
  readonly arm: string;
  readonly reading: string;
  /** The arm whose reading it is divided by; null: the reading as it is. */
  readonly over: string | null;
}

export interface MeasuredValue {
  /** "1.9×", "12.5 ms". */
  readonly value: string;
  /** When the run, or the later of the two, ended: ms since the Unix epoch. */
  readonly at: number;
}

/** The reader's own value; null: not measured yet, or nothing to divide by. */
export function measuredValue(lab: Pick<LabState, 'results' | 'readings'>, query: MeasuredQuery): MeasuredValue | null {
  const measured = read(lab, query.arm, query.reading);
  if (measured === null) return null;
  if (query.over === null) return { value: withUnit(query.reading, measured.value), at: measured.at };
  const base = read(lab, query.over, query.reading);
  if (base === null || !(base.value > 0)) return null;
  return { value: times(measured.value / base.value), at: Math.max(measured.at, base.at) };
}

/** "here: 1.9×, Nov 23": the reader's own, and of that day. */
export function measuredText({ value, at }: MeasuredValue): string {
  return t('here: {value}, {day}', { value, day: shortDay(at) });
}

function read(
  lab: Pick<LabState, 'results' | 'readings'>,
  arm: string,
  name: string,
): { readonly value: number; readonly at: number } | null {
  const value = lab.readings[arm]?.[name];
  const at = lab.results[arm]?.finishedAt;
  return value === undefined || !Number.isFinite(value) || at === undefined ? null : { value, at };
}

/** The unit follows from the name, as in the result object: `Ms`, `Micros`, `bytes.`, shares and percents. */
function withUnit(name: string, value: number): string {
  if (/Ms(\.|$)/.test(name)) return milliseconds(value);
  if (name.endsWith('Micros')) return `${significant(value)} µs`;
  if (name.startsWith('bytes.') || name.endsWith('.bytesPerRequest')) return bytes(value);
  if (name === 'availability') return percent(value / 100);
  if (name === 'busiestShare') return percent(value);
  if (name === 'requestsPerSecond') return t('{count} per second', { count: count(Math.round(value)) });
  if (name === 'moved') return percent(value);
  if (REQUESTS.has(name)) return requestsText(value);
  return significant(value);
}

const REQUESTS: ReadonlySet<string> = new Set(['sent', 'answered', 'failed']);

function bytes(value: number): string {
  return value < 10_000 ? `${count(Math.round(value))} B` : `${significant(value / 1000)} kB`;
}
