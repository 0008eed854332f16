/** What the error log says of servers, in nginx's words. `doing`: "connecting to upstream", "reading upstream" … */

const CALLS: Readonly<Record<string, string>> = { read: 'recv', write: 'writev' };

const REASONS: Readonly<Record<string, string>> = {
  EPIPE: '32: Broken pipe',
  EADDRNOTAVAIL: '99: Cannot assign requested address',
  ENETUNREACH: '101: Network is unreachable',
  ECONNABORTED: '103: Software caused connection abort',
  ECONNRESET: '104: Connection reset by peer',
  ETIMEDOUT: '110: Connection timed out',
  ECONNREFUSED: '111: Connection refused',
  EHOSTUNREACH: '113: No route to host',
  EMFILE: '24: Too many open files',
};

export function callFailed(error: NodeJS.ErrnoException, doing: string): string {
  const call = error.syscall ?? 'read';
  const { code = '' } = error;
  return `${CALLS[call] ?? call}() failed (${REASONS[code] ?? (code === '' ? error.message : code)}) while ${doing}`;
}

export function timedOut(doing: string): string {
  return `upstream timed out (110: Connection timed out) while ${doing}`;
}

export function closedEarly(doing: string): string {
  return `upstream prematurely closed connection while ${doing}`;
}
