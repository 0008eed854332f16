import type { ProgressState } from '../../src/protocol/webview';
import { fill, h, trustedHtml } from '../dom';
import { send } from '../host';
import { day, t } from '../strings';
import { button } from '../ui';

/** What was read, run and answered, and what is weak. */
export interface ProgressView {
  readonly element: HTMLElement;
  update(progress: ProgressState): void;
  focus(): void;
}

export function progressView(first: ProgressState): ProgressView {
  const title = h('h1', { tabindex: -1 }, t('My progress'));
  const body = h('div', {});
  const review = button(t('Review'), () => send({ type: 'view', view: 'review' }), {
    look: 'primary',
    data: { action: 'to-review' },
  });
  const back = button(t('Back to the text'), () => send({ type: 'view', view: 'course' }), {
    data: { action: 'to-course' },
  });
  const reset = button(t('Reset my progress'), () => send({ type: 'resetProgress' }), {
    data: { action: 'reset-progress' },
  });
  const paint = (progress: ProgressState) => {
    review.setText(progress.due === 0 ? t('Review') : t('Review ({count} due)', { count: progress.due }));
    fill(body, summary(progress), ...labs(progress), ...weak(progress), planned(progress));
  };
  paint(first);
  return {
    element: h(
      'main',
      { id: 'progress', class: 'course progress', tabindex: -1 },
      title,
      body,
      h('div', { class: 'buttons review-buttons' }, review.element, back.element, reset.element),
    ),
    update: paint,
    focus: () => title.focus(),
  };
}

function summary({ sections, exercises, questions }: ProgressState): HTMLElement {
  const row = (name: string, done: number, all: number, key: string) => [
    h('dt', {}, name),
    h('dd', { 'data-progress': key }, t('{done} of {all}', { done, all })),
  ];
  return h(
    'dl',
    { class: 'progress-numbers' },
    row(t('Sections read'), sections.read, sections.all, 'sections'),
    exercises.all === 0 ? null : row(t('Exercises solved'), exercises.solved, exercises.all, 'exercises'),
    row(t('Questions answered'), questions.answered, questions.all, 'answered'),
    row(t('Questions known'), questions.known, questions.all, 'known'),
  );
}

function labs({ labs: all }: ProgressState): readonly HTMLElement[] {
  if (all.length === 0) return [];
  return [
    h('h2', {}, t('Labs')),
    h(
      'ul',
      { class: 'progress-list' },
      all.map(({ id, title, run, all: arms }) =>
        h(
          'li',
          {},
          h('a', { href: `#lab-${id}` }, title),
          ' ',
          h('span', { class: 'muted' }, t('{run} of {all} run', { run, all: arms })),
        ),
      ),
    ),
  ];
}

function weak({ weak: all, labs: known, questions }: ProgressState): readonly HTMLElement[] {
  if (questions.answered === 0) return [];
  const titleOf = (id: string) => known.find((lab) => lab.id === id)?.title;
  const list = all.map(({ quiz, promptHtml, lab }) => {
    const title = lab === null ? undefined : titleOf(lab);
    // The prompt may hold links of its own, and a link in a link is none.
    const prompt = trustedHtml(promptHtml).textContent?.trim() ?? '';
    return h(
      'li',
      { 'data-weak': quiz },
      h('a', { href: `#quiz-${quiz}` }, prompt),
      title === undefined ? null : [' · ', h('a', { href: `#lab-${lab}` }, title)],
    );
  });
  return [
    h('h2', {}, t('What to look at again')),
    list.length === 0
      ? h('p', {}, t('Nothing: every question you have answered is known.'))
      : h('ul', { class: 'progress-list' }, list),
  ];
}

function planned({ due, nextDueAt }: ProgressState): HTMLElement | null {
  if (nextDueAt === null) return null;
  return h(
    'p',
    { class: 'muted' },
    due > 0 ? t('{count} due', { count: due }) : t('The next question is due on {day}.', { day: day(nextDueAt) }),
  );
}
