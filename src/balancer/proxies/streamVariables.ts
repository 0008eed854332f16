import { hostname } from 'node:os';
import { connectionVariable } from '../gateway/connectionVariables';
import { binaryAddress } from '../gateway/variables';
import { isoTime, localTime, seconds } from '../phases/times';
import { version } from '../version';
import { attemptsVariable } from './streamAttempts';
import type { StreamSession } from './streamSession';

/**
 * The value that a variable of the stream modules has for a connection at this moment; null: there is no such thing, which
 * logs write as "-" where something empty is nothing (not_found). undefined: none of the modules' own.
 */
export function streamVariable(name: string, session: StreamSession): string | null | undefined {
  const own =
    connectionVariable(name, session.origin) ?? upstreamVariable(name, session) ?? clientVariable(name, session);
  if (own !== undefined) return own === '' ? null : own;
  return prereadVariable(name, session) ?? timeVariable(name, session);
}

function upstreamVariable(name: string, { attempts }: StreamSession): string | undefined {
  return attemptsVariable(name, attempts);
}

function clientVariable(name: string, session: StreamSession): string | undefined {
  switch (name) {
    case 'remote_addr':
      return session.remoteAddress;
    case 'remote_port':
      return session.remotePort === 0 ? '' : String(session.remotePort);
    case 'binary_remote_addr':
      return binaryAddress(session.remoteAddress);
    case 'server_addr':
      return session.origin.localAddress;
    case 'server_port':
      return String(session.origin.localPort);
    case 'connection':
      return String(session.serial);
    case 'protocol':
      return 'TCP';
    case 'bytes_received':
      return String(session.bytesReceived);
    case 'bytes_sent':
      return String(session.bytesSent);
    case 'status':
      return String(session.status).padStart(3, '0');
    case 'limit_conn_status':
      return session.limitOutcome;
  }
  return undefined;
}

/** Of a ClientHello, even one that never came to its end, each has a value, if an empty one. */
function prereadVariable(name: string, { hello, helloIsUnfinished }: StreamSession): string | null | undefined {
  switch (name) {
    case 'ssl_preread_server_name':
      return hello?.serverName ?? (helloIsUnfinished ? '' : null);
    case 'ssl_preread_protocol':
      return hello?.protocol ?? (helloIsUnfinished ? '' : null);
    case 'ssl_preread_alpn_protocols':
      return hello?.alpnProtocols ?? (helloIsUnfinished ? '' : null);
  }
  return undefined;
}

function timeVariable(name: string, { startedAt, generation }: StreamSession): string | undefined {
  const { clock } = generation.engine;
  switch (name) {
    case 'session_time':
      return seconds(startedAt, clock.now());
    case 'msec':
      return (clock.wallNow() / 1000).toFixed(3);
    case 'time_local':
      return localTime(clock.wallNow());
    case 'time_iso8601':
      return isoTime(clock.wallNow());
    case 'hostname':
      return hostname().toLowerCase();
    case 'nginx_version':
      return version;
    case 'pid':
      return String(process.pid);
  }
  return undefined;
}
