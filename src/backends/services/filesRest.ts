import { readdir, readFile } from 'node:fs/promises';
import * as path from 'node:path';
import type { Service } from '../../protocol/backendWorker';
import type { StartRestService } from './restService';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'application/javascript',
  '.svg': 'image/svg+xml',
};

interface StaticFile {
  readonly bytes: Buffer;
  readonly type: string;
}

/**
 * Files as a content server gives them: GET of what is below the root, which is read when the server starts. Rejects
 * if the root cannot be read.
 */
export const filesRest: StartRestService<Extract<Service, { kind: 'files' }>> = async ({ root }, door) => {
  const files = await filesBelow(root);
  return {
    mount(app) {
      app.get('/{*path}', (req, res, next) => {
        const file = files.get(req.path);
        if (file === undefined) {
          next();
          return;
        }
        res.set({ 'Content-Type': file.type, 'Content-Length': String(file.bytes.length) });
        door.streamed(res);
        res.end(file.bytes);
      });
    },
  };
};

/** Every file below a folder, by the path it is asked for under: "/static/app.css". */
async function filesBelow(root: string): Promise<ReadonlyMap<string, StaticFile>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry): Promise<readonly [string, StaticFile]> => {
        const full = path.join(entry.parentPath, entry.name);
        const wanted = `/${path.relative(root, full).split(path.sep).join('/')}`;
        const type = TYPES[path.extname(entry.name).toLowerCase()] ?? 'application/octet-stream';
        return [wanted, { bytes: await readFile(full), type }];
      }),
  );
  return new Map(files);
}
