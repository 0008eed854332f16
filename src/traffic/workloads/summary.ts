import { CATALOGUE_SIZE } from '../../protocol/ordersService';
import type { Answer, Workload } from './workload';

/**
 * One order's summary after the other, drawn at random. Finds what the answers look like: their form, and a fingerprint
 * of what they say, so that it shows whether a client could notice what is spoken behind its edge.
 */
export function summaryWorkload(): Workload {
  const said = new Map<string, number>();
  let form: { readonly contentType: string; readonly fields: string } | null = null;
  const read = (id: string, { status, header, body }: Answer): void => {
    if (status !== '200' && status !== 'OK') return;
    const value = Buffer.isBuffer(body) ? parsed(body) : body;
    if (value === null) return;
    form ??= { contentType: header('content-type')?.split(';')[0] ?? '', fields: fieldsOf(value) };
    said.set(id, hashText(canonical(value)));
  };
  return {
    next: (_index, _client, random) => {
      const id = String(1 + Math.floor(random.next() * CATALOGUE_SIZE));
      return {
        rest: { method: 'GET', path: `/api/summary/${id}` },
        grpc: { service: 'shop', method: 'GetSummary', request: { id } },
        read: (answer) => read(id, answer),
      };
    },
    findings: () => {
      if (form === null) return {};
      const all = [...said].map(([id, hash]) => `${id}:${hash}`).toSorted();
      return { clientSees: { ...form, fingerprint: hashText(all.join()).toString(16).padStart(8, '0') } };
    },
  };
}

function parsed(body: Buffer): object | null {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}

/** Names without values, in alphabetical order: "{id, items: [{name, quantity}]}". */
function fieldsOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.length === 0 ? '' : fieldsOf(value[0])}]`;
  if (typeof value !== 'object' || value === null) return '';
  const fields = inOrder(value).map(([name, inner]) => {
    const within = fieldsOf(inner);
    return within === '' ? name : `${name}: ${within}`;
  });
  return `{${fields.join(', ')}}`;
}

/** JSON with the names in order: the same for the same content, whoever made the object. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${inOrder(value)
    .map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`)
    .join()}}`;
}

/** Decoders give the same fields in different orders. */
function inOrder(value: object): [string, unknown][] {
  return Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
}

/** FNV-1a, 32 bits. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return hash >>> 0;
}
