import { it } from 'vitest';
import { FUZZ_SECONDS } from '../harness/fuzz';
import {
  readAsNodeReadsThem,
  requestsReadTheSameHoweverCut,
  responsesReadTheSameHoweverCut,
} from '../harness/http1Fuzz';

const effort = { seconds: FUZZ_SECONDS };
const patience = (FUZZ_SECONDS + 120) * 1000;

it('requests read the same however they are cut', () => requestsReadTheSameHoweverCut(effort), patience);
it('responses read the same however they are cut', () => responsesReadTheSameHoweverCut(effort), patience);
it('requests read as Node reads them', () => readAsNodeReadsThem(effort), patience);
