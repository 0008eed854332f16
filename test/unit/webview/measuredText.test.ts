import { beforeEach, describe, expect, it } from 'vitest';
import type { LabResult, LabState } from '../../../src/protocol/webview';
import { measuredText, measuredValue } from '../../../webview/course/measuredText';
import { setLanguage } from '../../../webview/strings';

const NOON = new Date(2019, 10, 23, 12).getTime();

/** A lab of which each named arm was run at that moment with those readings. */
function lab(
  runs: Readonly<Record<string, readonly [number, Readonly<Record<string, number>>]>>,
): Pick<LabState, 'results' | 'readings'> {
  const entries = Object.entries(runs);
  return {
    results: Object.fromEntries(entries.map(([arm, [finishedAt]]) => [arm, { finishedAt } as LabResult])),
    readings: Object.fromEntries(entries.map(([arm, [, readings]]) => [arm, readings])),
  };
}

const one = (reading: string, value: number) =>
  measuredValue(lab({ a: [NOON, { [reading]: value }] }), { arm: 'a', reading, over: null })?.value ?? null;

describe('a measured value in the text', () => {
  beforeEach(() => setLanguage('en', {}));

  it.each([
    ['latencyMs.p99', 12.34, '12.3 ms'],
    ['encodeMicros', 3.21, '3.21 µs'],
    ['bytes.request', 1234, '1,234 B'],
    ['bytes.onWire', 45_600, '46 kB'],
    ['requestsPerSecond', 1899.6, '1,900 per second'],
    ['availability', 99.5, '99.5 %'],
    ['busiestShare', 1, '100 %'],
    ['sessions.lost', 0, '0'],
    ['maxOverMean', 1.04, '1.04'],
  ])('has the unit of its reading: %s', (reading, value, text) => {
    expect(one(reading, value)).toBe(text);
  });

  it('is of one arm over another where a ratio is asked for, with the later date', () => {
    const runs = lab({ rest: [NOON, { 'bytes.request': 190 }], grpc: [NOON + 1, { 'bytes.request': 100 }] });
    const measured = measuredValue(runs, { arm: 'rest', reading: 'bytes.request', over: 'grpc' });
    expect(measured).toEqual({ value: '1.9×', at: NOON + 1 });
  });

  it.each([
    [{}],
    [{ rest: [NOON, { failed: 3 }] as const }],
    [{ rest: [NOON, { failed: 3 }] as const, grpc: [NOON, { failed: 0 }] as const }],
    [{ rest: [NOON, {}] as const, grpc: [NOON, { failed: 2 }] as const }],
  ])('is not there before both arms were run, or with nothing to divide by: %j', (runs) => {
    expect(measuredValue(lab(runs), { arm: 'rest', reading: 'failed', over: 'grpc' })).toBeNull();
  });

  it('says whose it is and of which day, in the language of the page', () => {
    expect(measuredText({ value: '1.9×', at: NOON })).toBe('here: 1.9×, Nov 23, 2019');
    setLanguage('ko', { 'here: {value}, {day}': '내 측정값: {value}, {day}' });
    expect(measuredText({ value: '1.9배', at: NOON })).toBe('내 측정값: 1.9배, 2019년 11월 23일');
  });
});
