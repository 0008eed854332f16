import type { QuizFeedback } from '../../src/quiz/quizKind';
import { h, trustedHtml } from '../dom';
import { t } from '../strings';

/** How a good answer may read; null where the course gives none. */
export function modelAnswer({ modelHtml }: QuizFeedback): HTMLElement | null {
  if (modelHtml === undefined) return null;
  return h(
    'div',
    { class: 'model-answer' },
    h('p', { class: 'small-title' }, t('A model answer')),
    trustedHtml(modelHtml),
  );
}
