import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { renderMessage } from '../../../src/base/message';
import { allBlocks } from '../../../src/course/parsedCourse';
import { readCourseDocument, readCourseFolder } from '../../../src/host/courseSource';

const fixture = path.resolve(import.meta.dirname, '../../editor/fixtures/tiny-course');
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'traffic-lab-course-'));
  cpSync(fixture, folder, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function read() {
  const course = await readCourseFolder(folder);
  if (!course.ok) throw new Error(JSON.stringify(course.error));
  const document = await readCourseDocument(course.value, 'en', {});
  const problems = document.problems.map(
    ({ span, message }) => `${path.basename(span.file)}:${span.line} ${renderMessage(message)}`,
  );
  return { document, problems };
}

describe('a course folder', () => {
  it('needs no glossary', async () => {
    const { document, problems } = await read();
    expect(document.glossary).toEqual([]);
    expect(problems.filter((problem) => problem.startsWith('glossary'))).toEqual([]);
  });

  it('with a broken glossary is a course all the same, and says what is wrong', async () => {
    writeFileSync(path.join(folder, 'glossary.yaml'), 'terms:\n  - id: Wrong\n');
    const { document, problems } = await read();
    expect(problems).toContainEqual(expect.stringMatching(/^glossary\.yaml:2 /));
    expect(document.quizzes.size).toBeGreaterThan(3);
  });

  it('explains the words of its glossary', async () => {
    writeFileSync(path.join(folder, 'glossary.yaml'), 'terms: [{ id: course, en: { term: course, text: This one. } }]');
    const { document } = await read();
    const html = allBlocks(document.blocks).map((block) => ('html' in block ? block.html : ''));
    expect(html.join('')).toContain('<span class="term" data-term="course">course</span>');
  });

  it('lists only files that its labs have', async () => {
    const file = path.join(folder, 'course.en.md');
    const listing = (name: string) => `\n\`\`\`listing\nlab: tiny-lab\nfile: ${name}\nblock: upstream both\n\`\`\`\n`;
    writeFileSync(file, `# T\n${listing('l4.nginx.conf')}${listing('l5.nginx.conf')}`);
    const { document, problems } = await read();
    expect(document.blocks.map((block) => block.kind)).toEqual(['heading', 'listing', 'problem']);
    expect(problems).toEqual(['course.en.md:11 The lab “tiny-lab” has no file “l5.nginx.conf”.']);
  });
});
