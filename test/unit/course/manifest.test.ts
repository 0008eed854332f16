import { describe, expect, it } from 'vitest';
import { renderMessage } from '../../../src/base/message';
import { parseCourseManifest } from '../../../src/course/manifest';

function problems(...lines: readonly string[]): readonly string[] {
  const parsed = parseCourseManifest(lines.join('\n'), 'course.yaml');
  return parsed.ok ? [] : parsed.error.map((p) => `${p.span.line}:${p.span.column} ${renderMessage(p.message)}`);
}

describe('course.yaml', () => {
  it('says id, version, titles, languages and order', () => {
    const text = 'id: c\nversion: 3\ntitle: { ko: 코스, en: Course }\nlanguages: [ko, en]\norder: 2';
    expect(parseCourseManifest(text, 'course.yaml')).toEqual({
      ok: true,
      value: { id: 'c', version: 3, title: { ko: '코스', en: 'Course' }, languages: ['ko', 'en'], order: 2 },
    });
  });

  it('is told all its faults at once, each at its place', () => {
    expect(problems('id: c', 'version: one', 'title: { en: Course }', 'colour: red')).toEqual([
      '2:10 “version” should be number, but is "one".',
      '1:1 “languages” is missing.',
      '4:9 “colour” is not known here.',
    ]);
  });

  it('has a title in every language, and each language once', () => {
    expect(problems('id: c', 'version: 1', 'title: { en: Course }', 'languages: [en, ko, en]')).toEqual([
      '3:8 There is no title in the language “ko”.',
      '4:21 The language “en” is listed twice.',
    ]);
  });

  it('is YAML', () => {
    expect(problems('id: c', 'title: [')[0]).toMatch(/^\d+:\d+ This is not valid YAML/);
  });
});
