import type { Snapshot } from '../../src/measurement/snapshot';
import { RUN_LIMITS } from '../../src/protocol/run';
import type { LabState } from '../../src/protocol/webview';
import { h, setAttribute, setHidden, setText, uniqueId } from '../dom';
import { count, t } from '../strings';
import { button, plainButton } from '../ui';
import { loadNow } from './timelineModel';

/** What the reader can do to the clients while traffic runs: raise the rate, and say who they are. */
export interface LoadControls {
  readonly element: HTMLElement;
  show(lab: LabState, snapshot: Snapshot | null): void;
}

type Population = NonNullable<LabState['population']>;
const POPULATIONS: readonly Population[] = ['spread', 'nat', 'skewed'];

export function loadControls(
  lab: string,
  acts: { setRate(rate: number): void; setPopulation(population: Population): void },
): LoadControls {
  let next: number | null = null;
  const raise = button(t('Rate ×2'), () => next !== null && acts.setRate(next), {
    data: { lab, action: 'raise-rate' },
  });
  const names: Readonly<Record<Population, string>> = {
    spread: t('spread'),
    nat: t('behind one NAT'),
    skewed: t('one big customer'),
  };
  const label = uniqueId('population');
  const choices = POPULATIONS.map((population) => ({
    population,
    element: plainButton(
      { 'data-population': population, 'aria-pressed': 'false' },
      () => acts.setPopulation(population),
      names[population],
    ),
  }));
  const noRate = h('p', { class: 'hint', hidden: true }, t('No rate is set: the clients are as fast as the answers.'));
  const noSkew = h('p', { class: 'hint', hidden: true });
  const notYet = h(
    'p',
    { class: 'hint not-yet' },
    t('While traffic runs you can add a server, raise the rate, choose other clients, and break any server.'),
  );
  const who = h(
    'div',
    { class: 'population' },
    h('span', { id: label }, t('Clients:')),
    h(
      'div',
      { class: 'segments', role: 'group', 'aria-labelledby': label },
      choices.map(({ element }) => element),
    ),
    noSkew,
  );
  return {
    element: h(
      'div',
      { class: 'load-controls', role: 'group', 'aria-label': t('While it runs') },
      raise.element,
      noRate,
      who,
      notYet,
    ),
    show(state, snapshot) {
      const { rate, population } = loadNow(state.running ? snapshot : null, {
        rate: state.params.rate,
        population: state.population,
      });
      next = rate === null || rate >= RUN_LIMITS.rate.max ? null : Math.min(RUN_LIMITS.rate.max, rate * 2);
      raise.setText(
        next === null || !state.running ? t('Rate ×2') : t('Rate ×2 (to {rate} per second)', { rate: count(next) }),
      );
      raise.setDisabled(!state.running || next === null);
      setHidden(notYet, state.running);
      setHidden(noRate, !state.running || rate !== null);
      const cannot = whyNot(state.skew);
      setHidden(noSkew, cannot === null);
      setText(noSkew, cannot ?? '');
      const shown = population ?? (state.skew === 'page' ? null : 'spread');
      for (const { population: own, element } of choices) {
        setAttribute(element, 'aria-pressed', String(own === shown));
        setAttribute(element, 'disabled', state.running && cannot === null ? null : '');
      }
    },
  };
}

/** What keeps the reader from choosing who the clients are; null: nothing. */
function whyNot(skew: LabState['skew']): string | null {
  switch (skew) {
    case 'possible':
      return null;
    case 'one-client':
      return t('One client has nobody to differ from: set “Client connections” to 2 or more before you run.');
    case 'page':
      return t('The browser is the only client here: it cannot be many.');
  }
}
