import { X509Certificate } from 'node:crypto';
import { connect as connectTcp, isIP, type OnReadOpts, type Socket } from 'node:net';
import { type ConnectionOptions, connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import type { UpstreamTls } from '../plan';
import type { PeerSite } from './engine';
import { upstreamContext } from './tlsContext';

/** How a request wants its connection to the server secured (ngx_http_upstream_ssl_init_connection). */
export interface SecureTarget {
  readonly settings: UpstreamTls;
  /** proxy_ssl_name, or the host of proxy_pass; a port is cut off. */
  readonly name: string;
  /** 'h2' for gRPC; null: ALPN is not used. */
  readonly alpn: 'h2' | null;
}

/** The event with which a connection of dial() is ready for the first byte. */
export function readyEvent(secure: SecureTarget | null): 'connect' | 'secureConnect' {
  return secure === null ? 'connect' : 'secureConnect';
}

/**
 * Opens a connection to a server. A secured one emits 'secureConnect' only for a server that passed all checks, else
 * 'error' and nothing of the request has been sent if the caller has not written before. `onread` is for those in the
 * clear only: they emit no 'data' then.
 */
export function dial(peer: PeerSite, secure: SecureTarget | null, onread?: OnReadOpts): Socket {
  const { host, port } = peer;
  if (secure === null) return connectTcp({ host, port, noDelay: true, ...(onread === undefined ? {} : { onread }) });
  return secured(peer, secure, { host, port });
}

/**
 * The same over a connection of one's own that is being made. What was written to it goes before the handshake, in the
 * clear; whether it may be half open is for it to say.
 */
export function secureOver(under: Socket, peer: PeerSite, secure: SecureTarget): TLSSocket {
  return secured(peer, secure, { socket: under });
}

function secured(peer: PeerSite, secure: SecureTarget, where: ConnectionOptions): TLSSocket {
  const { settings, alpn } = secure;
  const name = hostOnly(secure.name);
  const options: ConnectionOptions = {
    ...where,
    secureContext: upstreamContext(settings),
    rejectUnauthorized: settings.verify,
    checkServerIdentity: (_host, certificate) => identityProblem(certificate, name, settings.verifyDepth),
    ...(alpn === null ? {} : { ALPNProtocols: [alpn] }),
  };
  // Addresses are no names (RFC 6066, section 3). Without a name of its own Node would send the host's.
  options.servername = settings.sendName && name !== '' && isIP(name) === 0 && !name.startsWith('[') ? name : '';
  const { address } = peer.peer;
  const known = settings.reuseSessions ? sessionsOf(settings).get(address) : undefined;
  // A session goes on without another look at the certificate: only for the name that it was checked for.
  if (known?.name === name) options.session = known.ticket;
  const socket = connect(options).setNoDelay(true);
  if (settings.reuseSessions)
    socket.on('session', (ticket: Buffer) => remember(sessionsOf(settings), address, { name, ticket }));
  return socket;
}

/** What failed, in nginx's words. */
export function handshakeFailure(error: NodeJS.ErrnoException): string {
  if (error instanceof IdentityError) return error.message;
  if (
    /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERROR_IN_CERT|INVALID_CA|HOSTNAME_MISMATCH)/.test(error.code ?? '')
  ) {
    return `upstream SSL certificate verify error: (${error.code}: ${error.message})`;
  }
  return `SSL_do_handshake() failed (SSL: ${error.message})`;
}

class IdentityError extends Error {}

function identityProblem(certificate: PeerCertificate, name: string, depth: number): Error | undefined {
  if (chainLength(certificate) > depth + 2) {
    return new IdentityError('upstream SSL certificate verify error: (22:certificate chain too long)');
  }
  // X509_check_host() without flags, as nginx calls it; addresses are compared as if they were names.
  if (new X509Certificate(certificate.raw).checkHost(name) !== undefined) return undefined;
  return new IdentityError(`upstream SSL certificate does not match "${name}"`);
}

/** Leaf, intermediates and root. */
function chainLength(leaf: PeerCertificate): number {
  let length = 1;
  let at = leaf as PeerCertificate & { readonly issuerCertificate?: typeof at };
  while (at.issuerCertificate !== undefined && at.issuerCertificate !== at) {
    if (at.issuerCertificate.fingerprint256 === at.fingerprint256) break;
    at = at.issuerCertificate;
    length++;
  }
  return length;
}

function hostOnly(name: string): string {
  const from = name.startsWith('[') ? name.indexOf(']') : 0;
  const colon = name.indexOf(':', Math.max(0, from));
  return colon < 0 ? name : name.slice(0, colon);
}

const SESSIONS_KEPT = 1_000;

interface KnownSession {
  readonly name: string;
  readonly ticket: Buffer;
}

const sessions = new WeakMap<UpstreamTls, Map<string, KnownSession>>();

/** Addresses may come from variables: the oldest is forgotten. */
function remember(known: Map<string, KnownSession>, address: string, session: KnownSession): void {
  known.delete(address);
  known.set(address, session);
  if (known.size <= SESSIONS_KEPT) return;
  for (const oldest of known.keys()) {
    known.delete(oldest);
    return;
  }
}

/** The newest session with each server, by address. */
function sessionsOf(settings: UpstreamTls): Map<string, KnownSession> {
  let found = sessions.get(settings);
  if (found === undefined) {
    found = new Map();
    sessions.set(settings, found);
  }
  return found;
}
