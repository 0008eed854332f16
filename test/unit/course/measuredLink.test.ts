import { describe, expect, it } from 'vitest';
import { course, htmlOf, problemsOf, title } from './courseBuilder';

const withLab = (line: string) => course(...title, line, '', '```lab', 'id: pinning', '```');

describe('a link to a measured value', () => {
  it('leads to its lab with the words of the author, and says what the page is to put there', () => {
    const parsed = withLab('| a | [far less](measured:pinning/l7/latencyMs.p99/over/l4) |\n|---|---|\n| 1 | 2 |');
    expect(problemsOf(parsed)).toEqual([]);
    expect(htmlOf(parsed)).toContain(
      '<a class="measured" href="#lab-pinning" data-lab="pinning" data-arm="l7" data-reading="latencyMs.p99" data-over="l4">far less</a>',
    );
  });

  it('need not be a ratio', () => {
    const html = htmlOf(withLab('It took [some time](measured:pinning/l4/failed).'));
    expect(html).toContain('data-reading="failed">some time</a>');
    expect(html).not.toContain('data-over');
  });

  it.each([
    ['[x](measured:other/l4/failed)', '3:5 There is no lab “other” in this course.'],
    ['[x](measured:pinning/l5/failed)', '3:5 The lab “pinning” has no arm “l5”.'],
    ['[x](measured:pinning/l4/failed/over/l5)', '3:5 The lab “pinning” has no arm “l5”.'],
    ['[x](measured:pinning/l4/latencyMs.p98)', '3:5 No run has a reading “latencyMs.p98”.'],
    [
      '[x](measured:pinning/l4)',
      '3:5 A measured value is written “measured:lab/arm/reading” or “measured:lab/arm/reading/over/arm”.',
    ],
  ])('that cannot be is told at its place and keeps its words: %s', (line, says) => {
    const parsed = withLab(line);
    expect(problemsOf(parsed)).toEqual([says]);
    expect(htmlOf(parsed)).toContain('<span class="broken-link">x</span>');
  });

  it('wants its lab somewhere in the document', () => {
    expect(problemsOf(course(...title, '[x](measured:pinning/l4/failed)'))).toEqual([
      '3:5 The lab “pinning” stands nowhere in this document.',
    ]);
  });
});
