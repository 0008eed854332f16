import { describe, it } from 'vitest';
import { confIsReadOrRefused } from '../../harness/confFuzz';
import {
  readAsNodeReadsThem,
  requestsReadTheSameHoweverCut,
  responsesReadTheSameHoweverCut,
} from '../../harness/http1Fuzz';
import { framesReadTheSameHoweverCut, headerBlocksAreDecodedOrRefused } from '../../harness/http2Fuzz';

/* The same for ten minutes each: test/long. */

describe('for any input', () => {
  it('the configuration reader reads or refuses', () => confIsReadOrRefused({ runs: 500 }));
  it('requests read the same however they are cut', () => requestsReadTheSameHoweverCut({ runs: 500 }));
  it('responses read the same however they are cut', () => responsesReadTheSameHoweverCut({ runs: 500 }));
  it('requests read as Node reads them', () => readAsNodeReadsThem({ runs: 500 }));
  it('HTTP/2 frames read the same however they are cut', () => framesReadTheSameHoweverCut({ runs: 500 }));
  it('HTTP/2 header blocks are decoded or refused', () => headerBlocksAreDecodedOrRefused({ runs: 500 }));
});
