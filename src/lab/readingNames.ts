import { type Message, message } from '../base/message';

/** How a number of a run is called and written. */
export interface ReadingName {
  readonly name: Message;
  /** "ms", "%", "B" or ''. */
  readonly unit: string;
}

const names: Readonly<Record<string, ReadingName>> = {
  sent: { name: message('Requests sent'), unit: '' },
  answered: { name: message('Requests answered'), unit: '' },
  failed: { name: message('Requests without an answer'), unit: '' },
  busyServers: { name: message('Servers that answered'), unit: '' },
  busiestShare: { name: message('Share of the busiest server'), unit: 'share' },
  connections: { name: message('Connections to the servers'), unit: '' },
  maxOverMean: { name: message('Busiest server against the mean'), unit: '' },
  availability: { name: message('Availability'), unit: '%' },
  'latencyMs.p50': { name: message('Latency p50'), unit: 'ms' },
  'latencyMs.p90': { name: message('Latency p90'), unit: 'ms' },
  'latencyMs.p99': { name: message('Latency p99'), unit: 'ms' },
  'latencyMs.max': { name: message('Longest latency'), unit: 'ms' },
  requestsPerSecond: { name: message('Requests per second'), unit: '' },
  'bytes.request': { name: message('Bytes of a request’s message'), unit: 'B' },
  'sessions.lost': { name: message('Sessions lost'), unit: '' },
};

/** The name of a reading, or of the requests of a list's entries; one that has none goes by its path. */
export function nameOf(reading: string, where: Readonly<Record<string, string>> | null): ReadingName {
  if (where === null) return names[reading] ?? { name: message('{reading}', { reading }), unit: '' };
  const which = Object.values(where).join(', ');
  return reading === 'outcomes'
    ? { name: message('Answers that were {which}', { which }), unit: '' }
    : { name: message('Requests in {reading}: {which}', { reading, which }), unit: '' };
}

/** "1,000", "1.2", "12.5 ms", "98.3 %". */
export function written(value: number, unit: string): string {
  // Hundredths of a millisecond say nothing beside hundreds of them.
  const digits = unit === 'ms' && value >= 100 ? 1 : 2;
  const number = (unit === 'share' ? value * 100 : value).toLocaleString('en', { maximumFractionDigits: digits });
  return unit === '' ? number : `${number} ${unit === 'share' ? '%' : unit}`;
}
