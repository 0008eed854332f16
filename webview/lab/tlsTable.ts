import type { TlsFinding } from '../../src/measurement/findings';
import { fill, h, setHidden } from '../dom';
import { count, t } from '../strings';
import type { Reading } from './readings';

/** Bytes of a fingerprint that are shown; the whole of it is in the title. */
const SHOWN_BYTES = 4;

/** Whose certificate the clients were shown, what was agreed on, and who decrypts. Hidden where nobody speaks TLS. */
export function tlsTable(): Reading {
  const body = h('tbody');
  const element = h(
    'div',
    { class: 'tls' },
    h('p', { class: 'small-title' }, t('TLS as the client saw it')),
    h(
      'div',
      { class: 'table-scroll', role: 'group', 'aria-label': t('TLS as the client saw it'), tabindex: 0 },
      h(
        'table',
        { class: 'numbers' },
        h('caption', { class: 'visually-hidden' }, t('Certificates that the client was shown')),
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            [t('Certificate'), t('Issued by'), 'SHA-256', 'TLS', 'ALPN', t('Decrypted by')].map((text) =>
              h('th', { scope: 'col' }, text),
            ),
            h('th', { scope: 'col', class: 'number' }, t('Connections')),
          ),
        ),
        body,
      ),
    ),
  );
  let shown = '';
  return {
    element,
    show(snapshot) {
      const found = snapshot?.findings?.tls ?? [];
      setHidden(element, found.length === 0);
      const signature = JSON.stringify(found);
      if (signature === shown) return;
      shown = signature;
      fill(body, found.map(row));
    },
  };
}

function row({ certificate, version, alpn, decryptedBy, connections }: TlsFinding): HTMLElement {
  const { fingerprint } = certificate;
  const start = fingerprint.split(':').slice(0, SHOWN_BYTES).join(':');
  return h(
    'tr',
    { 'data-certificate': commonName(certificate.subject) },
    h('th', { scope: 'row', title: certificate.subject }, commonName(certificate.subject)),
    h('td', { title: certificate.issuer }, commonName(certificate.issuer)),
    h('td', {}, h('code', { title: fingerprint }, `${start}…`)),
    h('td', {}, version),
    h('td', {}, alpn === '' ? '—' : alpn),
    h('td', { 'data-decrypted-by': decryptedBy }, decryptedBy === 'balancer' ? t('balancer') : decryptedBy),
    h('td', { class: 'number' }, count(connections)),
  );
}

/** The CN of "O=Traffic Lab, CN=users-a"; the whole name where it has none. */
function commonName(name: string): string {
  return /(?:^|, )CN=(.*)$/.exec(name)?.[1] ?? name;
}
