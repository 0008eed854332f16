import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderMessage } from '../../../src/base/message';
import { type ExerciseDefinition, exerciseKey, usesReadersFile } from '../../../src/lab/exercise';
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
    [
      'advice about a run that there is not',
      [
        'arm: grpc-l4',
        'expect:',
        '  - { reading: failed, is: 0, help: [{ when: { reading: sent, of: other, is: 1 }, say: { en: x } }] }',
      ],
      'The exercise has no run “other”',
    ],
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

  describe('that edits a message', () => {
    const message = ['edits: { kind: message, message: user }'];
    const messages = 'messages:\n  - { id: user, title: { en: User }, file: user.json }\n';
    /** The lab with a message and an arm that sends it. */
    const written = (...lines: string[]) =>
      withExercise(...lines, ...expectations).replace(
        '\narms:',
        `\n${messages}\narms:\n  - { id: sender, title: { en: S }, client: grpc, workload: { kind: message }, conf: l7.nginx.conf, listen: 127.0.0.1:28150 }`,
      );

    it('has a JSON file, and runs that use the reader’s unless they name one of the lab', () => {
      const runs = ['runs:', '  - { id: own, arm: sender, message: user }', '  - { arm: sender, conf: l7.nginx.conf }'];
      const exercise = exerciseOf(written(...message, ...runs));
      expect(exercise).toMatchObject({ file: 'mend.json', edits: { kind: 'message', message: 'user' } });
      expect(exercise.runs.map((run) => [run.id, usesReadersFile(exercise, run)])).toEqual([
        ['own', false],
        ['sender', true],
      ]);
    });

    it.each([
      ['an arm that sends none', [...message, 'arm: grpc-l4'], 'arm “grpc-l4” sends none'],
      ['one that the lab has not', ['edits: { kind: message, message: order }', 'arm: sender'], 'no message “order”'],
      ['one that nobody has', ['edits: { kind: message, message: poem }', 'arm: sender'], 'edits'],
    ])('with %s is a problem at its place', (_name, lines, wanted) => {
      expect(problemsOf(written(...lines))).toEqual([expect.stringContaining(wanted)]);
    });

    it('whose copy would take the place of the lab’s message is a problem', () => {
      const text = written(...message, 'arm: sender').replace('id: mend', 'id: user');
      expect(problemsOf(text)).toEqual([expect.stringContaining('user.json')]);
    });

    it('is another one when it edits another message', () => {
      const both = `${messages}  - { id: order, title: { en: Order }, file: order.json }\n`;
      const text = written(...message, 'arm: sender').replace(messages, both);
      const other = text.replace('message: user }', 'message: order }');
      expect(exerciseKey(exerciseOf(other))).not.toBe(exerciseKey(exerciseOf(text)));
    });
  });

  it('is another one when its runs or bounds change, and the same one in better words', () => {
    const text = withExercise('arm: grpc-l4', ...expectations);
    const key = exerciseKey(exerciseOf(text));
    expect(exerciseKey(exerciseOf(text.replace('Make it whole.', 'Mend it.')))).toBe(key);
    expect(exerciseKey(exerciseOf(text.replace('is: 0', 'atMost: 1')))).not.toBe(key);
    expect(exerciseKey(exerciseOf(text.replace('arm: grpc-l4', 'arm: grpc-l7')))).not.toBe(key);
  });
});
