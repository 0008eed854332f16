import { message } from '../../base/message';
import type { ListenPlan, ServerTls } from '../plan';
import { serverContext } from '../proxies/tlsContext';
import type { Reading } from './entry';
import { checkPair, provenGood } from './pem';
import type { Scope } from './scope';
import type { httpTls, streamTls } from './tls';

/** The certificates of a server; null where it has none, or none that is whole. */
export function serverTls(scope: Scope, side: typeof httpTls | typeof streamTls, reading: Reading): ServerTls | null {
  const certificates = scope.get(side.certificates);
  const keys = scope.get(side.keys);
  const written = scope.source(side.certificates);
  const keysWritten = scope.source(side.keys);
  if (certificates.length === 0 || written === null) return null;
  const pairs = certificates.flatMap((certificate, i) => {
    const key = keys[i];
    return key === undefined ? [] : [{ certificate, key }];
  });
  if (pairs.length < certificates.length) {
    // A key that is there and bad has been reported as that.
    if (keys.length > 0 || !isNamed(side.keys.name, scope)) {
      reading.error(
        written.headSpan,
        message('no "{directive}" is defined for certificate "{certificate}"', {
          directive: side.keys.name,
          certificate: certificates[pairs.length]?.path ?? '',
        }),
      );
    }
    return null;
  }
  const at = keysWritten?.headSpan ?? written.headSpan;
  if (!pairs.every(({ certificate, key }) => checkPair(certificate, key, at, reading))) return null;
  const tls = { certificates: pairs, protocols: scope.get(side.protocols) };
  return provenGood(written.headSpan, reading, () => serverContext(tls)) ? tls : null;
}

interface Secured {
  readonly listens: readonly ListenPlan[];
  readonly tls: ServerTls | null;
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
