import type { Hop } from '../../src/measurement/findings';
import { fill, h, setHidden, setText } from '../dom';
import { count, milliseconds, t } from '../strings';
import type { Reading } from './readings';

/** Hop by hop, what a request costs in bytes and in time, and what the client sees of all that. */
export function hops(): Reading {
  const body = h('tbody');
  const seen = h('p', { class: 'client-sees' });
  const heads = [t('Requests'), t('Bytes per request'), 'p50', 'p99'];
  const element = h(
    'div',
    { class: 'hops' },
    h('p', { class: 'small-title' }, t('Hop by hop')),
    h(
      'div',
      { class: 'table-scroll', role: 'group', 'aria-label': t('Bytes and latency of each hop'), tabindex: 0 },
      h(
        'table',
        { class: 'numbers' },
        h('caption', { class: 'visually-hidden' }, t('Bytes and latency of each hop')),
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            h('th', { scope: 'col' }, t('Hop')),
            h('th', { scope: 'col' }, t('Protocol')),
            heads.map((text) => h('th', { scope: 'col', class: 'number' }, text)),
          ),
        ),
        body,
      ),
    ),
    seen,
  );
  let shown = '';
  return {
    element,
    show(snapshot) {
      const rows = snapshot?.findings?.hops ?? [];
      const sees = snapshot?.findings?.clientSees;
      setHidden(element, rows.length === 0);
      setHidden(seen, sees === undefined);
      if (sees !== undefined) {
        setText(seen, t('What the client sees: {type} with {fields}', { type: sees.contentType, fields: sees.fields }));
      }
      const now = JSON.stringify(rows);
      if (now === shown) return;
      shown = now;
      fill(body, rows.map(row));
    },
  };
}

function row(hop: Hop): HTMLElement {
  return h(
    'tr',
    { 'data-hop': `${hop.from}-${hop.to}`, 'data-protocol': hop.protocol },
    h('th', { scope: 'row' }, `${placeName(hop.from)} → ${placeName(hop.to)}`),
    h('td', {}, PROTOCOLS[hop.protocol]),
    [
      count(hop.requests),
      count(hop.bytesPerRequest),
      milliseconds(hop.latencyMs.p50),
      milliseconds(hop.latencyMs.p99),
    ].map((text) => h('td', { class: 'number' }, text)),
  );
}

const PROTOCOLS = { rest: 'REST', grpc: 'gRPC', 'grpc-web': 'gRPC-Web' } as const;

/** A service has a name of its own; the rest is called by what it is. */
function placeName(place: string): string {
  switch (place) {
    case 'client':
      return t('Client');
    case 'balancer':
      return t('Load balancer');
    case 'edge':
      return t('Edge');
    default:
      return place;
  }
}
