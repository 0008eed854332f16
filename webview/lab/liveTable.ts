import type { ServerCounts, ServerState, Snapshot } from '../../src/measurement/snapshot';
import { stateText } from '../diagram/paintOverlay';
import { h, setAttribute, setHidden, setText } from '../dom';
import { count, milliseconds, percent, t } from '../strings';
import { type Button, button } from '../ui';

/** The same numbers as the diagram, as a table; a server's own buttons are in its row. */
export interface LiveTable {
  readonly element: HTMLElement;
  show(serverIds: readonly string[], snapshot: Snapshot | null, running: boolean): void;
}

interface Row {
  readonly element: HTMLTableRowElement;
  readonly cells: readonly HTMLElement[];
  readonly mark: HTMLElement;
  readonly kill: Button;
  readonly revive: Button;
}

export interface ServerActions {
  kill(server: string): void;
  revive(server: string): void;
}

export function liveTable(lab: string, actions: ServerActions): LiveTable {
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
    { class: 'numbers' },
    h('caption', { class: 'visually-hidden' }, t('Live numbers of each server')),
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        h('th', { scope: 'col' }, t('Server')),
        heads.map((text) => h('th', { scope: 'col', class: 'number' }, text)),
        h('th', { scope: 'col' }, t('State')),
        h('th', { scope: 'col' }, h('span', { class: 'visually-hidden' }, t('Actions'))),
      ),
    ),
    body,
  );
  const element = h('div', { class: 'table-scroll', role: 'group', 'aria-label': t('Live table'), tabindex: 0 }, table);
  const rows = new Map<string, Row>();

  const addRow = (id: string): Row => {
    const cells = heads.map(() => h('td', { class: 'number' }, '—'));
    const mark = h('span', { class: 'state' }, '—');
    const data = { lab, server: id };
    const kill = button(t('Kill'), () => actions.kill(id), {
      name: t('Kill {server}', { server: id }),
      data: { ...data, action: 'kill' },
    });
    const revive = button(t('Revive'), () => actions.revive(id), {
      name: t('Revive {server}', { server: id }),
      data: { ...data, action: 'revive' },
    });
    const row = h(
      'tr',
      { 'data-server-row': id },
      h('th', { scope: 'row' }, id),
      cells,
      h('td', {}, mark),
      h('td', { class: 'row-actions' }, kill.element, revive.element),
    );
    const made = { element: row, cells, mark, kill, revive };
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
    },
  };
}

function showRow(row: Row, server: ServerCounts | null, running: boolean): void {
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
  setText(row.mark, server === null ? '—' : `${stateMark(server.state)} ${stateText(server.state)}`);
  const dead = server?.state === 'dead';
  setHidden(row.kill.element, dead);
  setHidden(row.revive.element, !dead);
  row.kill.setDisabled(!running || server === null || server.state === 'removed');
  row.revive.setDisabled(!running);
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
