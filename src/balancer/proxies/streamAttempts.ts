import { seconds } from '../phases/times';

/** What became of one attempt to reach a server (ngx_stream_upstream_state_t). Moments on the clock's now() scale; -1: not yet. */
export interface StreamAttempt {
  /** Of the server; the upstream's name where no server could be chosen. */
  readonly address: string;
  readonly startedAt: number;
  connectedAt: number;
  firstByteAt: number;
  endedAt: number;
  bytesSent: number;
  bytesReceived: number;
}

const NOT_YET = -1;

export function newAttempt(address: string, startedAt: number): StreamAttempt {
  return {
    address,
    startedAt,
    connectedAt: NOT_YET,
    firstByteAt: NOT_YET,
    endedAt: NOT_YET,
    bytesSent: 0,
    bytesReceived: 0,
  };
}

/** The `$upstream_` variables of stream, a value for each attempt; undefined: not one of them. */
export function attemptsVariable(name: string, attempts: readonly StreamAttempt[]): string | undefined {
  const list = (value: (attempt: StreamAttempt) => string) => attempts.map(value).join(', ');
  switch (name) {
    case 'upstream_addr':
      return list(({ address }) => address);
    case 'upstream_bytes_sent':
      return list(({ bytesSent }) => String(bytesSent));
    case 'upstream_bytes_received':
      return list(({ bytesReceived }) => String(bytesReceived));
    case 'upstream_connect_time':
      return list(({ startedAt, connectedAt }) => seconds(startedAt, connectedAt));
    case 'upstream_first_byte_time':
      return list(({ startedAt, firstByteAt }) => seconds(startedAt, firstByteAt));
    case 'upstream_session_time':
      return list(({ startedAt, endedAt }) => seconds(startedAt, endedAt));
  }
  return undefined;
}
