import { ReaderError } from '../base/errors';
import { message } from '../base/message';

export interface Target {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads "127.0.0.1:4150" or "[::1]:4150". Throws ReaderError 'not-loopback' for any other host: a lab never sends
 * traffic to another machine, whatever its files say; and 'bad-target' for what is no address.
 */
export function parseTarget(text: string): Target {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new ReaderError(
      'bad-target',
      message('"{target}" is no address of the form 127.0.0.1:4150', { target: text }),
    );
  }
  if (!isLoopback(host)) {
    throw new ReaderError(
      'not-loopback',
      message('"{target}" is not on this machine; labs send traffic to 127.0.0.1 only', { target: text }),
    );
  }
  return { host, port };
}

function isLoopback(host: string): boolean {
  return host === '::1' || host === 'localhost' || /^127(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/.test(host);
}
