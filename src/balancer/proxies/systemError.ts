import { getSystemErrorMap } from 'node:util';

/** What the system said, as nginx logs it: "111: Connection refused". */
function systemError(error: NodeJS.ErrnoException): string {
  const { errno } = error;
  const [, text] = (errno === undefined ? undefined : getSystemErrorMap().get(errno)) ?? [];
  if (errno === undefined || text === undefined) return error.code ?? error.message;
  return `${-errno}: ${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** The call that failed, by the name of C, and why: "recv() failed (104: Connection reset by peer)". */
export function failedCall(error: NodeJS.ErrnoException): string {
  const call = error.syscall === 'read' ? 'recv' : error.syscall === 'write' ? 'send' : (error.syscall ?? 'connect');
  return `${call}() failed (${systemError(error)})`;
}
