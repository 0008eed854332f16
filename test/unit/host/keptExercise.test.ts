import { describe, expect, it } from 'vitest';
import { message } from '../../../src/base/message';
import { type KeptExercise, standingExercise } from '../../../src/host/keptExercise';
import { type ExerciseDefinition, exerciseKey } from '../../../src/lab/exercise';

const params = { scenario: null, protocol: null, message: null };
const exercise: ExerciseDefinition = {
  id: 'mend',
  title: { en: 'Mend' },
  goal: { en: 'Mend it.' },
  edits: { kind: 'conf' },
  start: 'mend.start.nginx.conf',
  solution: 'mend.solution.nginx.conf',
  file: 'mend.nginx.conf',
  runs: [{ id: 'a', title: null, arm: 'a', params, conf: null }],
  hints: [{ en: 'Look.' }],
  expect: [],
};
const span = { file: 'mend.nginx.conf', line: 1, column: 1, endLine: 1, endColumn: 2 };
const kept: KeptExercise = {
  key: exerciseKey(exercise),
  solvedAt: 1_000,
  hintsShown: 1,
  solutionShown: true,
  last: {
    checkedAt: 2_000,
    text: 'abc',
    verdict: {
      solved: false,
      problems: [{ severity: 'error', message: message('no'), span, hint: message('do') }],
      runs: [{ id: 'a', title: { written: { en: 'A' } }, seen: [message('saw {n}', { n: 3 })] }],
      expectations: [
        {
          met: false,
          run: 'a',
          reading: 'failed',
          value: null,
          name: { message: message('Failed') },
          seen: message('nothing'),
          wanted: message('none'),
          help: { written: { en: 'Help.' } },
        },
      ],
    },
  },
};

/** As the editor's global state gives it back. */
const stored = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('what is kept of an exercise', () => {
  it('is there after a restart, word for word', () => {
    expect(standingExercise(stored(kept), exercise)).toEqual(kept);
  });

  it.each([
    ['nothing is kept', undefined],
    ['it is damaged', { ...kept, hintsShown: 'many' }],
    ['its verdict is damaged', { ...kept, last: { ...kept.last, verdict: {} } }],
    ['the exercise wants something else now', { ...kept, key: 'old' }],
  ])('begins anew where %s', (_why, value) => {
    expect(standingExercise(value, exercise)).toEqual({
      key: kept.key,
      solvedAt: null,
      hintsShown: 0,
      solutionShown: false,
      last: null,
    });
  });
});
