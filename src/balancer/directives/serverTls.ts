import { message } from '../../base/message';
import type { Span } from '../../base/problem';
import type { ListenPlan, PemFile, ServerTls } from '../plan';
import { serverContext } from '../proxies/tlsContext';
import type { Reading } from './entry';
import { checkPair, provenGood, readCertificates, readKey, readPem } from './pem';
import type { Scope } from './scope';
import { type httpTls, streamAlpn, streamHandshakeTimeout, type streamTls } from './tls';
import { tlsSessions } from './tlsSessions';

type Side = typeof httpTls | typeof streamTls;
type Sessions = Parameters<typeof tlsSessions>[1];

/** TLS of a server towards clients; null where it has no certificate, or none that is whole. */
export function serverTls(scope: Scope, side: Side, sessions: Sessions, reading: Reading): ServerTls | null {
  const written = scope.source(side.certificates);
  if (written === null) return null;
  const certificates = readPairs(scope, side, written.headSpan, reading);
  const dhWord = scope.get(side.dhParameters);
  const dhParameters = dhWord === null ? null : (readPem(dhWord, reading) ?? null);
  if (certificates === null || (dhWord !== null && dhParameters === null)) return null;
  const isStream = scope.isStream;
  const tls: ServerTls = {
    certificates,
    protocols: scope.get(side.protocols),
    ciphers: scope.get(side.ciphers),
    preferServerCiphers: scope.get(side.preferServerCiphers),
    curves: scope.get(side.curves),
    dhParameters,
    sessions: tlsSessions(scope, sessions),
    alpn: isStream ? scope.get(streamAlpn) : [],
    handshakeTimeoutMs: isStream ? scope.get(streamHandshakeTimeout) : 0,
  };
  const at = scope.source(side.ciphers) ?? scope.source(side.curves) ?? written;
  return provenGood(at.headSpan, reading, () => serverContext(tls)) ? tls : null;
}

/** Each certificate with its key; null with the problems reported. */
function readPairs(scope: Scope, side: Side, at: Span, reading: Reading): ServerTls['certificates'] | null {
  const words = scope.get(side.certificates);
  const keyWords = scope.get(side.keys);
  const passPhrases = scope.get(side.passPhrases);
  const lonely = words[keyWords.length];
  if (lonely !== undefined) {
    reading.error(
      at,
      message('no "{directive}" is defined for certificate "{certificate}"', {
        directive: side.keys.name,
        certificate: lonely.value,
      }),
    );
    return null;
  }
  const pairs: { certificate: PemFile; key: PemFile }[] = [];
  for (const [i, word] of words.entries()) {
    const keyWord = keyWords[i];
    const certificate = readCertificates(word, reading);
    const key = keyWord && readKey(keyWord, reading, passPhrases, side.passPhrases.name);
    if (certificate === undefined || key === undefined) continue;
    if (checkPair(certificate, key, keyWord?.span ?? at, reading)) pairs.push({ certificate, key });
  }
  return pairs.length === words.length ? pairs : null;
}

interface Secured {
  readonly listens: readonly ListenPlan[];
  readonly tls: ServerTls | null;
  /** Of http. */
  readonly rejectsHandshakes?: boolean;
}

/**
 * An address is TLS's where one of its servers says `ssl`, and its default server needs a certificate then
 * (ngx_http_ssl_init, ngx_stream_ssl_merge_srv_conf). Servers in `reported` name one that is bad.
 */
export function checkCertificates(servers: readonly Secured[], reported: ReadonlySet<Secured>, reading: Reading): void {
  const defaults = new Map<string, { readonly server: Secured; readonly listen: ListenPlan }>();
  for (const server of servers) {
    for (const listen of server.listens) {
      const before = defaults.get(listen.declared);
      if (before === undefined || (listen.defaultServer && !before.listen.defaultServer)) {
        defaults.set(listen.declared, { server, listen });
      }
    }
  }
  const seen = new Set<string>();
  for (const { listens } of servers) {
    for (const listen of listens) {
      const found = defaults.get(listen.declared);
      if (!listen.ssl || found === undefined || found.server.tls !== null || reported.has(found.server)) continue;
      const others = servers.filter((server) => server.listens.some(({ declared }) => declared === listen.declared));
      // One that turns everybody away needs none, but then each of the others does.
      if (others.every(({ tls, rejectsHandshakes }) => tls !== null || rejectsHandshakes === true)) continue;
      if (seen.has(listen.declared)) continue;
      seen.add(listen.declared);
      reading.error(
        listen.span,
        message('no "{directive}" is defined for the "listen ... ssl" directive', { directive: 'ssl_certificate' }),
      );
    }
  }
}

/** Whether the server, or what it inherits from, names a certificate, be it good or bad. */
export function namesCertificate(scope: Scope): boolean {
  return isNamed('ssl_certificate', scope);
}

function isNamed(directive: string, scope: Scope): boolean {
  return scope.names(directive) || (scope.parent !== null && isNamed(directive, scope.parent));
}
