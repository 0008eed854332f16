import { constants, createPrivateKey } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import type { ServerTls, TlsProtocol, UpstreamTls } from '../plan';

/** OpenSSL's settings for what the file says; one context for each place in the file, however many connections. */

const REFUSALS: readonly (readonly [TlsProtocol, number])[] = [
  ['TLSv1', constants.SSL_OP_NO_TLSv1],
  ['TLSv1.1', constants.SSL_OP_NO_TLSv1_1],
  ['TLSv1.2', constants.SSL_OP_NO_TLSv1_2],
  ['TLSv1.3', constants.SSL_OP_NO_TLSv1_3],
];

/** Exactly these versions: a range could not leave one out in the middle. */
function versions(protocols: readonly TlsProtocol[]): SecureContextOptions {
  let secureOptions = constants.SSL_OP_NO_SSLv2 | constants.SSL_OP_NO_SSLv3;
  for (const [protocol, refusal] of REFUSALS) if (!protocols.includes(protocol)) secureOptions |= refusal;
  return { minVersion: 'TLSv1', maxVersion: 'TLSv1.3', secureOptions };
}

/** What a listening server needs. */
export function serverContextOptions(tls: ServerTls): SecureContextOptions {
  const { certificates, sessions, dhParameters } = tls;
  const { secureOptions = 0, ...range } = versions(tls.protocols);
  // One for each kind of key; of two of a kind OpenSSL keeps the last.
  const kinds = new Map(certificates.map((each) => [createPrivateKey(each.key.text).asymmetricKeyType, each]));
  return {
    ...range,
    secureOptions: secureOptions | (sessions.resumable ? 0 : constants.SSL_OP_NO_TICKET),
    sessionTimeout: sessions.timeoutSeconds,
    ciphers: tls.ciphers,
    honorCipherOrder: tls.preferServerCiphers,
    ecdhCurve: tls.curves,
    ...(dhParameters === null ? {} : { dhparam: dhParameters.text }),
    cert: [...kinds.values()].map(({ certificate }) => certificate.text),
    key: [...kinds.values()].map(({ key }) => key.text),
  };
}

const serverContexts = new WeakMap<ServerTls, SecureContext>();

/** Throws what OpenSSL has against a certificate (a key that is too short); none does that was proven when it was read. */
export function serverContext(tls: ServerTls): SecureContext {
  let context = serverContexts.get(tls);
  if (context === undefined) {
    context = createSecureContext(serverContextOptions(tls));
    serverContexts.set(tls, context);
  }
  return context;
}

const upstreamContexts = new WeakMap<UpstreamTls, SecureContext>();

/** Throws, as serverContext() does, and also for ciphers that do not exist. */
export function upstreamContext(tls: UpstreamTls): SecureContext {
  let context = upstreamContexts.get(tls);
  if (context === undefined) {
    context = createSecureContext({
      ...versions(tls.protocols),
      ciphers: tls.ciphers,
      // Nobody is trusted unless the file says so: the system's authorities are none of nginx's.
      ca: tls.trusted === null ? [] : [tls.trusted.text],
      ...(tls.certificate !== null && tls.key !== null ? { cert: tls.certificate.text, key: tls.key.text } : {}),
    });
    upstreamContexts.set(tls, context);
  }
  return context;
}
