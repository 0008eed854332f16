import { message } from '../../base/message';
import type { ListenPlan, ServerTls } from '../plan';
import type { Reading } from './entry';
import type { Scope } from './scope';
import type { httpTls, streamTls } from './tls';

/** The certificates of a server that has an `ssl` listener; null where it has none, or none that is whole. */
export function serverTls(
  scope: Scope,
  side: typeof httpTls | typeof streamTls,
  listens: readonly ListenPlan[],
  reading: Reading,
): ServerTls | null {
  const listen = listens.find((each) => each.ssl);
  if (listen === undefined) return null;
  const certificates = scope.get(side.certificates);
  const keys = scope.get(side.keys);
  const written = [side.certificates, side.keys].map((entry) => scope.source(entry));
  if (certificates.length === 0 && written[0] === null) {
    reading.error(
      listen.span,
      message('no "{directive}" is defined for the "listen ... ssl" directive', { directive: 'ssl_certificate' }),
    );
    return null;
  }
  const pairs = certificates.flatMap((certificate, i) => {
    const key = keys[i];
    return key === undefined ? [] : [{ certificate, key }];
  });
  if (pairs.length < certificates.length) {
    reading.error(
      scope.source(side.certificates)?.headSpan ?? listen.span,
      message('no "{directive}" is defined for certificate "{certificate}"', {
        directive: 'ssl_certificate_key',
        certificate: certificates[pairs.length]?.path ?? '',
      }),
    );
    return null;
  }
  return { certificates: pairs, protocols: scope.get(side.protocols) };
}
