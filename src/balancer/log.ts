import type { ErrorLogPlan, LogLevel } from './plan';

/**
 * Takes a line for the error log, without its time and level. `to`: the logs that hold where it comes from; null or
 * absent: those of the outermost level.
 */
export type Log = (level: LogLevel, text: string, to?: readonly ErrorLogPlan[] | null) => void;
