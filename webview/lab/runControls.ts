import type { Message } from '../../src/base/message';
import { RUN_LIMITS, type RunParams } from '../../src/protocol/run';
import { h, setHidden } from '../dom';
import { draft, saveDraft } from '../host';
import { count, say, t } from '../strings';
import { type Button, button, numberField, type TextField } from '../ui';
import { FIELD_NAMES, type FieldName, type FieldTexts, readParams, textsOf } from './paramFields';

/** Fields and buttons of step "Run". What the reader typed is kept over a reload until a run or a reset takes it. */
export interface RunControls {
  readonly element: HTMLElement;
  show(state: {
    readonly params: RunParams;
    readonly running: boolean;
    /** The host has not confirmed the arm that was chosen: `params` are still another's, and a click on Run waits. */
    readonly isChoosing: boolean;
    /** An exercise of the lab is being checked: its servers are taken. */
    readonly isChecking: boolean;
    readonly mayRun: boolean;
    readonly canAdd: boolean;
    /** Traffic runs, and no further server is there to add. */
    readonly hasAll: boolean;
  }): void;
  /** An error from the host at a field; true if there is such a field. */
  refuse(field: string | null, message: Message): boolean;
}

export interface RunActions {
  run(params: RunParams): void;
  stop(): void;
  reset(): void;
  addServer(): void;
}

export function runControls(lab: string, actions: RunActions): RunControls {
  const key = `lab:${lab}:params`;
  let seed = 0;
  let params: RunParams | null = null;
  let running = false;
  let mayRun = true;
  let isChoosing = false;
  let startsWhenChosen = false;

  const fields = new Map<FieldName, TextField>();
  const texts = (): FieldTexts => {
    const read = (name: FieldName) => fields.get(name)?.value() ?? '';
    return {
      requests: read('requests'),
      concurrency: read('concurrency'),
      clients: read('clients'),
      rate: read('rate'),
    };
  };
  const check = () => {
    const read = readParams(texts(), seed);
    for (const [name, field] of fields) {
      const error = read.errors[name];
      field.setError(error === undefined ? null : say(error));
    }
    return read;
  };
  const start = () => {
    if (running || !mayRun) return;
    if (isChoosing) {
      startsWhenChosen = true;
      return;
    }
    const read = check();
    if (read.params === null) {
      const wrong = FIELD_NAMES.find((name) => read.errors[name] !== undefined);
      if (wrong !== undefined) fields.get(wrong)?.focus();
      return;
    }
    if (params === null) return;
    saveDraft(key, undefined);
    params = { ...params, ...read.params };
    actions.run(params);
  };
  const onInput = () => {
    saveDraft(key, texts());
    check();
  };

  const limit = (name: FieldName) =>
    t('{min} to {max}', { min: count(RUN_LIMITS[name].min), max: count(RUN_LIMITS[name].max) });
  const labels: Record<FieldName, { label: string; hint: string }> = {
    requests: { label: t('Requests'), hint: limit('requests') },
    concurrency: { label: t('In flight at once'), hint: limit('concurrency') },
    clients: { label: t('Client connections'), hint: limit('clients') },
    rate: {
      label: t('Requests per second'),
      hint: t('Empty: as fast as answers come'),
    },
  };
  for (const name of FIELD_NAMES) fields.set(name, numberField({ name, ...labels[name], onInput, onEnter: start }));

  const run = button(t('Run'), start, { look: 'primary', data: { lab, action: 'run' } });
  const stop = button(t('Stop'), actions.stop, { data: { lab, action: 'stop' } });
  const reset = button(
    t('Reset'),
    () => {
      saveDraft(key, undefined);
      params = null;
      actions.reset();
    },
    { data: { lab, action: 'reset' } },
  );
  const add = button(t('Add a server'), actions.addServer, { data: { lab, action: 'add-server' } });
  const allThere = h('p', { class: 'hint', hidden: true }, t('All servers of this lab are running.'));
  const busy = h(
    'p',
    { class: 'hint', hidden: true },
    t('An exercise is being checked on the servers of this lab: you can run it when that is over.'),
  );
  const distrust = h(
    'p',
    { class: 'notice' },
    t('Servers are started only in a trusted workspace. Reading and quizzes work.'),
  );

  const element = h(
    'div',
    { class: 'run-controls' },
    h(
      'div',
      { class: 'fields' },
      [...fields.values()].map((field) => field.element),
    ),
    h('div', { class: 'buttons' }, run.element, stop.element, reset.element, add.element),
    allThere,
    busy,
    distrust,
  );

  const write = (values: FieldTexts) => {
    for (const [name, field] of fields) field.setValue(values[name]);
  };

  return {
    element,
    show(state) {
      seed = state.params.seed;
      mayRun = state.mayRun;
      const changed = params === null || JSON.stringify(params) !== JSON.stringify(state.params);
      if (changed) {
        params = state.params;
        const kept = draft(key);
        write(isFieldTexts(kept) ? kept : textsOf(state.params));
        check();
      }
      distrust.hidden = state.mayRun;
      switchButtons({ run, stop }, running, state.running);
      running = state.running;
      run.setDisabled(state.running || state.isChecking || !state.mayRun);
      stop.setDisabled(!state.running);
      // A button that disables itself under the reader's finger would drop the focus.
      if (!state.canAdd && state.running && document.activeElement === add.element) stop.element.focus();
      add.setDisabled(!state.running || !state.canAdd);
      setHidden(allThere, !state.hasAll);
      setHidden(busy, state.running || !state.isChecking || !state.mayRun);
      for (const field of fields.values()) field.setDisabled(state.running);
      isChoosing = state.isChoosing;
      if (isChoosing || !startsWhenChosen) return;
      startsWhenChosen = false;
      start();
    },
    refuse(field, message) {
      startsWhenChosen = false;
      const named = fields.get(field as FieldName);
      named?.setError(say(message));
      named?.focus();
      return named !== undefined;
    },
  };
}

/** A button that disables itself under the reader's finger would drop the focus: it goes to its counterpart. */
function switchButtons(buttons: { readonly run: Button; readonly stop: Button }, before: boolean, now: boolean): void {
  if (before === now) return;
  const [from, to] = now ? [buttons.run, buttons.stop] : [buttons.stop, buttons.run];
  if (document.activeElement !== from.element) return;
  to.setDisabled(false);
  requestAnimationFrame(() => to.element.focus());
}

function isFieldTexts(value: unknown): value is FieldTexts {
  if (typeof value !== 'object' || value === null) return false;
  return FIELD_NAMES.every((name) => typeof (value as Record<string, unknown>)[name] === 'string');
}
