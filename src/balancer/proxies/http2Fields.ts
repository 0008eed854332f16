import type { OutgoingHttpHeaders } from 'node:http2';

/**
 * Fields as Node's HTTP/2 takes them. It throws on repeated fields that mean something only once (`content-type`, …),
 * which HTTP/1 peers do send: then each is sent with its first value, as nginx's own parsing would take it. Returns
 * what `send` does, or null where even that is refused.
 */
export function sendFields<T>(fields: OutgoingHttpHeaders, send: (fields: OutgoingHttpHeaders) => T): T | null {
  try {
    return send(fields);
  } catch {
    const first: OutgoingHttpHeaders = {};
    for (const [name, value] of Object.entries(fields)) {
      first[name] = Array.isArray(value) && name !== 'set-cookie' && name !== 'cookie' ? value[0] : value;
    }
    try {
      return send(first);
    } catch {
      return null;
    }
  }
}
