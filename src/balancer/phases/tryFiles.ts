import { stat } from 'node:fs/promises';
import { byteText, readableText } from '../byteText';
import type { TryFiles } from '../plan';
import { finish } from '../proxies/answers';
import type { Exchange } from '../proxies/exchange';
import { fileName, filePath } from './fileRoot';

/** ngx_http_try_files_module: looks for files, then goes on to `next` with the path of the first, or elsewhere. */
export function lookForFiles(
  exchange: Exchange,
  { files, otherwise }: TryFiles,
  next: (exchange: Exchange) => void,
): void {
  const root = filePath(exchange.settings.root.path, exchange);
  const prefix = aliasPrefix(exchange);
  const wanted = files.map(({ path, isDirectory }) => ({
    name: underAlias(fileName(path, exchange), prefix),
    isDirectory,
  }));
  exchange.waitFor(() => {});
  firstOf(root, wanted).then((found) =>
    exchange.goOn(() => {
      if (found !== null) {
        exchange.path = byteText(prefix + found);
        next(exchange);
      } else if (typeof otherwise === 'number') finish(exchange, otherwise);
      else goElsewhere(exchange, otherwise.evaluate(exchange));
    }),
  );
}

function goElsewhere(exchange: Exchange, target: string): void {
  if (target.startsWith('@')) {
    exchange.goOnAt(target);
    return;
  }
  const query = target.indexOf('?');
  if (query < 0) exchange.redirectTo(target, '');
  else exchange.redirectTo(target.slice(0, query), target.slice(query + 1));
}

/** What alias leaves out of a path; ''. */
function aliasPrefix({ settings, location }: Exchange): string {
  const match = location?.match;
  return settings.root.alias && match !== undefined && 'path' in match ? readableText(match.path) : '';
}

function underAlias(name: string, prefix: string): string {
  return prefix !== '' && name.startsWith(prefix) ? name.slice(prefix.length) : name;
}

async function firstOf(
  root: string,
  wanted: readonly { readonly name: string; readonly isDirectory: boolean }[],
): Promise<string | null> {
  for (const { name, isDirectory } of wanted) {
    const path = root + name;
    // Separators that only this system knows of could lead out of the root.
    if (path.includes('\0') || (process.platform === 'win32' && /[\\:]/.test(name))) continue;
    const found = await stat(path).catch(() => null);
    if (found !== null && found.isDirectory() === isDirectory) return name;
  }
  return null;
}
