import type { ServerCounts, ServerState, Snapshot } from '../../src/measurement/snapshot';
import { stateText } from '../diagram/paintOverlay';
import { h, putInOrder, setAttribute, setHidden, setText } from '../dom';
import { count, milliseconds, percent, t } from '../strings';
import { type ServerActions, type ServerActs, serverActions } from './serverActions';
import { servesClients } from './servesClients';

/** The same numbers as the diagram, as a table; a server's own buttons are in its row. */
export interface LiveTable {
  readonly element: HTMLElement;
  show(serverIds: readonly string[], snapshot: Snapshot | null, running: boolean): void;
}

interface Row {
  readonly element: HTMLTableRowElement;
  readonly cells: readonly HTMLElement[];
  readonly mark: HTMLElement;
  readonly actions: ServerActions;
}

export function liveTable(lab: string, acts: ServerActs): LiveTable {
  const body = h('tbody');
  const heads = [
    t('Connections open'),
    t('Connections in all'),
    t('Requests'),
    t('Share'),
    t('In flight'),
    t('Queue'),
    t('Latency p99'),
  ];
  const table = h(
    'table',
    { class: 'numbers live-table' },
    h('caption', { class: 'visually-hidden' }, t('Live numbers of each server')),
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        h('th', { scope: 'col' }, t('Server')),
        heads.map((text) => h('th', { scope: 'col', class: 'number' }, text)),
        h('th', { scope: 'col' }, h('span', { class: 'visually-hidden' }, t('Actions'))),
      ),
    ),
    body,
  );
  const scroll = h('div', { class: 'table-scroll', role: 'group', 'aria-label': t('Live table'), tabindex: 0 }, table);
  const note = h(
    'p',
    { class: 'hint', hidden: true },
    t('Latency is what clients measured. Servers that only other servers ask, or the balancer, have none here.'),
  );
  const element = h('div', {}, scroll, note);
  const rows = new Map<string, Row>();

  const addRow = (id: string): Row => {
    const cells = heads.map(() => h('td', { class: 'number' }, '—'));
    const mark = h('span', { class: 'state' }, '—');
    const actions = serverActions(lab, id, acts);
    const row = h(
      'tr',
      { 'data-server-row': id },
      h('th', { scope: 'row' }, id, ' ', mark),
      cells,
      h('td', { class: 'actions' }, actions.element),
    );
    const made = { element: row, cells, mark, actions };
    rows.set(id, made);
    body.append(row);
    return made;
  };

  return {
    element,
    show(serverIds, snapshot, running) {
      const ids = [...new Set([...serverIds, ...(snapshot?.servers.map((server) => server.id) ?? [])])];
      for (const [id, row] of rows) {
        if (ids.includes(id)) continue;
        row.element.remove();
        rows.delete(id);
      }
      for (const id of ids) {
        const row = rows.get(id) ?? addRow(id);
        const server = snapshot?.servers.find((candidate) => candidate.id === id) ?? null;
        showRow(row, server, running);
      }
      putInOrder(
        body,
        ids.flatMap((id) => rows.get(id)?.element ?? []),
      );
      setHidden(note, snapshot?.servers.every(servesClients) !== false);
    },
  };
}

function showRow(row: Row, server: ServerCounts | null, running: boolean): void {
  const drained = server?.drained === true;
  const texts =
    server === null
      ? []
      : [
          count(server.connectionsOpen),
          count(server.connections),
          requestsCell(server),
          percent(server.share),
          count(server.inFlight),
          count(server.queued),
          server.latencyMs === undefined || server.latencyMs === null ? '—' : milliseconds(server.latencyMs.p99),
        ];
  row.cells.forEach((cell, index) => {
    setText(cell, texts[index] ?? '—');
  });
  setAttribute(row.element, 'data-state', server?.state ?? null);
  const state = server?.state === 'up' && drained ? 'draining' : server?.state;
  setText(row.mark, state === undefined ? '—' : `${stateMark(state)} ${stateText(state)}`);
  row.actions.show(server, drained, running);
}

/** A server that the balancer asks on behalf of requests answers those questions, too. */
function requestsCell({ requests, subrequests }: ServerCounts): string {
  return subrequests === undefined
    ? count(requests)
    : `${count(requests)} + ${t('{count} checks', { count: count(subrequests) })}`;
}

function stateMark(state: ServerState): string {
  switch (state) {
    case 'up':
      return '●';
    case 'dead':
      return '✕';
    case 'removed':
      return '○';
    default:
      return '◐';
  }
}
