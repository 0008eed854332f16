import type { RequestSample, Snapshot } from '../../src/measurement/snapshot';
import { fill, h, setAttribute, setHidden, setText, uniqueId } from '../dom';
import { milliseconds, seconds, t } from '../strings';
import { button } from '../ui';
import { EMPTY_FEED, feedSamples, neighbour, selectSample } from './sampleFeed';
import { whyDetail } from './why';

/** The newest requests as a list box; choosing one answers "Why this backend?". */
export interface Samples {
  readonly element: HTMLElement;
  show(snapshot: Snapshot | null, newRun: boolean): void;
}

interface Option {
  readonly element: HTMLElement;
  readonly cells: readonly HTMLElement[];
}

/** Rows of Page Up and Page Down. */
const PAGE = 8;

export function samples(lab: string): Samples {
  let feed = EMPTY_FEED;
  const prefix = uniqueId('sample');
  const options: Option[] = [];
  const list = h('div', {
    class: 'sample-list',
    role: 'listbox',
    tabindex: 0,
    'aria-label': t('Requests, newest first. Choose one to see why it reached its backend.'),
    'data-lab': lab,
    on: { keydown: (event) => onKey(event as KeyboardEvent) },
  });
  const detail = h('div', {
    class: 'why-box',
    role: 'group',
    'aria-live': 'polite',
    'aria-label': t('Why this backend?'),
  });
  const waiting = h('span', { class: 'hint' });
  const follow = button(t('Follow the newest'), () => select(null), { data: { lab, action: 'follow' } });
  const standing = h('div', { class: 'standing' }, waiting, follow.element);
  const empty = h('p', { class: 'hint' }, t('Requests appear here during a run.'));
  const element = h('div', { class: 'samples' }, h('div', { class: 'sample-side' }, empty, list, standing), detail);
  let latest: readonly RequestSample[] = [];

  const select = (id: string | null) => {
    feed = selectSample(feed, id);
    if (id === null) feed = feedSamples(feed, latest, true);
    paint();
    const chosen = feed.shown.find((sample) => sample.id === feed.selected);
    fill(
      detail,
      h('p', { class: 'small-title' }, t('Why this backend?')),
      chosen === undefined ? h('p', { class: 'hint' }, t('Choose a request from the list.')) : whyDetail(chosen),
    );
    if (chosen !== undefined) options[feed.shown.indexOf(chosen)]?.element.scrollIntoView({ block: 'nearest' });
  };

  const onKey = (event: KeyboardEvent) => {
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: PAGE,
      PageUp: -PAGE,
      Home: -feed.shown.length,
      End: feed.shown.length,
    };
    if (event.key === 'Escape') select(null);
    else if (event.key === 'Enter' || event.key === ' ') select(feed.selected ?? neighbour(feed, 0));
    else if (steps[event.key] !== undefined) select(neighbour(feed, steps[event.key] ?? 0));
    else return;
    event.preventDefault();
  };

  const optionAt = (index: number): Option => {
    const known = options[index];
    if (known !== undefined) return known;
    const cells = [
      h('span'),
      h('span', { class: 'sample-server' }),
      h('span'),
      h('span', { class: 'number' }),
      h('span'),
    ];
    const option = h(
      'div',
      {
        class: 'sample',
        role: 'option',
        id: `${prefix}-${index}`,
        'aria-selected': 'false',
        on: { click: () => select(feed.shown[index]?.id ?? null) },
      },
      cells,
    );
    list.append(option);
    const made = { element: option, cells };
    options[index] = made;
    return made;
  };

  const paint = () => {
    feed.shown.forEach((sample, index) => {
      const { element: row, cells } = optionAt(index);
      const texts = [
        seconds(sample.atMs),
        sample.server ?? '—',
        sample.status,
        milliseconds(sample.latencyMs),
        sample.clientConnection === null ? '' : t('connection {number}', { number: sample.clientConnection }),
      ];
      cells.forEach((cell, at) => {
        setText(cell, texts[at] ?? '');
      });
      setAttribute(row, 'aria-selected', sample.id === feed.selected ? 'true' : 'false');
    });
    for (const option of options.splice(feed.shown.length)) option.element.remove();
    const at = feed.shown.findIndex((sample) => sample.id === feed.selected);
    setAttribute(list, 'aria-activedescendant', at === -1 ? null : `${prefix}-${at}`);
    setHidden(standing, feed.selected === null);
    setText(waiting, feed.waiting === 0 ? '' : t('{count} newer', { count: feed.waiting }));
    setHidden(empty, feed.shown.length > 0);
    setHidden(list, feed.shown.length === 0);
  };

  select(null);
  return {
    element,
    show(snapshot, newRun) {
      latest = snapshot?.samples ?? [];
      const hadSelection = feed.selected !== null;
      feed = feedSamples(feed, latest, newRun);
      if (hadSelection && feed.selected === null) select(null);
      else paint();
    },
  };
}
