import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readPlan } from '../../../src/balancer/buildPlan';
import { filesBelow } from '../../../src/balancer/folderFiles';

let outer = '';
let folder = '';

beforeEach(() => {
  outer = mkdtempSync(join(tmpdir(), 'traffic-lab-files-'));
  folder = join(outer, 'lab');
  mkdirSync(join(folder, 'parts'), { recursive: true });
  writeFileSync(join(outer, 'secret.conf'), 'server { listen 127.0.0.1:3; }');
  writeFileSync(join(folder, 'parts', 'a.conf'), 'server { listen 127.0.0.1:1; }');
  writeFileSync(join(folder, 'parts', 'b.conf'), 'server { listen 127.0.0.1:2; }');
  symlinkSync(join(outer, 'secret.conf'), join(folder, 'parts', 'linked.conf'));
});

afterEach(() => rmSync(outer, { recursive: true, force: true }));

function listens(include: string): readonly string[] | 'refused' {
  const text = `events { } http { include ${include}; }`;
  const plan = readPlan({ path: join(folder, 'nginx.conf'), text }, { files: filesBelow(folder) });
  if (!plan.ok) return 'refused';
  return plan.value.http?.servers.flatMap((server) => server.listens.map((listen) => listen.declared)) ?? [];
}

describe('the files of a folder', () => {
  it('are read by name and by pattern, relative to the configuration', () => {
    expect(listens('parts/a.conf')).toEqual(['127.0.0.1:1']);
    expect(listens('parts/[ab].conf')).toEqual(['127.0.0.1:1', '127.0.0.1:2']);
  });

  it('are those below it only, whatever links say', () => {
    expect(listens('../secret.conf')).toBe('refused');
    expect(listens('parts/linked.conf')).toBe('refused');
    expect(listens(join(outer, 'secret.conf'))).toBe('refused');
    expect(listens('parts/*.conf')).toEqual(['127.0.0.1:1', '127.0.0.1:2']);
  });
});
