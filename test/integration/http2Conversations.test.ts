import { afterEach, describe, it } from 'vitest';
import { agreesWithNode, survivesDamage } from '../harness/http2Conversations';
import { closeAll } from './proxyRig';

afterEach(closeAll);

describe('the HTTP/2 codec', () => {
  it('survives damaged conversations, and serves the next one', () => survivesDamage({ runs: 300 }));
  it('understands and is understood by node:http2, whatever the fields and bodies', () =>
    agreesWithNode({ runs: 200 }));
});
