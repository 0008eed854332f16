import { message } from '../../base/message';
import type { AccessRule } from '../plan';
import { readRange } from './access';
import { isIpv4, isIpv6 } from './address';
import { type Context, type Entry, list } from './entry';

/** ngx_stream_access_module: `allow` and `deny` write into one list, whose first rule that fits decides. */

const contexts: readonly Context[] = ['stream', 'stream-server'];

/** The rules of one level; written by both directives together. */
export const accessRules: Entry<readonly AccessRule[]> = list<AccessRule>({
  name: 'access rules',
  contexts: [],
  args: [0, 0],
  read: () => undefined,
});

function rule(name: 'allow' | 'deny'): Entry<null> {
  return {
    name,
    contexts,
    args: [1, 1],
    block: false,
    inherits: false,
    initial: null,
    join: 'last',
    read(directive, reading, scope) {
      const [word] = directive.args;
      if (word === undefined) return undefined;
      const [address = ''] = word.value.split('/');
      const range = isIpv4(address) || isIpv6(address) ? readRange(word.value) : null;
      if (range === null && word.value !== 'all') {
        reading.error(
          word.span,
          word.value === 'unix:'
            ? message('unix sockets are not supported')
            : message('invalid parameter "{parameter}"', { parameter: word.value }),
          message('Write "all", an address such as 10.0.0.1 or a network such as 10.0.0.0/8.'),
        );
        return undefined;
      }
      scope.set(accessRules, [{ range, allows: name === 'allow' }], directive);
      return null;
    },
  };
}

export const streamAccessEntries: readonly Entry[] = [rule('allow'), rule('deny')];
