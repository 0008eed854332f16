import { it } from 'vitest';
import { confIsReadOrRefused } from '../harness/confFuzz';
import { FUZZ_SECONDS } from '../harness/fuzz';

const patience = (FUZZ_SECONDS + 120) * 1000;

it(
  'the configuration reader reads or refuses any text',
  () => confIsReadOrRefused({ seconds: FUZZ_SECONDS }),
  patience,
);
