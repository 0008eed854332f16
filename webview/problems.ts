import type { Problem } from '../src/base/problem';
import { h } from './dom';
import { send } from './host';
import { say, t } from './strings';
import { plainButton } from './ui';

/** Problems of files the reader may mend, each with a button that opens the file at the exact place. */
export function problemList(problems: readonly Problem[]): HTMLElement {
  return h('ul', { class: 'problem-list' }, problems.map(problemItem));
}

function problemItem(problem: Problem): HTMLElement {
  const { file, line, column } = problem.span;
  const name = file.split(/[\\/]/).at(-1) ?? file;
  return h(
    'li',
    { 'data-severity': problem.severity },
    h('strong', { class: 'severity' }, severityText(problem.severity)),
    ' ',
    say(problem.message),
    problem.hint === undefined ? null : h('span', { class: 'problem-hint' }, ' ', say(problem.hint)),
    ' ',
    plainButton(
      {
        class: 'link',
        'data-action': 'open-problem',
        title: file,
        'aria-label': `${name}:${line}:${column}, ${t('open the file at this place')}`,
      },
      () => send({ type: 'openProblem', file, line, column }),
      `${name}:${line}:${column}`,
    ),
  );
}

function severityText(severity: Problem['severity']): string {
  if (severity === 'error') return t('✕ Error');
  return severity === 'warning' ? t('⚠ Warning') : t('Note');
}
