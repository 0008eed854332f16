import type { Message } from '../../src/base/message';
import type { ExerciseState, ExerciseVerdictState, FromWebview, LabState } from '../../src/protocol/webview';
import { type Child, fill, h, setAttribute, setHidden, setText, uniqueId } from '../dom';
import { rememberOpen, send } from '../host';
import { problemList } from '../problems';
import { say, t } from '../strings';
import { button } from '../ui';

/** Step "Fix": the lab's exercises, each with its file, its hints and what the last check measured. */
export interface Exercises {
  readonly element: HTMLElement;
  show(lab: LabState, mayRun: boolean): void;
  /** An action on an exercise was refused. */
  refuse(message: Message, remedy: HTMLElement | null): void;
}

type Action = Extract<FromWebview, { readonly type: 'exercise' }>['do'];

export function exercises(first: LabState, level: number): Exercises {
  const refusal = h('div', { class: 'refusal', role: 'alert' });
  const act = (exercise: string, action: Action) => {
    fill(refusal);
    send({ type: 'exercise', lab: first.id, exercise, do: action });
  };
  const cards = first.exercises.map(({ id, title }) => ({ id, card: exerciseCard(first.id, id, title, level, act) }));
  return {
    element: h(
      'div',
      { class: 'exercises' },
      refusal,
      cards.map(({ card }) => card.element),
    ),
    show(lab, mayRun) {
      for (const { id, card } of cards) {
        const state = lab.exercises.find((exercise) => exercise.id === id);
        if (state !== undefined) card.show(state, mayRun);
      }
    },
    refuse: (message, remedy) => fill(refusal, h('p', {}, say(message)), remedy),
  };
}

interface ExerciseCard {
  readonly element: HTMLElement;
  show(exercise: ExerciseState, mayRun: boolean): void;
}

function exerciseCard(
  lab: string,
  id: string,
  title: string,
  level: number,
  act: (exercise: string, action: Action) => void,
): ExerciseCard {
  let isChecking = false;
  const titleId = uniqueId('exercise');
  const solved = h('span', { class: 'solved' }, t('✓ Solved'));
  const goal = h('p', { class: 'exercise-goal' });
  const status = h('p', { class: 'status', role: 'status' });
  const hints = h('ol', { class: 'exercise-hints', 'aria-label': t('Hints') });
  const found = h('div', { class: 'exercise-verdict' });
  const make = (text: string, action: Action, run: () => void, primary = false) =>
    button(text, run, {
      look: primary ? 'primary' : 'secondary',
      name: t('{action}: {title}', { action: text, title }),
      data: { lab, exercise: id, action: `exercise-${action}` },
    });
  const plain = (text: string, action: Action) => make(text, action, () => act(id, action));
  const open = plain(t('Open the file'), 'open');
  // One button for both, so that the focus stays where the reader's finger is.
  const check = make(t('Check'), 'check', () => (isChecking ? send({ type: 'stop', lab }) : act(id, 'check')), true);
  const hint = plain(t('Hint'), 'hint');
  const compare = plain(t('Show the solution'), 'compare');
  const solve = plain(t('Put the solution in'), 'solve');
  const reset = plain(t('Start over'), 'reset');
  const element = h(
    'article',
    { class: 'exercise', id: `exercise-${lab}-${id}`, 'data-exercise': id, 'aria-labelledby': titleId, tabindex: -1 },
    h('div', { class: 'exercise-head' }, h(`h${Math.min(6, level)}`, { id: titleId }, title), solved),
    goal,
    h(
      'div',
      { class: 'buttons' },
      [check, open, hint, compare, solve, reset].map((one) => one.element),
    ),
    hints,
    status,
    found,
  );
  let shown = '';
  return {
    element,
    show(exercise, mayRun) {
      isChecking = exercise.checking !== null;
      setText(goal, exercise.goal);
      setHidden(solved, !exercise.isSolved);
      setAttribute(element, 'data-state', stateOf(exercise));
      open.setText(t('Open {file}', { file: exercise.file }));
      setName(open.element, t('Open {file}', { file: exercise.file }), title);
      check.setText(isChecking ? t('Stop') : t('Check'));
      setName(check.element, isChecking ? t('Stop') : t('Check'), title);
      check.setDisabled(!mayRun);
      hint.setText(t('Hint ({count} left)', { count: exercise.hintsLeft }));
      hint.setDisabled(exercise.hintsLeft === 0);
      setHidden(solve.element, !exercise.solutionShown);
      solve.setDisabled(isChecking);
      reset.setDisabled(isChecking || !exercise.isOpened);
      setAttribute(reset.element, 'title', exercise.isOpened ? null : t('The file is as it was given to you.'));
      setText(status, statusOf(exercise));
      const signature = JSON.stringify([exercise.hints, exercise.verdict, isChecking]);
      if (shown === signature) return;
      shown = signature;
      setHidden(hints, exercise.hints.length === 0);
      fill(
        hints,
        exercise.hints.map((text) => h('li', {}, text)),
      );
      const last = isChecking ? null : exercise.verdict;
      fill(found, last === null ? null : verdict(last, exercise.edits, `${lab}:${id}`));
    },
  };
}

function setName(element: HTMLElement, action: string, title: string): void {
  setAttribute(element, 'aria-label', t('{action}: {title}', { action, title }));
}

function stateOf({ checking, verdict: last }: ExerciseState): string {
  if (checking !== null) return 'checking';
  if (last === null) return 'unchecked';
  return last.solved ? 'solved' : 'unsolved';
}

function statusOf({ checking, edits, verdict: last, isSolved }: ExerciseState): string {
  if (checking !== null) {
    if (edits === 'message') return t('Sending your message: run {number} of {of} …', { ...checking });
    return checking.of === 1
      ? t('Sending traffic through your file …')
      : t('Sending traffic through your file: run {number} of {of} …', { ...checking });
  }
  if (last === null) return isSolved ? t('Solved before.') : t('Not checked yet.');
  const said = last.solved ? t('Solved: everything was measured as wanted.') : t('Not solved yet.');
  return last.isStale ? `${said} ${t('The file has changed since this check.')}` : said;
}

function verdict(last: ExerciseVerdictState, edits: ExerciseState['edits'], key: string): Child {
  return [
    last.problems.length === 0 ? null : [h('p', {}, nothingSent(edits)), problemList(last.problems)],
    last.expectations.length === 0 ? null : h('ul', { class: 'expectations' }, last.expectations.map(expectation)),
    last.runs.length === 0 ? null : runs(last, key),
  ];
}

function nothingSent(edits: ExerciseState['edits']): string {
  return edits === 'message'
    ? t('This message cannot be sent, so nothing was.')
    : t('The configuration cannot run, so nothing was sent.');
}

function expectation({ met, run, name, seen, wanted, help }: ExerciseVerdictState['expectations'][number]) {
  return h(
    'li',
    { 'data-met': String(met) },
    h('span', { class: 'mark', 'aria-hidden': 'true' }, met ? '✓' : '✕'),
    h(
      'div',
      {},
      h(
        'p',
        {},
        h('span', { class: 'visually-hidden' }, met ? t('As wanted:') : t('Not as wanted:'), ' '),
        run === null ? null : [h('span', { class: 'of-run' }, say(run)), ' · '],
        h('strong', {}, say(name)),
        ' ',
        h('span', { class: 'seen' }, t('measured {seen}, wanted {wanted}', { seen: say(seen), wanted: say(wanted) })),
      ),
      help === null ? null : h('p', { class: 'help' }, say(help)),
    ),
  );
}

function runs({ runs: all, solved }: ExerciseVerdictState, key: string): HTMLElement {
  const fold = h(
    'details',
    { class: 'fold' },
    h('summary', {}, t('What the traffic did')),
    h(
      'dl',
      { class: 'seen-runs' },
      all.map(({ title, seen }) => [h('dt', {}, say(title)), seen.map((line) => h('dd', {}, say(line)))]),
    ),
  );
  rememberOpen(fold, `exercise:${key}:runs`, !solved);
  return fold;
}
