import { fill, h, setHidden, setText, uniqueId } from '../dom';
import { percent, t } from '../strings';
import { button } from '../ui';
import { allOnOne, evenShares, fitShares, type Shares, wholePercents, withShare } from './predictionModel';

/** Sliders that always sum to 100 %, one per server, with two presets. Used by labs and by quizzes. */
export interface ShareSliders {
  readonly element: HTMLElement;
  /** What is set, or null when the reader has not touched it. */
  value(): Shares | null;
  show(serverIds: readonly string[], shares: Shares | null): void;
}

interface Slider {
  readonly input: HTMLInputElement;
  readonly output: HTMLElement;
}

/** `onInput` while a slider moves, `onCommit` when it was let go or a preset was clicked. */
export function shareSliders(
  name: string,
  options: { readonly onCommit: (shares: Shares) => void; readonly onInput?: (shares: Shares) => void },
): ShareSliders {
  let ids: readonly string[] = [];
  let current: Shares | null = null;
  const sliders = new Map<string, Slider>();
  const rows = h('div', { class: 'sliders' });
  const presets = h('div', { class: 'presets' });
  const state = h('p', { class: 'hint' });
  const element = h('div', { class: 'share-sliders', role: 'group', 'aria-label': name }, rows, presets, state);

  const hint = () =>
    current === null
      ? t('Not predicted yet: move a slider or choose a preset.')
      : t('The shares always sum to 100 %: when one moves, the others give way.');

  const paint = () => {
    const shown = wholePercents(current ?? evenShares(ids), ids);
    for (const [id, slider] of sliders) {
      const value = String(shown.get(id) ?? 0);
      if (slider.input.value !== value) slider.input.value = value;
      const text = percent(Number(value) / 100);
      slider.input.setAttribute('aria-valuetext', text);
      slider.input.style.setProperty('--value', `${value}%`);
      setText(slider.output, text);
    }
    element.classList.toggle('unset', current === null);
    const isOpen = ids.length > 1;
    setHidden(rows, !isOpen);
    setHidden(presets, !isOpen);
    setText(state, isOpen ? hint() : t('There is one server to reach here, so there is nothing to predict.'));
  };

  const set = (shares: Shares, done: boolean) => {
    current = shares;
    paint();
    options.onInput?.(shares);
    if (done) options.onCommit(shares);
  };

  const build = () => {
    sliders.clear();
    fill(
      rows,
      ids.map((id) => {
        const inputId = uniqueId('share');
        const input = h('input', {
          type: 'range',
          id: inputId,
          min: 0,
          max: 100,
          step: 1,
          'data-share': id,
          on: {
            input: () => set(withShare(current ?? evenShares(ids), ids, id, Number(input.value) / 100), false),
            change: () => set(current ?? evenShares(ids), true),
          },
        });
        const output = h('output', { for: inputId, 'aria-live': 'off' });
        sliders.set(id, { input, output });
        return h('div', { class: 'slider' }, h('label', { for: inputId }, id), input, output);
      }),
    );
    fill(
      presets,
      button(t('Even'), () => set(evenShares(ids), true), { data: { preset: 'even' } }).element,
      ids.map(
        (id) =>
          button(t('All on {server}', { server: id }), () => set(allOnOne(ids, id), true), {
            data: { preset: `all-on-${id}` },
          }).element,
      ),
    );
  };

  return {
    element,
    value: () => current,
    show(nextIds, shares) {
      const rebuilt = nextIds.join('\n') !== ids.join('\n');
      if (rebuilt) {
        ids = [...nextIds];
        build();
      }
      // While the reader is at it, an echo of an earlier move must not take the slider back.
      if (!rebuilt && shares !== null && current !== null && element.contains(document.activeElement)) return;
      current = shares === null ? null : fitShares(shares, ids);
      paint();
    },
  };
}
