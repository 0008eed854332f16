import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderMessage } from '../../../src/base/message';
import { parseCourseManifest } from '../../../src/course/manifest';
import { parseCourse } from '../../../src/course/parseCourse';
import { findLabs } from '../../../src/lab/labFiles';
import { quizKinds } from '../../../src/quiz/kinds/index';

/** The course that the editor tests open; here it is read without an editor, which is faster to be told of. */
const folder = path.resolve(import.meta.dirname, '../../editor/fixtures/tiny-course');
const read = (name: string) => readFileSync(path.join(folder, name), 'utf8');

async function parsed(language: string) {
  const labs = (await findLabs(folder)).map(({ id, definition }) => {
    if (!definition.ok) throw new Error(JSON.stringify(definition.error));
    const { arms, servers } = definition.value;
    return { id, arms: arms.map((arm) => arm.id), servers: servers.map((server) => server.id) };
  });
  return parseCourse(read(`course.${language}.md`), `course.${language}.md`, { labs });
}

describe('a course of another folder', () => {
  it('has a manifest', () => {
    expect(parseCourseManifest(read('course.yaml'), 'course.yaml').ok).toBe(true);
  });

  it('asks a question of every kind, the same in both languages', async () => {
    const [english, korean] = [await parsed('en'), await parsed('ko')];
    const keys = (course: typeof english) => [...course.quizzes.values()].map((quiz) => [quiz.id, quiz.key]);
    expect(keys(korean)).toEqual(keys(english));
    const kinds = [...english.quizzes.values()].map((quiz) => quiz.kind);
    expect(new Set(kinds)).toEqual(new Set(quizKinds.map((kind) => kind.kind)));
  });

  it.each(['en', 'ko'])('has one block that is broken on purpose (%s)', async (language) => {
    const { problems } = await parsed(language);
    expect(problems.map((problem) => renderMessage(problem.message))).toEqual([
      expect.stringContaining('There is no kind of question “single-choise”'),
    ]);
  });
});
