import type { Snapshot } from '../../src/measurement/snapshot';
import { answererName } from '../diagram/nodeName';
import { fill, h, setAttribute, setHidden, setStyle, setText } from '../dom';
import { count, factor, milliseconds, percent, reading, say, t } from '../strings';
import { connectionsSentence, isSuccess } from './connectionsSentence';
import { reconciliationLine, type Side } from './reconciliationLine';

/** A part of the lab that shows something of the latest snapshot. */
export interface Reading {
  readonly element: HTMLElement;
  show(snapshot: Snapshot | null): void;
}

/** Sent, answered, failed, rate and latency as a row of named numbers; then what the lab measures beside them. */
export function keyFigures(): Reading {
  const figures: readonly {
    readonly name: string;
    readonly key: string;
    /** undefined: this lab does not measure it. */
    readonly of: (snapshot: Snapshot) => string | undefined;
  }[] = [
    { key: 'answered', name: t('Answered'), of: ({ client }) => count(client.answered) },
    { key: 'failed', name: t('Failed'), of: ({ client }) => count(client.failed) },
    { key: 'in-flight', name: t('In flight'), of: ({ client }) => count(client.inFlight) },
    { key: 'connections', name: t('Client connections'), of: connectionsOf },
    { key: 'rate', name: t('Requests per second'), of: ({ client }) => count(Math.round(client.requestsPerSecond)) },
    { key: 'p50', name: t('Latency p50'), of: ({ client }) => milliseconds(client.latencyMs.p50) },
    { key: 'p90', name: t('Latency p90'), of: ({ client }) => milliseconds(client.latencyMs.p90) },
    { key: 'p99', name: t('Latency p99'), of: ({ client }) => milliseconds(client.latencyMs.p99) },
    {
      key: 'max-over-mean',
      name: t('Busiest server / mean'),
      of: ({ findings }) => (findings?.maxOverMean === undefined ? undefined : factor(findings.maxOverMean)),
    },
    {
      key: 'availability',
      name: t('Availability'),
      of: ({ findings }) => (findings?.availability === undefined ? undefined : reading(findings.availability, '%')),
    },
    {
      key: 'moved',
      name: t('Clients moved'),
      of: ({ findings }) => (findings?.moved === undefined ? undefined : percent(findings.moved)),
    },
  ];
  const cells = figures.map(({ name, key, of }) => {
    const value = h('dd', { 'data-figure': key }, '—');
    return { of, value, cell: h('div', {}, h('dt', {}, name), value), isCommon: !OWN_FIGURES.has(key) };
  });
  const element = h(
    'dl',
    { class: 'figures' },
    cells.map(({ cell }) => cell),
  );
  return {
    element,
    show(snapshot) {
      for (const { value, cell, of, isCommon } of cells) {
        const text = snapshot === null ? undefined : of(snapshot);
        setText(value, text ?? '—');
        setHidden(cell, text === undefined && !isCommon);
      }
      setStyle(element, '--count', String(cells.filter(({ cell }) => !cell.hidden).length));
    },
  };
}

/** A browser tells its scripts nothing of its connections. */
function connectionsOf({ client }: Snapshot): string | undefined {
  return client.isBrowser === true ? undefined : count(client.connectionsOpened);
}

/** Figures that only some labs measure. */
const OWN_FIGURES: ReadonlySet<string> = new Set(['max-over-mean', 'availability', 'moved']);

/** "client 3,000 = balancer 3,000 = backends 3,000": whether the three sides counted the same. */
export function reconciliation(): Reading {
  const line = h('span', { class: 'counts' });
  const verdict = h('strong', {});
  const note = h('span', { class: 'hint' });
  const inner = h('p', { class: 'inner-counts' });
  const differences = h('ul', {});
  const element = h(
    'div',
    { class: 'reconciliation', 'data-verdict': 'none' },
    h('p', {}, verdict, ' ', line, ' ', note),
    inner,
    differences,
  );
  return {
    element,
    show(snapshot) {
      setHidden(element, snapshot === null);
      if (snapshot === null) return;
      const read = reconciliationLine(snapshot);
      setAttribute(element, 'data-verdict', read.verdict);
      setText(
        verdict,
        read.verdict === 'agree'
          ? t('✓ The counts agree:')
          : read.verdict === 'differ'
            ? t('✕ The counts do not agree:')
            : t('Counting, some are in flight:'),
      );
      const sign = read.verdict === 'differ' ? ' ≠ ' : read.equal ? ' = ' : ' · ';
      const joined = (sides: readonly Side[], between: string): string =>
        sides.map(({ side, requests }) => `${say(side)} ${count(requests)}`).join(between);
      setText(line, joined(read.sides, sign));
      setHidden(inner, read.inner.length === 0);
      const same = read.inner.every(({ requests }) => requests === read.inner[0]?.requests);
      // A call that nobody could serve was answered by the balancer: no equals sign, and no fault of the counts.
      setText(inner, t('Asked inside: {sides}', { sides: joined(read.inner, same ? ' = ' : ' · ') }));
      setText(note, read.notes.map(say).join(' '));
      const texts = read.differences.map(say);
      if (texts.join('\n') !== [...differences.children].map((item) => item.textContent).join('\n')) {
        fill(
          differences,
          texts.map((text) => h('li', {}, text)),
        );
      }
    },
  };
}

/** Connections against requests, in one sentence. */
export function summarySentence(): Reading {
  const element = h('p', { class: 'summary' });
  return {
    element,
    show(snapshot) {
      setHidden(element, snapshot === null);
      setText(element, snapshot === null ? '' : say(connectionsSentence(snapshot)));
    },
  };
}

/** What was answered by whom, when anything but a plain success was among it. */
export function outcomes(): Reading {
  const list = h('ul', { class: 'plain-list' });
  const element = h(
    'div',
    { class: 'outcomes' },
    h('p', { class: 'small-title' }, t('Answers other than success')),
    list,
  );
  let shown = '';
  return {
    element,
    show(snapshot) {
      const odd = snapshot?.client.outcomes.filter((outcome) => !isSuccess(outcome)) ?? [];
      setHidden(element, odd.length === 0);
      const texts = odd.map(({ status, by, requests }) =>
        t('{status} from {by}: {count}', { status, by: answererName(by), count: count(requests) }),
      );
      if (shown === texts.join('\n')) return;
      shown = texts.join('\n');
      fill(
        list,
        texts.map((text) => h('li', {}, text)),
      );
    },
  };
}
