import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderMessage } from '../../../src/base/message';
import { type ExerciseDefinition, exerciseKey } from '../../../src/lab/exercise';
import { parseLabDefinition } from '../../../src/lab/labDefinition';

const file = 'labs/traffic-lab/grpc-pinning/lab.yaml';
const lab = readFileSync(file, 'utf8').replace(/\nexercises:[\s\S]*/, '\n');

/** A lab of the course with one exercise, written with these lines. */
function withExercise(...lines: string[]): string {
  return `${lab}
exercises:
  - id: mend
    title: { en: Mend }
    goal: { en: Make it whole. }
    start: mend.start.nginx.conf
    solution: mend.solution.nginx.conf
${lines.map((line) => `    ${line}`).join('\n')}
`;
}

function exerciseOf(text: string): ExerciseDefinition {
  const parsed = parseLabDefinition(text, file, '.');
  const exercise = parsed.ok ? parsed.value.exercises[0] : undefined;
  if (exercise === undefined) throw new Error('there is no exercise');
  return exercise;
}

/** "line: message" of every problem. */
function problemsOf(text: string): string[] {
  const parsed = parseLabDefinition(text, file, '.');
  return parsed.ok ? [] : parsed.error.map(({ span, message }) => `${span.line}: ${renderMessage(message)}`);
}

const expectations = ['expect:', '  - { reading: failed, is: 0 }'];

describe('an exercise of a lab.yaml', () => {
  it('with an arm is one run of it, with the load of the lab', () => {
    expect(exerciseOf(withExercise('arm: grpc-l4', ...expectations))).toMatchObject({
      file: 'mend.nginx.conf',
      runs: [{ id: 'grpc-l4', arm: 'grpc-l4', conf: null, params: { scenario: null, protocol: null, message: null } }],
      expect: [{ reading: 'failed', is: 0, atMost: null, run: null, of: null }],
    });
  });

  it('with runs has their ids, loads and files', () => {
    const runs = ['runs:', '  - { id: before, arm: grpc-l4, conf: l4.nginx.conf, load: { requests: 10 } }'];
    expect(exerciseOf(withExercise(...runs, '  - { arm: grpc-l4 }', ...expectations)).runs).toMatchObject([
      { id: 'before', conf: 'l4.nginx.conf', params: { requests: 10 } },
      { id: 'grpc-l4', conf: null },
    ]);
  });

  it.each([
    ['an arm that there is not', ['arm: grpc-l5', ...expectations], 'There is no arm “grpc-l5” in this lab.'],
    ['neither arm nor runs', expectations, 'An exercise needs either “arm” or “runs”.'],
    ['an expectation without a bound', ['arm: grpc-l4', 'expect:', '  - { reading: failed }'], '“atMost” or “atLeast”'],
    [
      'an expectation about a run that there is not',
      ['arm: grpc-l4', 'expect:', '  - { reading: failed, is: 0, run: other }'],
      'The exercise has no run “other”; it has grpc-l4.',
    ],
    ['no expectation', ['arm: grpc-l4', 'expect: []'], 'expect'],
    ['a scenario that there is not', ['arm: grpc-l4', 'scenario: rain', ...expectations], 'no scenario “rain”'],
  ])('with %s is a problem at its place', (_name, lines, wanted) => {
    const [problem = '', ...more] = problemsOf(withExercise(...lines));
    expect(more).toEqual([]);
    expect(problem).toContain(wanted);
    expect(Number.parseInt(problem, 10)).toBeGreaterThan(lab.split('\n').length);
  });

  it('whose copy would take the place of a file of the lab is a problem', () => {
    const text = withExercise('arm: grpc-l4', ...expectations).replace('id: mend', 'id: l4');
    expect(problemsOf(text)).toEqual([expect.stringContaining('l4.nginx.conf')]);
  });

  it('is another one when its runs or bounds change, and the same one in better words', () => {
    const text = withExercise('arm: grpc-l4', ...expectations);
    const key = exerciseKey(exerciseOf(text));
    expect(exerciseKey(exerciseOf(text.replace('Make it whole.', 'Mend it.')))).toBe(key);
    expect(exerciseKey(exerciseOf(text.replace('is: 0', 'atMost: 1')))).not.toBe(key);
    expect(exerciseKey(exerciseOf(text.replace('arm: grpc-l4', 'arm: grpc-l7')))).not.toBe(key);
  });
});
