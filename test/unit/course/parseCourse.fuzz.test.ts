import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCourse } from '../../../src/course/parseCourse';
import { viewCourse } from '../../../src/course/parsedCourse';
import { sourceOrder } from '../../../src/quiz/optionOrder';
import { labs } from './courseBuilder';

const real = readFileSync(path.resolve(import.meta.dirname, '../../../labs/traffic-lab/course.en.md'), 'utf8').split(
  '\n',
);

/** What a slip of the hand, a merge or an enemy may leave in a course file. */
const strangeLine = fc.oneof(
  fc.constantFrom(
    '```',
    '```quiz',
    '````lab',
    '```nginx tab="<b>"',
    '```nginx tab="b"',
    '```listing tab="b"',
    '~~~mermaid',
    '> ```quiz',
    '- ```lab',
    'id: &a [*a, *a]',
    'id: *gone',
    '? {a: b}',
    '--- !!set',
    '%YAML 9',
    '<a id="x"></a>',
    '<a id="top"></a>',
    '<!--',
    '-->',
    '> [!WARNING] <b>x</b>',
    '# ',
    '####### x',
    '===',
    '[x](javascript:alert(1))',
    '![](https://x/y.png)',
    '[x](measured:pinning/l4/failed) [y](measured:"onclick="x/y/z)',
    '[x]: data:text/html,<script>',
    '<img src=x onerror=alert(1)>',
    '| <svg/onload=a> | [y](#z) |',
    '\t```lab',
    '\u0000\uFEFF',
    '\r',
  ),
  fc.string({ maxLength: 40 }),
);

const mangled = fc
  .tuple(
    fc.nat(real.length - 1),
    fc.integer({ min: 1, max: 80 }),
    fc.array(fc.tuple(fc.nat(79), fc.constantFrom('insert', 'replace', 'drop'), strangeLine), { maxLength: 6 }),
  )
  .map(([from, length, edits]) => {
    const lines = real.slice(from, from + length);
    for (const [at, how, line] of edits) {
      if (how === 'insert') lines.splice(at, 0, line);
      else if (how === 'replace') lines.splice(at, 1, line);
      else lines.splice(at, 1);
    }
    return lines.join('\n');
  });

// Everything the renderer may write: a tag outside of this list, or an attribute of another form, came from the author.
const allowedTag =
  /^<\/?(?:p|h[1-6]|em|strong|s|code|pre|a|span|ul|ol|li|blockquote|div|table|thead|tbody|tr|th|td|hr|br|img)(?: (?:id="[a-z0-9-]+"|href="(?:https:\/\/|#)[^"<>]*"|src="[\w./-]+"|alt="[^"<>]*"|title="[^"<>]*"|data-[a-z]+="[\w.-]+"|class="[^"<>]*"|style="text-align:(?:left|right|center)"|start="\d+"|role="note"))*>$/;

describe('a mangled course file', () => {
  it('never throws, keeps every place inside the file, and lets no HTML through', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          mangled,
          fc.array(strangeLine, { maxLength: 12 }).map((lines) => lines.join('\n')),
        ),
        (text) => {
          const parsed = parseCourse(text, 'course.en.md', { labs });
          const lines = text.replace(/\r\n?/g, '\n').split('\n').length;
          for (const problem of parsed.problems) {
            expect(problem.span.file).toBe('course.en.md');
            expect(problem.span.line).toBeGreaterThanOrEqual(1);
            expect(problem.span.line).toBeLessThanOrEqual(lines + 1);
            expect(problem.span.column).toBeGreaterThanOrEqual(1);
          }
          const blocks = viewCourse(parsed, () => sourceOrder).blocks;
          for (const block of blocks.flatMap((one) =>
            one.kind === 'tabs' ? one.tabs.flatMap((tab) => tab.blocks) : [one],
          )) {
            const html = 'html' in block ? block.html : block.kind === 'quiz' ? block.quiz.promptHtml : '';
            for (const [tag] of html.matchAll(/<[^>]*>?/g)) expect(tag).toMatch(allowedTag);
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  it('without its problem blocks is still the course: cutting one fence costs one block', () => {
    const fences = real.flatMap((line, index) => (/^```(quiz|lab|mermaid)$/.test(line) ? [index] : []));
    const reference = [{ id: 'grpc-pinning', arms: [], servers: ['a', 'b'] }];
    const whole = parseCourse(real.join('\n'), 'f', { labs: reference }).blocks;
    for (const opening of fences) {
      const closing = real.indexOf('```', opening);
      const cut = parseCourse(real.filter((_, index) => index !== closing).join('\n'), 'f', { labs: reference });
      expect(cut.problems.filter((problem) => problem.span.line === opening + 1).length).toBeGreaterThan(0);
      expect(cut.blocks.length).toBeGreaterThanOrEqual(whole.length - 1);
    }
  });
});
