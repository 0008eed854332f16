import { message } from '../../base/message';
import type { AddressRange, ErrorPage } from '../plan';
import type { Template } from '../template';
import { isIpv4, isIpv6, resolveHost } from './address';
import { type Context, type Entry, list, value } from './entry';
import { flag, parseNumber, text } from './kinds';
import { variableName } from './maps';

/** Who a client is and whether it may: real_ip, auth_request, and what is answered instead (error_page). */

const levels: readonly Context[] = ['http', 'server', 'location'];

function realIpFrom(contexts: readonly Context[]): Entry<readonly AddressRange[]> {
  return list<AddressRange>({
    name: 'set_real_ip_from',
    contexts,
    args: [1, 1],
    read(directive, reading) {
      const [word] = directive.args;
      if (word === undefined) return undefined;
      const range = readRange(word.value);
      if (range === null) {
        reading.error(
          word.span,
          word.value === 'unix:'
            ? message('unix sockets are not supported')
            : message('invalid parameter "{parameter}"', { parameter: word.value }),
          message('Write an address such as 10.0.0.1 or a network such as 10.0.0.0/8.'),
        );
        return undefined;
      }
      return range;
    },
  });
}

/** A network in `ADDRESS/BITS`, or an address; null: it is neither. */
export function readRange(written: string): AddressRange | null {
  const [address = '', bits, ...rest] = written.split('/');
  const host = resolveHost({ host: address, port: null, ipv6: isIpv6(address) });
  if (host === null || rest.length > 0 || (bits !== undefined && host !== address)) return null;
  const most = isIpv4(host) ? 32 : 128;
  const prefix = bits === undefined ? most : parseNumber(bits);
  return prefix === null || prefix > most ? null : { address: host, prefix };
}

export const httpRealIpFrom = realIpFrom(levels);
export const streamRealIpFrom = realIpFrom(['stream', 'stream-server']);
export const realIpHeader = value({ name: 'real_ip_header', contexts: levels, initial: 'X-Real-IP', read: text });
export const realIpRecursive = value({ name: 'real_ip_recursive', contexts: levels, initial: false, read: flag });

export const authRequest = value<string | null>({
  name: 'auth_request',
  contexts: levels,
  initial: null,
  read: (directive, reading) => (text(directive, reading) === 'off' ? null : text(directive, reading)),
});

export const authRequestSets = list<{ readonly variable: string; readonly value: Template }>({
  name: 'auth_request_set',
  contexts: levels,
  args: [2, 2],
  read(directive, reading, scope) {
    const [target, written] = directive.args;
    if (target === undefined || written === undefined) return undefined;
    const name = variableName(target, reading);
    const template = reading.template(written, scope);
    if (name === undefined) return undefined;
    reading.defineVariable(name, scope, target.span);
    return { variable: name, value: template };
  },
});

export const errorPages = list<ErrorPage>({
  name: 'error_page',
  contexts: levels,
  args: [2, 64],
  read(directive, reading, scope) {
    const words = [...directive.args];
    const uri = words.pop();
    if (uri === undefined) return undefined;
    let answer: ErrorPage['answer'] = 'own';
    const last = words.at(-1);
    if (last?.value.startsWith('=') === true) {
      words.pop();
      const status = parseNumber(last.value.slice(1));
      if (last.value !== '=' && status === null) {
        reading.error(
          last.span,
          message('invalid value "{value}"', { value: last.value }),
          message('Write "=200", or "=" to answer what the page answers.'),
        );
        return undefined;
      }
      answer = status ?? 'page';
    }
    const statuses: number[] = [];
    if (words.length === 0) {
      reading.error(
        directive.headSpan,
        message('invalid number of arguments in "{directive}" directive', { directive: 'error_page' }),
      );
      return undefined;
    }
    for (const word of words) {
      const status = parseNumber(word.value);
      if (status === null || status === 499) {
        reading.error(
          word.span,
          message('invalid value "{value}"', { value: word.value }),
          message('Write a status from 300 to 599 other than 499.'),
        );
        return undefined;
      }
      if (status < 300 || status > 599) {
        reading.error(word.span, message('value "{value}" must be between 300 and 599', { value: word.value }));
        return undefined;
      }
      statuses.push(status);
    }
    return { statuses, answer, uri: reading.template(uri, scope) };
  },
});

export const accessEntries: readonly Entry[] = [
  httpRealIpFrom,
  streamRealIpFrom,
  realIpHeader,
  realIpRecursive,
  authRequest,
  authRequestSets,
  errorPages,
];
