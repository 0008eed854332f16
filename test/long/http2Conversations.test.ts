import { afterEach, it } from 'vitest';
import { FUZZ_SECONDS } from '../harness/fuzz';
import { agreesWithNode, survivesDamage } from '../harness/http2Conversations';
import { closeAll } from '../integration/proxyRig';

afterEach(closeAll);

const effort = { seconds: FUZZ_SECONDS };
const patience = (FUZZ_SECONDS + 120) * 1000;

it('damaged HTTP/2 conversations harm nobody', () => survivesDamage(effort), patience);
it('HTTP/2 is what node:http2 takes it for', () => agreesWithNode(effort), patience);
