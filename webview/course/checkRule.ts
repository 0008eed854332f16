import type { Block } from '../../src/course/courseView';
import { t } from '../strings';

type Heading = Extract<Block, { kind: 'heading' }>;

/**
 * Whether the questions below a heading are folded: it stands inside a section (third level or deeper) and its anchor says
 * so, `check-…` or `…-check`. A section of its own with questions, such as a final one, is not folded.
 */
export function foldsQuestions({ level, anchor }: Pick<Heading, 'level' | 'anchor'>): boolean {
  return level >= 3 && /^check-|-check$/.test(anchor);
}

/** What the fold says while it is closed. */
export function checkSummary(count: number, answered: number): string {
  if (count === 1) return answered === 1 ? t('✓ 1 question, answered') : t('1 question');
  if (answered === count) return t('✓ {count} questions, all answered', { count });
  if (answered === 0) return t('{count} questions', { count });
  return t('{count} questions, {answered} answered', { count, answered });
}
