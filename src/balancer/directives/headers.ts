import { message } from '../../base/message';
import { byteText } from '../byteText';
import type { HttpSettings } from '../plan';
import { list } from './entry';

/** ngx_http_headers_module. */
function adding(name: 'add_header' | 'add_trailer') {
  return list<HttpSettings['addHeaders'][number]>({
    name,
    contexts: ['http', 'server', 'location'],
    args: [2, 3],
    read(directive, reading, scope) {
      const [name, text, always] = directive.args;
      if (name === undefined || text === undefined) return undefined;
      if (always !== undefined && always.value !== 'always') {
        reading.error(
          always.span,
          message('invalid parameter "{parameter}"', { parameter: always.value }),
          message('Only "always" can stand here.'),
        );
        return undefined;
      }
      return { name: byteText(name.value), value: reading.template(text, scope), always: always !== undefined };
    },
  });
}

export const addHeaders = adding('add_header');
export const addTrailers = adding('add_trailer');
