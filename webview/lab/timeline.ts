import { append, h, setHidden } from '../dom';
import { count, say, seconds, t } from '../strings';
import type { Reading } from './readings';
import { type TimelineEntry, timelineEntries } from './timelineModel';

/** What was done to the network and what came of it, with their moments. The numbers are those on the chart. */
export function timeline(): Reading {
  const list = h('ol', { class: 'timeline' });
  const empty = h('p', { class: 'hint' }, t('Nothing happened yet. Kill a server while traffic runs and watch.'));
  let shown: readonly string[] = [];
  return {
    element: h('div', {}, empty, list),
    show(snapshot) {
      const entries = snapshot === null ? [] : timelineEntries(snapshot);
      const texts = entries.map((entry) => `${seconds(entry.event.atMs)}\t${say(entry.event.text)}\t${effect(entry)}`);
      const grown = texts.length >= shown.length && shown.every((text, index) => text === texts[index]);
      if (!grown) list.replaceChildren();
      append(list, entries.slice(grown ? shown.length : 0).map(line));
      shown = texts;
      setHidden(empty, texts.length > 0);
    },
  };
}

function line(entry: TimelineEntry): HTMLElement {
  const { event, number } = entry;
  const came = effect(entry);
  return h(
    'li',
    { 'data-kind': event.kind, class: number === null ? 'effect' : 'cause' },
    h('span', { class: 'when' }, seconds(event.atMs)),
    h('span', { class: 'event-number', 'aria-hidden': 'true' }, number === null ? '↳' : String(number)),
    h('span', {}, say(event.text), came === '' ? null : h('span', { class: 'came' }, ` · ${came}`)),
  );
}

function effect({ afterMs, rate }: TimelineEntry): string {
  if (afterMs !== null) return t('{time} later', { time: seconds(afterMs) });
  if (rate === null) return '';
  const args = { before: count(Math.round(rate.before)), after: count(Math.round(rate.after)) };
  return t('answered per second: {before} before, {after} after', args);
}
