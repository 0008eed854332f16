import { type Message, message } from '../../src/base/message';
import { type LoadParams, RUN_LIMITS, type RunParams } from '../../src/protocol/run';

/** The four fields of a run as the reader types them, and what they mean. No DOM. */
export const FIELD_NAMES = ['requests', 'concurrency', 'clients', 'rate'] as const;
export type FieldName = (typeof FIELD_NAMES)[number];
export type FieldTexts = Readonly<Record<FieldName, string>>;

export interface ReadParams {
  /** null when any field is wrong. */
  readonly params: (LoadParams & Pick<RunParams, 'seed'>) | null;
  readonly errors: Readonly<Partial<Record<FieldName, Message>>>;
}

export function textsOf(params: LoadParams): FieldTexts {
  return {
    requests: String(params.requests),
    concurrency: String(params.concurrency),
    clients: String(params.clients),
    rate: params.rate === null ? '' : String(params.rate),
  };
}

/** Numbers may carry separators ("3,000", "3 000", "3_000"). An empty rate means a closed loop. */
export function readParams(texts: FieldTexts, seed: number): ReadParams {
  const errors: Partial<Record<FieldName, Message>> = {};
  const numbers: Record<FieldName, number> = { requests: 0, concurrency: 0, clients: 0, rate: 0 };
  for (const name of FIELD_NAMES) {
    const text = texts[name].replace(/[\s,_]/g, '');
    if (name === 'rate' && text === '') continue;
    const { min, max } = RUN_LIMITS[name];
    const limits = { min: min.toLocaleString('en'), max: max.toLocaleString('en') };
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isNaN(value)) errors[name] = message('Enter a whole number from {min} to {max}.', limits);
    else if (value < min || value > max) errors[name] = message('Must be from {min} to {max}.', limits);
    else numbers[name] = value;
  }
  if (Object.keys(errors).length > 0) return { params: null, errors };
  const rate = texts.rate.trim() === '' ? null : numbers.rate;
  return {
    params: {
      requests: numbers.requests,
      concurrency: numbers.concurrency,
      clients: numbers.clients,
      rate,
      seed,
    },
    errors,
  };
}
