import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { root } from '../../.ci/commands.mjs';

export interface ChoiceQuestion {
  readonly id: string;
  readonly rightOption: string;
}

/** The first question of the course that has one right option, as its author wrote it. */
export function firstSingleChoice(language: string): ChoiceQuestion {
  const text = readFileSync(path.join(root, 'labs', 'traffic-lab', `course.${language}.md`), 'utf8');
  for (const [, yaml = ''] of text.matchAll(/^```quiz\n([\s\S]*?)^```/gm)) {
    const { id, kind, options } = parse(yaml);
    if (kind !== 'single-choice') continue;
    const right = options.find((option: { correct?: boolean }) => option.correct === true);
    return { id, rightOption: right.id };
  }
  throw new Error(`course.${language}.md asks no question with one right option`);
}
