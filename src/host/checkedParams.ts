import * as v from 'valibot';
import { message } from '../base/message';
import { RUN_LIMITS, type RunParams } from '../protocol/run';
import { runParamsSchema } from '../protocol/webview';
import { Refusal } from './labController';

/** The settings of a run as the page sent them. Throws Refusal that names the field. */
export function checkedParams(raw: unknown): RunParams {
  const parsed = v.safeParse(runParamsSchema, raw);
  if (parsed.success) return parsed.output;
  const field = parsed.issues[0].path?.[0]?.key;
  if (field === 'requests' || field === 'concurrency' || field === 'clients' || field === 'rate') {
    const { min, max } = RUN_LIMITS[field];
    throw new Refusal(message('A whole number from {min} to {max}.', { min, max }), [], field);
  }
  throw new Refusal(message('The run’s settings are not complete.'), [], 'run');
}
