import type { RunResult } from '../../src/protocol/run';
import type { LabState } from '../../src/protocol/webview';
import { fill, h, setHidden } from '../dom';
import { count, factor, milliseconds, percent, t } from '../strings';
import { answersOtherThanSuccess } from './connectionsSentence';
import { servesClients } from './servesClients';
import { choicesOf } from './setUp';

/** Every arm the reader has run so far, side by side under the same heads. */
export interface CompareArms {
  readonly element: HTMLElement;
  show(lab: LabState): void;
}

/** A column that stands only where an arm has news for it. */
interface OwnColumn {
  readonly head: string;
  /** undefined: not measured. */
  of(result: RunResult): string | undefined;
  /** Default: whatever was measured. */
  isNews?(result: RunResult): boolean;
}

export function compareArms(): CompareArms {
  const empty = h('p', { class: 'hint' }, t('Run a second arm and its numbers stand here beside the first.'));
  const table = h('div', { class: 'table-scroll', role: 'group', 'aria-label': t('Arms compared'), tabindex: 0 });
  let shown = '';
  return {
    element: h('div', {}, empty, table),
    show(lab) {
      const run = lab.arms.filter((arm) => lab.results[arm.id] !== undefined);
      setHidden(empty, run.length > 0);
      setHidden(table, run.length === 0);
      const signature = JSON.stringify([lab.selectedArm, run.map((arm) => [arm.id, lab.results[arm.id]?.finishedAt])]);
      if (signature === shown) return;
      shown = signature;
      const results = run.flatMap(({ id }) => lab.results[id]?.result ?? []);
      const own = ownColumns().filter((column) =>
        results.some((result) => column.isNews?.(result) ?? column.of(result) !== undefined),
      );
      const numbers = [
        ...[t('Client connections'), t('Answered'), t('Failed')],
        ...own.map(({ head }) => head),
        ...['p50', 'p99'],
      ];
      fill(
        table,
        h(
          'table',
          { class: own.length > 1 ? 'numbers compare many-columns' : 'numbers compare' },
          h('caption', { class: 'visually-hidden' }, t('Last run of each arm')),
          h(
            'thead',
            {},
            h(
              'tr',
              {},
              h('th', { scope: 'col' }, t('Arm')),
              h('th', { scope: 'col' }, t('Share of each server')),
              numbers.map((text, index) => h('th', { scope: 'col', class: numberClass(index) }, text)),
            ),
          ),
          h(
            'tbody',
            {},
            run.map((arm) => row(lab, arm.id, arm.title, own)),
          ),
        ),
      );
    },
  };
}

/** What the labs are about, beside the split and the latency. That all was answered is no news where errors were the answers. */
function ownColumns(): readonly OwnColumn[] {
  return [
    {
      head: t('Not a success'),
      of: (result) => count(oddOf(result)),
      // Where availability is measured it says so in %.
      isNews: (result) => oddOf(result) > 0 && result.availability === undefined,
    },
    {
      head: t('Availability'),
      of: ({ availability }) => (availability === undefined ? undefined : percent(availability / 100)),
    },
    { head: t('Logins lost'), of: ({ sessions }) => (sessions === undefined ? undefined : count(sessions.lost)) },
    {
      head: t('Busiest server / mean'),
      of: ({ maxOverMean }) => (maxOverMean === undefined ? undefined : factor(maxOverMean)),
    },
    { head: t('Clients moved'), of: ({ moved }) => (moved === undefined ? undefined : percent(moved)) },
    {
      head: t('Balancer CPU, µs per request'),
      of: ({ balancerCpuMicros }) =>
        balancerCpuMicros === undefined ? undefined : count(Math.round(balancerCpuMicros)),
    },
  ];
}

/** The connections go first where there is no room: the picture above has them. */
function numberClass(index: number): string {
  return index === 0 ? 'number connections' : 'number';
}

function oddOf({ answered, outcomes, typeCheck }: RunResult): number {
  return answersOtherThanSuccess(answered, outcomes, typeCheck);
}

function row(lab: LabState, arm: string, title: string, own: readonly OwnColumn[]): HTMLElement | null {
  const kept = lab.results[arm];
  if (kept === undefined) return null;
  const { result, snapshot } = kept;
  const choices = choicesOf(result, lab);
  // What clients sent was split over the servers that they reach.
  const asked = new Set(snapshot.servers.flatMap((server) => (servesClients(server) ? [] : [server.id])));
  const reached = result.servers.filter(({ id }) => !asked.has(id));
  const total = reached.reduce((sum, server) => sum + server.requests, 0);
  const shares = reached.map((server) => ({ id: server.id, share: total === 0 ? 0 : server.requests / total }));
  return h(
    'tr',
    { 'data-arm-row': arm, class: arm === lab.selectedArm ? 'chosen' : undefined },
    h('th', { scope: 'row' }, title, choices === '' ? null : h('span', { class: 'choices' }, choices)),
    h(
      'td',
      {},
      h(
        'ul',
        { class: 'mini-bars' },
        shares.map(({ id, share }) =>
          h(
            'li',
            {},
            h('span', { class: 'mini-name' }, id),
            h(
              'span',
              { class: 'mini-track', 'aria-hidden': 'true' },
              h('span', { class: 'mini-fill', style: `width:${(share * 100).toFixed(1)}%` }),
            ),
            h('span', { class: 'mini-share' }, percent(share)),
          ),
        ),
      ),
    ),
    [
      snapshot.client.isBrowser === true ? '—' : count(snapshot.client.connectionsOpened),
      count(result.answered),
      count(result.failed),
      ...own.map(({ of }) => of(result) ?? '—'),
      milliseconds(result.latencyMs.p50),
      milliseconds(result.latencyMs.p99),
    ].map((text, index) => h('td', { class: numberClass(index) }, text)),
  );
}
