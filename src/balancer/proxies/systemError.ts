import { getSystemErrorMap } from 'node:util';

/** What the system said, as nginx logs it: "111: Connection refused". */
export function systemError(error: NodeJS.ErrnoException): string {
  const { errno } = error;
  const [, text] = (errno === undefined ? undefined : getSystemErrorMap().get(errno)) ?? [];
  if (errno === undefined || text === undefined) return error.code ?? error.message;
  return `${-errno}: ${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
