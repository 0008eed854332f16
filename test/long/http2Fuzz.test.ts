import { it } from 'vitest';
import { FUZZ_SECONDS } from '../harness/fuzz';
import { framesReadTheSameHoweverCut, headerBlocksAreDecodedOrRefused } from '../harness/http2Fuzz';

const effort = { seconds: FUZZ_SECONDS };
const patience = (FUZZ_SECONDS + 120) * 1000;

it('HTTP/2 frames read the same however they are cut', () => framesReadTheSameHoweverCut(effort), patience);
it('HTTP/2 header blocks are decoded or refused', () => headerBlocksAreDecodedOrRefused(effort), patience);
