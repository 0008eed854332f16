import { describe, it } from 'vitest';
import { confIsReadOrRefused, nginxAgrees } from '../harness/confFuzz';
import { ConfJudges } from '../harness/confVerdict';
import { FUZZ_SECONDS } from '../harness/fuzz';
import { nginxIsMissing } from '../harness/nginx';

const effort = { seconds: FUZZ_SECONDS };
const patience = (FUZZ_SECONDS + 120) * 1000;

it('the configuration reader reads or refuses any text', () => confIsReadOrRefused(effort), patience);

describe.skipIf(nginxIsMissing)('nginx -t', () => {
  it(
    'takes and refuses the same changed files',
    () => {
      const judges = new ConfJudges();
      try {
        nginxAgrees(effort, judges);
      } finally {
        judges.remove();
      }
    },
    patience,
  );
});
