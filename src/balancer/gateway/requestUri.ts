/** A request target taken apart as nginx does it (ngx_http_parse_complex_uri). */
export interface RequestUri {
  /** Decoded, dot segments resolved, slashes merged: `$uri`, what locations are matched against. latin1 bytes as text. */
  readonly path: string;
  /** Without the `?`; '' if there is none. */
  readonly args: string;
}

/** `mergeSlashes`: several in a row count as one. Null: the target is bad (400): an incomplete escape, an escaped NUL, or more `..` than there are segments. */
export function parseRequestUri(target: string, mergeSlashes = true): RequestUri | null {
  let plain = true;
  let end = target.length;
  let query = -1;
  for (let i = 0; i < target.length; i++) {
    const code = target.charCodeAt(i);
    if (code === 63) {
      if (query < 0) {
        query = i;
        end = i;
      }
    } else if (code === 35) {
      // A fragment is no part of a request.
      return parseRequestUri(target.slice(0, i), mergeSlashes);
    } else if (query < 0) {
      // `%`, `//` and `/.` are what makes a path other than it looks.
      if (code === 37) plain = false;
      else if (code === 47) {
        const next = target.charCodeAt(i + 1);
        if (next === 47 || next === 46) plain = false;
      }
    }
  }
  const args = query < 0 ? '' : target.slice(query + 1);
  if (plain) return { path: query < 0 ? target : target.slice(0, end), args };
  const path = normalizePath(target.slice(0, end), mergeSlashes);
  return path === null ? null : { path, args };
}

function normalizePath(raw: string, mergeSlashes: boolean): string | null {
  let decoded = '';
  for (let i = 0; i < raw.length; i++) {
    const code = raw.charCodeAt(i);
    if (code !== 37) {
      decoded += raw[i];
      continue;
    }
    const value = Number.parseInt(raw.slice(i + 1, i + 3), 16);
    if (!/^[0-9a-fA-F]{2}$/.test(raw.slice(i + 1, i + 3)) || value === 0) return null;
    decoded += String.fromCharCode(value);
    i += 2;
  }
  const segments: string[] = [];
  const parts = decoded.split('/');
  for (let i = 1; i < parts.length; i++) {
    const part = parts[i] ?? '';
    const last = i === parts.length - 1;
    if ((part === '' && (mergeSlashes || last)) || part === '.') {
      if (last) segments.push('');
    } else if (part === '..') {
      if (segments.length === 0) return null;
      segments.pop();
      if (last) segments.push('');
    } else segments.push(part);
  }
  return `/${segments.join('/')}`;
}

const ESCAPED: ReadonlySet<number> = new Set(Buffer.from('"#%<>?\\^`{|}'));

/**
 * An address that a server names for the balancer itself to go to (ngx_http_parse_unsafe_uri). Null: it is empty, or
 * leads upwards, which nobody should be led into.
 */
export function readUnsafeUri(text: string): RequestUri | null {
  const query = text.indexOf('?');
  const raw = query < 0 ? text : text.slice(0, query);
  const path = raw.replace(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
  if (path === '' || path.includes('\0') || /(^|\/)\.\.(\/|$)/.test(path)) return null;
  return { path, args: query < 0 ? '' : text.slice(query + 1) };
}

/** Escapes what may not stand in a path as it is (nginx: NGX_ESCAPE_URI). */
export function escapePath(path: string): string {
  let escaped = '';
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    if (code <= 32 || code >= 127 || ESCAPED.has(code)) {
      escaped += `%${code.toString(16).toUpperCase().padStart(2, '0')}`;
    } else escaped += path[i];
  }
  return escaped;
}

/** For an argument (nginx: NGX_ESCAPE_ARGS). */
export function escapeArgs(text: string): string {
  return text.replace(/[^!-~]|[#%&+;?]/g, escapeCharacter);
}

/** What needs no escape in an address, up to its arguments (nginx: NGX_UNESCAPE_REDIRECT). */
export function unescapeRedirect(text: string): string {
  let done = false;
  return text.replace(/\?|%([\da-f]{2})/gi, (whole, hex: string | undefined) => {
    const code = hex === undefined ? 63 : Number.parseInt(hex, 16);
    if (done || code <= 37 || code >= 127) return whole;
    // Nothing behind a question mark, be it one that was escaped.
    done = code === 63;
    return String.fromCharCode(code);
  });
}

function escapeCharacter(ch: string): string {
  return `%${ch.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
