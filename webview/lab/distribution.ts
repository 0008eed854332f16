import type { Snapshot } from '../../src/measurement/snapshot';
import { h, putInOrder, setHidden, setStyle, setText } from '../dom';
import { percent, requestsText, t } from '../strings';
import type { Shares } from './predictionModel';
import { servesClients } from './servesClients';

/** Measured share of each server as a bar, the reader's prediction drawn over it, and the score of the two. */
export interface Distribution {
  readonly element: HTMLElement;
  show(serverIds: readonly string[], snapshot: Snapshot | null, prediction: Shares | null, score: number | null): void;
}

interface Bar {
  readonly element: HTMLElement;
  readonly fill: HTMLElement;
  readonly marker: HTMLElement;
  readonly measured: HTMLElement;
  readonly predicted: HTMLElement;
}

export function distribution(): Distribution {
  const list = h('ul', { class: 'bars' });
  const score = h('p', { class: 'score' });
  const key = h(
    'p',
    { class: 'legend' },
    h('span', { class: 'key-measured' }, t('measured')),
    h('span', { class: 'key-predicted' }, t('your prediction')),
  );
  const element = h('div', { class: 'distribution' }, list, key, score);
  const bars = new Map<string, Bar>();

  const addBar = (id: string): Bar => {
    const fill = h('div', { class: 'bar-fill' });
    const marker = h('div', { class: 'bar-marker' });
    const measured = h('span', { class: 'bar-measured' });
    const predicted = h('span', { class: 'bar-predicted' });
    const row = h(
      'li',
      { class: 'bar', 'data-bar': id },
      h('span', { class: 'bar-name' }, id),
      h('div', { class: 'bar-track', 'aria-hidden': 'true' }, fill, marker),
      h('span', { class: 'bar-numbers' }, measured, predicted),
    );
    list.append(row);
    const bar = { element: row, fill, marker, measured, predicted };
    bars.set(id, bar);
    return bar;
  };

  return {
    element,
    show(serverIds, snapshot, prediction, points) {
      const serving = snapshot?.servers.filter(servesClients) ?? [];
      const ids = [...new Set([...serverIds, ...serving.map((server) => server.id)])];
      for (const [id, bar] of bars) {
        if (ids.includes(id)) continue;
        bar.element.remove();
        bars.delete(id);
      }
      for (const id of ids) {
        const bar = bars.get(id) ?? addBar(id);
        const server = snapshot?.servers.find((candidate) => candidate.id === id);
        setStyle(bar.fill, 'width', `${((server?.share ?? 0) * 100).toFixed(1)}%`);
        setText(
          bar.measured,
          server === undefined ? t('not measured yet') : `${percent(server.share)} · ${requestsText(server.requests)}`,
        );
        const guess = prediction?.[id] ?? (prediction === null ? null : 0);
        setHidden(bar.marker, guess === null);
        if (guess !== null) setStyle(bar.marker, 'left', `${(guess * 100).toFixed(1)}%`);
        setText(bar.predicted, guess === null ? '' : t('predicted {share}', { share: percent(guess) }));
      }
      putInOrder(
        list,
        ids.flatMap((id) => bars.get(id)?.element ?? []),
      );
      setHidden(key, prediction === null);
      setHidden(score, points === null);
      setText(score, points === null ? '' : t('Your prediction scored {score} of 100.', { score: Math.round(points) }));
    },
  };
}
