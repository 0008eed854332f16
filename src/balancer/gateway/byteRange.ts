/** Part of a file, `end` exclusive; bytes. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** What a Range field comes to: one part; nothing that can be had (416); or the whole file, as if it was not there. */
export type RangeAnswer = ByteRange | 'unsatisfiable' | 'whole';

/** Digits beyond these are an overflow for nginx. */
const MOST = Number.MAX_SAFE_INTEGER;

/**
 * Reads a Range field for a body of `size` bytes (RFC 9110, section 14.2), as ngx_http_range_parse() does. Several parts
 * at once are answered with the whole, which section 14.2 allows.
 */
export function byteRange(field: string, size: number): RangeAnswer {
  if (!/^bytes=./i.test(field)) return 'whole';
  const found: ByteRange[] = [];
  for (const each of field.slice(6).split(',')) {
    const [, first = '', last = ''] = /^ *(\d*) *- *(\d*) *$/.exec(each) ?? [];
    if ((first === '' && last === '') || Number(first) > MOST || Number(last) > MOST) return 'unsatisfiable';
    // nginx lets no space stand before the number of a suffix.
    if (first === '' && !/^ *-\d/.test(each)) return 'unsatisfiable';
    const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
    const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
    if (start < end) found.push({ start, end });
    else if (start === 0) return 'whole';
  }
  const [only] = found;
  if (only === undefined) return 'unsatisfiable';
  return found.length === 1 ? only : 'whole';
}
