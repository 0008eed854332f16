/** What a server tells of the connection an answer came over (CONNECTION_HEADER, "51234/17"). */
export interface ServerConnection {
  /** The connection's remote port as the server saw it; null: not told. */
  readonly serverConnection: number | null;
  /** Requests that the connection had carried before this one; null: not told. */
  readonly requestsBefore: number | null;
}

export const NO_SERVER_CONNECTION: ServerConnection = { serverConnection: null, requestsBefore: null };

/** Anything but the header's own form tells nothing: answers may come from servers that are not ours. */
export function readConnectionHeader(value: unknown): ServerConnection {
  const match = typeof value === 'string' ? /^(\d{1,5})\/(\d{1,15})$/.exec(value) : null;
  return match === null
    ? NO_SERVER_CONNECTION
    : { serverConnection: Number(match[1]), requestsBefore: Number(match[2]) };
}
