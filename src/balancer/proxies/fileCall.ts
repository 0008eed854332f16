import { createReadStream, type ReadStream, type Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readableText } from '../byteText';
import type { ByteRange } from '../gateway/byteRange';
import { contentTypeOf } from '../gateway/contentType';
import { HeaderList, headerName } from '../gateway/headers';
import type { HttpHandler, HttpSettings, LocationPlan } from '../plan';
import type { CallOwner } from './call';

/** What a request for a file comes to, before its bytes. */
export type FileAnswer =
  | { readonly kind: 'file'; readonly path: string; readonly stats: Stats }
  /** A directory asked for without its slash. */
  | { readonly kind: 'slash' }
  /** The index of a directory: it is asked for as if the client had. */
  | { readonly kind: 'index'; readonly name: string }
  | { readonly kind: 'status'; readonly status: number; readonly text: string };

type StaticHandler = Extract<HttpHandler, { kind: 'static' }>;

/**
 * Finds the file for a normalised request path (ngx_http_map_uri_to_path, ngx_http_index_module). `root` is what
 * root or alias say for it, `indexes` the names to look for in a directory.
 */
export async function findFile(
  handler: StaticHandler,
  match: LocationPlan['match'] | null,
  path: string,
  root: string,
  indexes: readonly string[],
): Promise<FileAnswer> {
  // The alias of a regular expression is the whole path.
  const replaced = !handler.alias ? 0 : match !== null && 'path' in match ? match.path.length : path.length;
  if (root.includes('\0')) return { kind: 'status', status: 404, text: 'not found' };
  const rest = readableText(path.slice(replaced));
  // Separators that only this system knows of could lead out of the root.
  if (process.platform === 'win32' && /[\\:]/.test(rest)) return { kind: 'status', status: 404, text: 'not found' };
  const wanted = handler.alias ? root + rest : join(root, rest);
  if (!path.endsWith('/')) {
    const found = await look(wanted);
    return found.kind === 'file' && found.stats.isDirectory() ? { kind: 'slash' } : onlyFile(found);
  }
  let isDirectory = false;
  for (const name of indexes) {
    if (name.startsWith('/')) return { kind: 'index', name };
    const found = await look(wanted + name);
    if (found.kind === 'file') return { kind: 'index', name };
    if (found.kind === 'status' && found.status !== 404) return found;
    if (isDirectory) continue;
    const directory = await look(wanted);
    if (directory.kind !== 'file') return directory;
    isDirectory = true;
  }
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

/** The head for a file: its type, and what tells it from what it was before. */
export function fileHead(stats: Stats, path: string, settings: HttpSettings): HeaderList {
  const headers = new HeaderList();
  const seconds = Math.floor(stats.mtimeMs / 1000);
  add(headers, 'Content-Type', contentTypeOf(path, settings));
  add(headers, 'Last-Modified', new Date(seconds * 1000).toUTCString());
  if (settings.conditions.etag) add(headers, 'ETag', `"${seconds.toString(16)}-${stats.size.toString(16)}"`);
  return headers;
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
