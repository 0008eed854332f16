import type { LabState } from '../../src/protocol/webview';
import { fill, h, setHidden } from '../dom';
import { count, milliseconds, percent, t } from '../strings';
import { choicesOf } from './setUp';

/** Every arm the reader has run so far, side by side under the same heads. */
export interface CompareArms {
  readonly element: HTMLElement;
  show(lab: LabState): void;
}

export function compareArms(): CompareArms {
  const empty = h('p', { class: 'hint' }, t('Run a second arm and its numbers stand here beside the first.'));
  const body = h('tbody');
  const cpu = h('th', { scope: 'col', class: 'number' }, t('Balancer CPU'));
  const table = h(
    'div',
    { class: 'table-scroll', role: 'group', 'aria-label': t('Arms compared'), tabindex: 0 },
    h(
      'table',
      { class: 'numbers compare' },
      h('caption', { class: 'visually-hidden' }, t('Last run of each arm')),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          h('th', { scope: 'col' }, t('Arm')),
          h('th', { scope: 'col' }, t('Share of each server')),
          [t('Client connections'), t('Answered'), t('Failed'), 'p50', 'p99'].map((text) =>
            h('th', { scope: 'col', class: 'number' }, text),
          ),
          cpu,
        ),
      ),
      body,
    ),
  );
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
      // Only labs that are about the balancer's cost measure it.
      const hasCpu = run.some((arm) => lab.results[arm.id]?.result.balancerCpuMicros !== undefined);
      setHidden(cpu, !hasCpu);
      fill(
        body,
        run.map((arm) => row(lab, arm.id, arm.title, hasCpu)),
      );
    },
  };
}

function row(lab: LabState, arm: string, title: string, hasCpu: boolean): HTMLElement | null {
  const kept = lab.results[arm];
  if (kept === undefined) return null;
  const { result, snapshot } = kept;
  const choices = choicesOf(result, lab);
  // What clients sent was split over the servers that they reach.
  const inside = new Set(snapshot.servers.flatMap((server) => (server.inside === true ? [server.id] : [])));
  const reached = result.servers.filter(({ id }) => !inside.has(id));
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
      count(snapshot.client.connectionsOpened),
      count(result.answered),
      count(result.failed),
      milliseconds(result.latencyMs.p50),
      milliseconds(result.latencyMs.p99),
      ...(hasCpu ? [cpuText(result.balancerCpuMicros)] : []),
    ].map((text) => h('td', { class: 'number' }, text)),
  );
}

/** CPU time of the balancer's thread for one request. */
function cpuText(micros: number | undefined): string {
  return micros === undefined ? '—' : t('{count} µs per request', { count: count(Math.round(micros)) });
}
