import path from 'node:path';
import { expect, it } from 'vitest';
import { exerciseProblems } from '../../src/lab/exerciseLab';
import { readLabFile } from '../../src/lab/labFiles';
import { everyExercise, toldBy, verdictOn, type WrittenExercise } from '../harness/exercises';

/** A check may have several runs, each with servers to start; a gRPC client waits 10 s for a listener that does not answer. */
const TIMEOUT_MS = 90_000;

/**
 * Exercises want the machine for themselves that hold latencies against each other, or share requests out by how long a
 * connection may live: one that ends late takes more than its part. The others count, and wait for time to pass.
 */
export async function exercisesThat(act: 'measure' | 'count'): Promise<readonly WrittenExercise[]> {
  const measures = ({ lab, exercise }: WrittenExercise): boolean =>
    exercise.expect.some(({ reading }) => reading.startsWith('latencyMs')) ||
    exercise.runs.some(({ arm }) =>
      lab.arms.some(({ id, maxConnectionAgeMs }) => id === arm && maxConnectionAgeMs !== null),
    );
  return (await everyExercise()).filter((each) => measures(each) === (act === 'measure'));
}

/** What holds for every exercise: where it starts, its solution, and what readers are likely to try. */
export function checkExercise({ lab, exercise, wrong }: WrittenExercise): void {
  const inLab = (file: string) => path.join(lab.folder, file);

  it('is written in both languages', () => {
    const texts = [
      exercise.title,
      exercise.goal,
      ...exercise.hints,
      ...exercise.runs.flatMap(({ title }) => (title === null ? [] : [title])),
      ...exercise.expect.flatMap(({ name, help }) => [...(name === null ? [] : [name]), ...help.map(({ say }) => say)]),
    ];
    for (const text of texts) expect(Object.keys(text).sort()).toEqual(['en', 'ko']);
    expect(exercise.hints.length).toBeGreaterThan(0);
  });

  it('starts and ends with files of which nothing is to be complained', async () => {
    for (const file of [exercise.start, exercise.solution]) {
      const text = await readLabFile(lab.folder, file);
      if (!text.ok) throw new Error(`${file} cannot be read`);
      expect(await exerciseProblems(lab, exercise, { path: file, text: text.value }), file).toEqual([]);
    }
  });

  it('is not solved by the file it starts with, and says what it wanted', { timeout: TIMEOUT_MS }, async () => {
    const verdict = await verdictOn({ lab, exercise }, inLab(exercise.start));
    expect(verdict.solved).toBe(false);
    const unmet = verdict.expectations.filter(({ met }) => !met);
    expect(unmet.some(({ help }) => help !== null)).toBe(true);
  });

  it('is solved by its solution', { timeout: TIMEOUT_MS }, async () => {
    const verdict = await verdictOn({ lab, exercise }, inLab(exercise.solution));
    expect(toldBy({ ...verdict, runs: [] })).toBe('');
    expect(verdict.solved).toBe(true);
  });

  it('has two wrong answers or more to try', () => expect(wrong.length).toBeGreaterThanOrEqual(2));

  it.each(wrong)('$name is not enough, and it is said why', { timeout: TIMEOUT_MS }, async ({ file, says }) => {
    const verdict = await verdictOn({ lab, exercise }, file);
    expect(verdict.solved).toBe(false);
    expect(toldBy(verdict)).toContain(says);
  });
}
