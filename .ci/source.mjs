// Reads TypeScript sources just well enough to find calls and imports: what is code, what is a string, what a comment.

/** Stands for every character inside a string, template text or regular expression. */
const FILL = '\u0001';

/**
 * The source at the same length and lines, with comments blanked and the inside of strings, templates and regular
 * expressions filled; the code in `${…}` of a template stays.
 */
export function maskSource(text) {
  const out = text.split('');
  // One entry per open template: depth of braces inside its current `${…}`.
  const templates = [];
  let i = 0;
  const fill = (from, to, by) => {
    for (let at = from; at < to; at++) if (out[at] !== '\n') out[at] = by;
  };
  const template = (from) => {
    let at = from;
    while (at < text.length) {
      if (text[at] === '\\') at += 2;
      else if (text[at] === '`') {
        fill(from, at, FILL);
        return at + 1;
      } else if (text[at] === '$' && text[at + 1] === '{') {
        fill(from, at, FILL);
        templates.push(0);
        return at + 2;
      } else at += 1;
    }
    return at;
  };
  while (i < text.length) {
    const c = text[i];
    const next = text[i + 1];
    if (c === '/' && next === '/') {
      const end = indexOr(text, '\n', i);
      fill(i, end, ' ');
      i = end;
    } else if (c === '/' && next === '*') {
      const end = indexOr(text, '*/', i + 2) + 2;
      fill(i, end, ' ');
      i = end;
    } else if (c === "'" || c === '"') {
      let end = i + 1;
      while (end < text.length && text[end] !== c && text[end] !== '\n') end += text[end] === '\\' ? 2 : 1;
      fill(i + 1, end, FILL);
      i = end + 1;
    } else if (c === '`') {
      i = template(i + 1);
    } else if (c === '/' && startsRegex(out, i)) {
      let end = i + 1;
      let inClass = false;
      while (end < text.length && (inClass || text[end] !== '/') && text[end] !== '\n') {
        if (text[end] === '\\') end += 1;
        else if (text[end] === '[') inClass = true;
        else if (text[end] === ']') inClass = false;
        end += 1;
      }
      fill(i + 1, end, FILL);
      i = end + 1;
    } else {
      const depth = templates.at(-1);
      if (depth !== undefined && c === '{') templates[templates.length - 1] = depth + 1;
      if (depth !== undefined && c === '}') {
        if (depth === 0) {
          templates.pop();
          i = template(i + 1);
          continue;
        }
        templates[templates.length - 1] = depth - 1;
      }
      i += 1;
    }
  }
  return out.join('');
}

function indexOr(text, what, from) {
  const at = text.indexOf(what, from);
  return at === -1 ? text.length : at;
}

/** A slash begins a regular expression where no value stands before it. */
function startsRegex(out, at) {
  let before = at - 1;
  while (before >= 0 && /\s/.test(out[before])) before -= 1;
  if (before < 0) return true;
  if (/[(,=:[!&|?{};+\-*%<>~^]/.test(out[before])) return true;
  const word = /[a-z]+$/.exec(out.slice(Math.max(0, before - 10), before + 1).join(''))?.[0];
  return word === 'return' || word === 'typeof' || word === 'case' || word === 'in' || word === 'of';
}

/**
 * The string literal at an offset, plain literals joined by `+` included, or null where something else stands there.
 * @returns {{ value: string, end: number } | null}
 */
export function literalAt(text, masked, offset) {
  let at = skipSpace(masked, offset);
  let value = '';
  for (;;) {
    const quote = text[at];
    if (quote !== "'" && quote !== '"' && quote !== '`') return null;
    const end = masked.indexOf(quote, at + 1);
    const inside = masked.slice(at + 1, end);
    if (end === -1 || (quote === '`' && [...inside].some((c) => c !== FILL && c !== '\n'))) return null;
    value += unescaped(text.slice(at + 1, end));
    const after = skipSpace(masked, end + 1);
    if (masked[after] !== '+') return { value, end: after };
    at = skipSpace(masked, after + 1);
  }
}

function skipSpace(masked, offset) {
  let at = offset;
  while (at < masked.length && /\s/.test(masked[at])) at += 1;
  return at;
}

function unescaped(inside) {
  return inside.replace(/\\(u\{[\da-f]+\}|u[\da-f]{4}|x[\da-f]{2}|\n|.)/gi, (_, code) => {
    if (/^[ux]./.test(code)) return String.fromCodePoint(Number.parseInt(code.replace(/[ux{}]/g, ''), 16));
    return { n: '\n', t: '\t', r: '\r', '\n': '' }[code] ?? code;
  });
}

/** Line number (from 1) of an offset. */
export function lineOf(text, offset) {
  return text.slice(0, offset).split('\n').length;
}
