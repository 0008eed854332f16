import type { AccessLog, ErrorLogPlan, HttpSettings, LocationPlan, Plan } from './plan';

/** The logs of a configuration, those of its locations among them; one that several share, for each. */

/** Every access log. */
export function logsOf(plan: Plan): readonly AccessLog[] {
  const { stream } = plan;
  const ofStream =
    stream === null ? [] : [...stream.accessLogs, ...stream.servers.flatMap(({ accessLogs }) => accessLogs)];
  return [...settingsOf(plan).flatMap(({ accessLogs }) => accessLogs), ...ofStream];
}

/** Every error log below the outermost level. */
export function errorLogsOf(plan: Plan): readonly ErrorLogPlan[] {
  const ofStream = (plan.stream?.servers ?? []).flatMap(({ errorLogs }) => errorLogs ?? []);
  return [...settingsOf(plan).flatMap(({ errorLogs }) => errorLogs ?? []), ...ofStream];
}

function settingsOf(plan: Plan): readonly HttpSettings[] {
  const inside = (all: readonly LocationPlan[]): HttpSettings[] =>
    all.flatMap(({ settings, locations }) => [settings, ...inside(locations)]);
  return (plan.http?.servers ?? []).flatMap(({ settings, locations }) => [settings, ...inside(locations)]);
}
