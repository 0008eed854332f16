import type { Clock } from '../../base/clock';
import type { Target } from '../targets';
import type { TrafficClient } from './client';
import type { ClientSockets } from './clientSockets';
import { restKeepalive } from './restKeepalive';
import { TlsConnections } from './tlsConnections';

/** REST over keep-alive connections like restKeepalive, each of them TLS, its certificate checked against the authority. */
export function restTls(
  target: Target,
  clients: number,
  timeoutMs: number,
  clock: Clock,
  sockets: ClientSockets,
  authority: string,
): TrafficClient {
  const tls = new TlsConnections(target, authority);
  return {
    ...restKeepalive(target, clients, timeoutMs, clock, sockets, null, tls),
    findings: () => ({ tls: tls.findings() }),
  };
}
