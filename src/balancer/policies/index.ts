import type { Policy } from '../policy';
import { hash } from './hash';
import { ipHash } from './ipHash';
import { leastConn } from './leastConn';
import { peakEwma } from './peakEwma';
import { random } from './random';
import { roundRobin } from './roundRobin';
import { stickyCookie } from './stickyCookie';

/** Every policy there is, the default one first. To add one: a file beside this one, and a line here. */
export const policies: readonly Policy[] = [roundRobin, leastConn, ipHash, hash, random, stickyCookie, peakEwma];
