import { message } from '../../base/message';
import type { Directive, Word } from '../../conf/ast';
import type { LimitConn, LimitConnZone, LimitLogLevel, LimitReq, LimitReqZone } from '../plan';
import { type Context, type Entry, list, type Reading, value } from './entry';
import { flag, oneOf, parseNumber, parseSize } from './kinds';

/** ngx_http_limit_req_module, ngx_http_limit_conn_module and the latter's stream sister. */

const levels: readonly Context[] = ['http', 'server', 'location'];

/** Eight pages: nginx refuses a smaller zone. */
const smallestZoneBytes = 8 * 4096;

function invalid(word: Word, reading: Reading): undefined {
  reading.error(word.span, message('invalid parameter "{parameter}"', { parameter: word.value }));
  return undefined;
}

/** `zone=NAME:SIZE`; undefined with the problem reported. */
function readZone(word: Word, reading: Reading): { readonly name: string; readonly bytes: number } | undefined {
  const [, name, text] = /^zone=([^:]+):(.+)$/.exec(word.value) ?? [];
  const bytes = text === undefined ? null : parseSize(text);
  if (name === undefined || bytes === null) {
    reading.error(
      word.span,
      message('invalid zone size "{zone}"', { zone: word.value }),
      message('Write zone=NAME:SIZE, for example zone=one:1m.'),
    );
    return undefined;
  }
  if (bytes < smallestZoneBytes) {
    reading.error(word.span, message('zone "{zone}" is too small', { zone: word.value }), message('At least 32k.'));
    return undefined;
  }
  return { name, bytes };
}

/** The zones of one scope, each name once. */
function checkOnce(
  name: string,
  directive: Directive,
  earlier: readonly { readonly name: string }[],
  reading: Reading,
): boolean {
  if (!earlier.some((zone) => zone.name === name)) return true;
  reading.error(
    directive.headSpan,
    message('"{directive}" zone "{name}" is already bound to a key', { directive: directive.name.value, name }),
  );
  return false;
}

export const limitReqZones: Entry<readonly LimitReqZone[]> = list<LimitReqZone>({
  name: 'limit_req_zone',
  contexts: ['http'],
  args: [3, 3],
  read(directive, reading, scope) {
    const [key, ...options] = directive.args;
    if (key === undefined) return undefined;
    let zone: ReturnType<typeof readZone>;
    let ratePerSecond: number | undefined;
    for (const word of options) {
      const rate = /^rate=(\d+)(?:r\/(s|m))?$/.exec(word.value);
      if (word.value.startsWith('zone=')) {
        zone = readZone(word, reading);
        if (zone === undefined) return undefined;
      } else if (rate !== null && Number(rate[1]) > 0) {
        ratePerSecond = Number(rate[1]) / (rate[2] === 'm' ? 60 : 1);
      } else if (word.value.startsWith('rate=')) {
        reading.error(
          word.span,
          message('invalid rate "{rate}"', { rate: word.value }),
          message('Write a rate such as 10r/s or 30r/m.'),
        );
        return undefined;
      } else return invalid(word, reading);
    }
    if (zone === undefined) {
      reading.error(
        directive.headSpan,
        message('"{directive}" must have "zone" parameter', { directive: 'limit_req_zone' }),
      );
      return undefined;
    }
    if (!checkOnce(zone.name, directive, scope.own(limitReqZones) ?? [], reading)) return undefined;
    return {
      ...zone,
      key: reading.template(key, scope),
      ratePerSecond: ratePerSecond ?? 1,
      span: directive.headSpan,
    };
  },
});

/** A limit by the name of a zone that may stand anywhere in the file. */
export interface NamedLimit<T> {
  readonly zone: string;
  readonly word: Word;
  readonly limit: Omit<T, 'zone'>;
}

export const limitReqs: Entry<readonly NamedLimit<LimitReq>[]> = list<NamedLimit<LimitReq>>({
  name: 'limit_req',
  contexts: levels,
  args: [1, 3],
  read(directive, reading, scope) {
    let zone: Word | undefined;
    let burst = 0;
    let delay = 0;
    for (const word of directive.args) {
      const [, name, text] = /^(zone|burst|delay)=(.*)$/.exec(word.value) ?? [];
      const number = text === undefined ? null : parseNumber(text);
      if (name === 'zone' && text !== '') zone = word;
      else if (name === 'burst' && number !== null && number > 0) burst = number;
      else if (name === 'delay' && number !== null && number > 0) delay = number;
      else if (word.value === 'nodelay') delay = Number.MAX_SAFE_INTEGER;
      else return invalid(word, reading);
    }
    if (zone === undefined) {
      reading.error(
        directive.headSpan,
        message('"{directive}" must have "zone" parameter', { directive: 'limit_req' }),
      );
      return undefined;
    }
    const name = zone.value.slice('zone='.length);
    if ((scope.own(limitReqs) ?? []).some((limit) => limit.zone === name)) {
      reading.error(directive.headSpan, message('"{directive}" directive is duplicate', { directive: 'limit_req' }));
      return undefined;
    }
    return { zone: name, word: zone, limit: { burst, delay } };
  },
});

function limitConnZone(context: 'http' | 'stream'): Entry<readonly LimitConnZone[]> {
  const entry: Entry<readonly LimitConnZone[]> = list<LimitConnZone>({
    name: 'limit_conn_zone',
    contexts: [context],
    args: [2, 2],
    read(directive, reading, scope) {
      const [key, word] = directive.args;
      if (key === undefined || word === undefined) return undefined;
      if (!word.value.startsWith('zone=')) return invalid(word, reading);
      const zone = readZone(word, reading);
      if (zone === undefined || !checkOnce(zone.name, directive, scope.own(entry) ?? [], reading)) return undefined;
      return { ...zone, key: reading.template(key, scope), span: directive.headSpan };
    },
  });
  return entry;
}

function limitConn(contexts: readonly Context[]): Entry<readonly NamedLimit<LimitConn>[]> {
  const entry: Entry<readonly NamedLimit<LimitConn>[]> = list<NamedLimit<LimitConn>>({
    name: 'limit_conn',
    contexts,
    args: [2, 2],
    read(directive, reading, scope) {
      const [zone, count] = directive.args;
      if (zone === undefined || count === undefined) return undefined;
      const connections = parseNumber(count.value);
      if (connections === null || connections === 0) {
        reading.error(count.span, message('invalid number of connections "{number}"', { number: count.value }));
        return undefined;
      }
      if (connections > 65535) {
        reading.error(count.span, message('connection limit must be less 65536'));
        return undefined;
      }
      if ((scope.own(entry) ?? []).some((limit) => limit.zone === zone.value)) {
        reading.error(directive.headSpan, message('"{directive}" directive is duplicate', { directive: 'limit_conn' }));
        return undefined;
      }
      return { zone: zone.value, word: zone, limit: { connections } };
    },
  });
  return entry;
}

function status(name: string): Entry<number> {
  return value<number>({
    name,
    contexts: levels,
    initial: 503,
    read(directive, reading) {
      const [word] = directive.args;
      const code = word === undefined ? null : parseNumber(word.value);
      if (code === null) {
        reading.error(directive.headSpan, message('"{directive}" directive invalid number', { directive: name }));
        return undefined;
      }
      if (code >= 400 && code <= 599) return code;
      reading.error(
        directive.headSpan,
        message('"{directive}" directive value must be between {least} and {most}', {
          directive: name,
          least: 400,
          most: 599,
        }),
      );
      return undefined;
    },
  });
}

export const httpConnZones = limitConnZone('http');
export const streamConnZones = limitConnZone('stream');
export const httpLimitConns = limitConn(levels);
export const streamLimitConns = limitConn(['stream', 'stream-server']);
export const limitReqStatus = status('limit_req_status');
export const limitConnStatus = status('limit_conn_status');
export const limitReqDryRun = value({ name: 'limit_req_dry_run', contexts: levels, initial: false, read: flag });
export const limitConnDryRun = value({ name: 'limit_conn_dry_run', contexts: levels, initial: false, read: flag });
export const streamLimitConnDryRun = value({
  name: 'limit_conn_dry_run',
  contexts: ['stream', 'stream-server'],
  initial: false,
  read: flag,
});

function logLevel(name: string): Entry<LimitLogLevel> {
  return value<LimitLogLevel>({
    name,
    contexts: levels,
    initial: 'error',
    read: oneOf('info', 'notice', 'warn', 'error'),
  });
}

export const limitReqLogLevel = logLevel('limit_req_log_level');
export const limitConnLogLevel = logLevel('limit_conn_log_level');

/** The limits that hold in a scope, with their zones; those whose zone does not exist are reported. */
export function withZones<Z extends { readonly name: string }, T>(
  limits: readonly NamedLimit<T & { readonly zone: Z }>[],
  zones: readonly Z[],
  reading: Reading,
): readonly (Omit<T & { readonly zone: Z }, 'zone'> & { readonly zone: Z })[] {
  return limits.flatMap(({ zone, word, limit }) => {
    const found = zones.find((candidate) => candidate.name === zone);
    if (found !== undefined) return [{ ...limit, zone: found }];
    reading.error(
      word.span,
      message('zero size shared memory zone "{zone}"', { zone }),
      zones.length === 0
        ? message('No directive of the http or stream level makes a zone of that name.')
        : message('These zones exist: {zones}.', { zones: zones.map((each) => each.name).join(', ') }),
    );
    return [];
  });
}

export const limitEntries: readonly Entry[] = [
  limitReqZones,
  limitReqs,
  httpConnZones,
  streamConnZones,
  httpLimitConns,
  streamLimitConns,
  limitReqStatus,
  limitConnStatus,
  limitReqDryRun,
  limitConnDryRun,
  streamLimitConnDryRun,
  limitReqLogLevel,
  limitConnLogLevel,
];
