import { createReadStream, type ReadStream, type Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ByteRange } from '../gateway/byteRange';
import { contentTypeOf } from '../gateway/contentType';
import { HeaderList, headerName } from '../gateway/headers';
import type { HttpHandler, HttpSettings, LocationPlan } from '../plan';
import type { CallOwner, RequestHead } from './call';

/** What a request for a file comes to, before its bytes. */
export type FileAnswer =
  | { readonly kind: 'file'; readonly path: string; readonly stats: Stats }
  /** A directory asked for without its slash. */
  | { readonly kind: 'slash' }
  | { readonly kind: 'status'; readonly status: number; readonly text: string };

type StaticHandler = Extract<HttpHandler, { kind: 'static' }>;

/**
 * Finds the file for a normalised request path (ngx_http_map_uri_to_path, ngx_http_index_module). `root` is what
 * root or alias say for it.
 */
export async function findFile(
  handler: StaticHandler,
  match: LocationPlan['match'] | null,
  path: string,
  root: string,
): Promise<FileAnswer> {
  // The alias of a regular expression is the whole path.
  const replaced = !handler.alias ? 0 : match !== null && 'path' in match ? match.path.length : path.length;
  if (root.includes('\0')) return { kind: 'status', status: 404, text: 'not found' };
  // The path is bytes as latin1 text; file names are UTF-8.
  const rest = Buffer.from(path.slice(replaced), 'latin1').toString('utf8');
  // Separators that only this system knows of could lead out of the root.
  if (process.platform === 'win32' && /[\\:]/.test(rest)) return { kind: 'status', status: 404, text: 'not found' };
  const wanted = handler.alias ? root + rest : join(root, rest);
  if (!path.endsWith('/')) {
    const found = await look(wanted);
    return found.kind === 'file' && found.stats.isDirectory() ? { kind: 'slash' } : onlyFile(found);
  }
  for (const index of handler.index) {
    const found = await look(wanted + index);
    if (found.kind === 'file' && found.stats.isFile()) return found;
    if (found.kind === 'status' && found.status === 403) return found;
  }
  const directory = await look(wanted);
  if (directory.kind !== 'file') return directory;
  return { kind: 'status', status: 403, text: `directory index of "${wanted}" is forbidden` };
}

async function look(path: string): Promise<FileAnswer> {
  try {
    return { kind: 'file', path, stats: await stat(path) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const missing = code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG';
    const status = missing ? 404 : code === 'EACCES' ? 403 : 500;
    return { kind: 'status', status, text: `open() "${path}" failed (${code ?? String(error)})` };
  }
}

function onlyFile(found: FileAnswer): FileAnswer {
  if (found.kind !== 'file' || found.stats.isFile()) return found;
  return { kind: 'status', status: 404, text: `"${found.path}" is not a regular file` };
}

export interface FileHead {
  readonly headers: HeaderList;
  /** The client has it already. */
  readonly isFresh: boolean;
  /** What the client has a part of is this very file. */
  readonly isSame: boolean;
}

/** The head for a file, and whether the client has it already (RFC 9110, section 13). */
export function fileHead(stats: Stats, path: string, settings: HttpSettings, head: RequestHead): FileHead {
  const headers = new HeaderList();
  const seconds = Math.floor(stats.mtimeMs / 1000);
  const modified = new Date(seconds * 1000).toUTCString();
  const etag = `"${seconds.toString(16)}-${stats.size.toString(16)}"`;
  add(headers, 'Last-Modified', modified);
  add(headers, 'ETag', etag);
  const noneMatch = head.headers.get('if-none-match');
  const since = head.headers.get('if-modified-since');
  const isFresh =
    noneMatch === null
      ? since === modified
      : noneMatch === '*' || noneMatch.split(',').some((each) => each.trim().replace(/^W\//, '') === etag);
  if (!isFresh) add(headers, 'Content-Type', contentTypeOf(path, settings));
  const condition = head.headers.get('if-range');
  return { headers, isFresh, isSame: condition === null || isSame(condition, etag, seconds) };
}

/** If-Range (RFC 9110, section 13.1.5), as ngx_http_range_header_filter() compares it. */
function isSame(condition: string, etag: string, seconds: number): boolean {
  return condition.endsWith('"') ? condition === etag : Date.parse(condition) === seconds * 1000;
}

function add(list: HeaderList, name: string, value: string): void {
  const known = headerName(name);
  if (known !== null && value !== '') list.add(known, value);
}

/** A file's bytes on their way to a client. */
export class FileCall {
  #owner: CallOwner | null;
  readonly #stream: ReadStream;

  constructor(path: string, { start, end }: ByteRange, owner: CallOwner) {
    this.#owner = owner;
    // No further than the head says: the file may be growing.
    this.#stream = createReadStream(path, { start, end: end - 1, highWaterMark: 256 * 1024 });
    let left = end - start;
    this.#stream.on('data', (chunk) => {
      left -= chunk.length;
      this.#owner?.onResponseBody(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
      this.#owner?.onResponsePause();
    });
    this.#stream.on('end', () =>
      this.#end((over) => (left === 0 ? over.onResponseEnd(null) : this.#broke(over, 'file became shorter'))),
    );
    this.#stream.on('error', (error) => this.#end((over) => this.#broke(over, error.message)));
  }

  pause(): void {
    this.#stream.pause();
  }
  resume(): void {
    this.#stream.resume();
  }
  abort(): void {
    this.#owner = null;
    this.#stream.destroy();
  }

  #end(tell: (owner: CallOwner) => void): void {
    const owner = this.#owner;
    this.#owner = null;
    if (owner === null) return;
    tell(owner);
    owner.onResponsePause();
  }

  #broke(owner: CallOwner, text: string): void {
    owner.onCallFailed('error', `read() failed (${text})`, 0);
  }
}
