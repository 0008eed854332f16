import { type Message, message } from '../base/message';
import type { ExpectationVerdict, Words } from '../protocol/exercise';
import type { RunResult } from '../protocol/run';
import { type Bounds, type ExerciseDefinition, type Expectation, usesReadersFile, type Value } from './exercise';
import { nameOf, written } from './readingNames';
import { readingsOf } from './readings';

/** Result of each run of a check by the run's id; null: it could not be made. */
export type CheckedRuns = Readonly<Record<string, RunResult | null>>;

/** Holds what an exercise wants against what its runs measured: one verdict for each expectation and run. */
export function judge(exercise: ExerciseDefinition, runs: CheckedRuns): readonly ExpectationVerdict[] {
  const own = exercise.runs.filter((run) => usesReadersFile(exercise, run)).map(({ id }) => id);
  const verdicts = exercise.expect.flatMap((expectation) =>
    (expectation.run === null ? own : [expectation.run]).map((run) => judgeRun(expectation, run, runs)),
  );
  return verdicts.map((verdict, index) => {
    // Where nothing could be measured the first advice is the one that counts; what follows would be guesses.
    const advised = verdicts.slice(0, index).some(({ run, help }) => run === verdict.run && help !== null);
    return verdict.value === null && advised ? { ...verdict, help: null } : verdict;
  });
}

function judgeRun(expectation: Expectation, run: string, runs: CheckedRuns): ExpectationVerdict {
  const result = runs[run] ?? null;
  const value = result === null ? null : taken(expectation, result);
  const other = expectation.of === null ? null : (runs[expectation.of] ?? null);
  const base = expectation.of === null ? 1 : other === null ? null : taken(expectation, other);
  const named = nameOf(expectation.reading, expectation.where);
  const unit = expectation.shareOf === null ? named.unit : 'share';
  const met = value !== null && base !== null && isWithin(value, expectation, base);
  return {
    met,
    run,
    reading: expectation.reading,
    value,
    name: expectation.name === null ? { message: named.name } : { written: expectation.name },
    seen: value === null ? message('nothing to measure') : message('{value}', { value: written(value, unit) }),
    wanted: wanted(expectation, base, unit),
    help: met ? null : helpFor(expectation, result, runs),
  };
}

function taken(expectation: Expectation, result: RunResult): number | null {
  const value = valueIn(expectation, result);
  if (expectation.shareOf === null || value === null) return value;
  const whole = readingsOf(result)[expectation.shareOf] ?? 0;
  return whole === 0 ? null : value / whole;
}

/** null: the run has no such number. */
function valueIn({ reading, where }: Value, result: RunResult): number | null {
  if (where === null) return readingsOf(result)[reading] ?? null;
  const list: unknown = reading
    .split('.')
    .reduce<unknown>((part, name) => (isRecord(part) ? part[name] : undefined), result);
  if (!Array.isArray(list)) return null;
  return (list as unknown[])
    .filter(isRecord)
    .filter((entry) => Object.entries(where).every(([field, text]) => String(entry[field]) === text))
    .reduce((sum, { requests }) => sum + (typeof requests === 'number' ? requests : 0), 0);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isWithin(value: number, { is, atMost, atLeast }: Bounds, times = 1): boolean {
  return (
    (is === null || value === is * times) &&
    (atMost === null || value <= atMost * times) &&
    (atLeast === null || value >= atLeast * times)
  );
}

function helpFor({ help }: Expectation, result: RunResult | null, runs: CheckedRuns): Words | null {
  const fitting = help.find(({ when }) => {
    if (when === null) return true;
    const value = result === null ? null : valueIn(when, result);
    if (when.absent) return value === null;
    const other = when.of === null ? null : (runs[when.of] ?? null);
    const base = when.of === null ? 1 : other === null ? null : valueIn(when, other);
    return value !== null && base !== null && isWithin(value, when, base);
  });
  return fitting === undefined ? null : { written: fitting.say };
}

function wanted(expectation: Expectation, base: number | null, unit: string): Message {
  const { is, atMost, atLeast, of } = expectation;
  if (of !== null) return wantedOf(expectation, of, base, unit);
  if (is !== null) return message('exactly {value}', { value: written(is, unit) });
  if (atMost !== null && atLeast !== null) {
    return message('from {low} to {high}', { low: written(atLeast, unit), high: written(atMost, unit) });
  }
  return atMost === null
    ? message('at least {value}', { value: written(atLeast ?? 0, unit) })
    : message('at most {value}', { value: written(atMost, unit) });
}

/** The bound as a number, and how it came to be: "at most 8.4 ms, 0.7 times the 12 ms of “round-robin”". */
function wantedOf({ is, atMost, atLeast }: Expectation, run: string, base: number | null, unit: string): Message {
  const factor = atMost ?? atLeast ?? is ?? 1;
  if (base === null) return message('{factor} times that of “{run}”, which measured nothing', { factor, run });
  if (factor === 1) {
    const args = { run, other: written(base, unit) };
    if (atMost !== null) return message('at most the {other} of “{run}”', args);
    return atLeast !== null
      ? message('at least the {other} of “{run}”', args)
      : message('exactly the {other} of “{run}”', args);
  }
  const args = { factor, run, other: written(base, unit), value: written(base * factor, unit) };
  if (atMost !== null) return message('at most {value}, {factor} times the {other} of “{run}”', args);
  return atLeast !== null
    ? message('at least {value}, {factor} times the {other} of “{run}”', args)
    : message('exactly {value}, {factor} times the {other} of “{run}”', args);
}
