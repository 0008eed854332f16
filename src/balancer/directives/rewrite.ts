import { message } from '../../base/message';
import type { Template } from '../template';
import { type Entry, list } from './entry';
import { parseNumber } from './kinds';

/** ngx_http_rewrite_module. */

export interface ReturnStep {
  readonly kind: 'return';
  readonly status: number;
  readonly body: Template | null;
}

export const returnSteps = list<ReturnStep>({
  name: 'return',
  contexts: ['server', 'location', 'server-if', 'location-if'],
  args: [1, 2],
  inherits: false,
  read(directive, reading, scope) {
    const [first, second] = directive.args;
    if (first === undefined) return undefined;
    const status = parseNumber(first.value);
    if (status !== null && status <= 999) {
      return { kind: 'return', status, body: second === undefined ? null : reading.template(second, scope) };
    }
    if (status === null && second === undefined && /^(https?:\/\/|\$scheme)/.test(first.value)) {
      return { kind: 'return', status: 302, body: reading.template(first, scope) };
    }
    reading.error(
      first.span,
      message('invalid return code "{code}"', { code: first.value }),
      message('Write a status from 0 to 999, perhaps with a text, or an address that begins with http:// or https://.'),
    );
    return undefined;
  },
});

export const rewriteEntries: readonly Entry[] = [returnSteps];
