/** What the store answers, in words that both versions of the protocol can say. */
export type Reply =
  | { readonly kind: 'simple'; readonly text: string }
  /** "ERR syntax error": the code first. */
  | { readonly kind: 'error'; readonly text: string }
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'bulk'; readonly bytes: Buffer }
  | { readonly kind: 'null' }
  | { readonly kind: 'array'; readonly items: readonly Reply[] }
  /** RESP2 has no maps: keys and values in turn. */
  | { readonly kind: 'map'; readonly entries: readonly (readonly [string, Reply])[] }
  /** Text for people; RESP2 has only bulk strings. */
  | { readonly kind: 'verbatim'; readonly text: string };

export type Protocol = 2 | 3;

export const OK: Reply = { kind: 'simple', text: 'OK' };
export const NULL: Reply = { kind: 'null' };
export const error = (text: string): Reply => ({ kind: 'error', text });
export const integer = (value: number): Reply => ({ kind: 'integer', value });
export const bulk = (value: Buffer | string): Reply => ({
  kind: 'bulk',
  bytes: typeof value === 'string' ? Buffer.from(value, 'latin1') : value,
});
export const array = (items: readonly Reply[]): Reply => ({ kind: 'array', items });

/** A reply as bytes. https://redis.io/docs/latest/develop/reference/protocol-spec/ */
export function encodeReply(reply: Reply, protocol: Protocol): Buffer {
  const parts: Buffer[] = [];
  write(reply, protocol, parts);
  return Buffer.concat(parts);
}

function write(reply: Reply, protocol: Protocol, parts: Buffer[]): void {
  const line = (text: string): void => {
    parts.push(Buffer.from(`${text}\r\n`, 'latin1'));
  };
  const blob = (sign: string, bytes: Buffer): void => {
    line(`${sign}${bytes.length}`);
    parts.push(bytes, CRLF);
  };
  switch (reply.kind) {
    case 'simple':
      line(`+${oneLine(reply.text)}`);
      return;
    case 'error':
      line(`-${oneLine(reply.text)}`);
      return;
    case 'integer':
      line(`:${reply.value}`);
      return;
    case 'bulk':
      blob('$', reply.bytes);
      return;
    case 'null':
      line(protocol === 3 ? '_' : '$-1');
      return;
    case 'array':
      line(`*${reply.items.length}`);
      for (const item of reply.items) write(item, protocol, parts);
      return;
    case 'map':
      line(protocol === 3 ? `%${reply.entries.length}` : `*${reply.entries.length * 2}`);
      for (const [key, value] of reply.entries) {
        write(bulk(key), protocol, parts);
        write(value, protocol, parts);
      }
      return;
    case 'verbatim':
      if (protocol === 3) blob('=', Buffer.from(`txt:${reply.text}`, 'utf8'));
      else blob('$', Buffer.from(reply.text, 'utf8'));
      return;
  }
}

const CRLF = Buffer.from('\r\n');

/** What a client sent may stand in an error: it must not end the line. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]/g, ' ');
}
