import { X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock';
import { Authority } from '../../../src/lab/certificates/authority';
import { LabConfFiles } from '../../../src/lab/confFiles';
import { givenFiles } from '../../../src/lab/givenFiles';
import type { LabDefinition } from '../../../src/lab/labDefinition';
import { labNamed } from '../../harness/labs';

let root: string;
let lab: LabDefinition;
/** The lab as installed in "lab", the reader's copies in "copies". */
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'traffic-lab-'));
  lab = { ...(await labNamed('l4-vs-l7')), folder: join(root, 'lab') };
  for (const folder of ['lab/conf.d', 'copies']) mkdirSync(join(root, folder), { recursive: true });
  const files = { 'lab/a.conf': 'a', 'lab/conf.d/x.conf': 'x', 'lab/conf.d/y.conf': 'y', 'lab/conf.d/.z.conf': 'z' };
  for (const [file, text] of Object.entries(files)) writeFileSync(join(root, file), text);
  writeFileSync(join(root, 'secret'), 'secret');
});
afterEach(() => rmSync(root, { recursive: true }));

const copy = (name: string) => join(root, 'copies', name);
const filesOf = () => new LabConfFiles(lab, copy('nginx.conf'), new Authority(systemClock()));

describe('what a lab’s configuration may name', () => {
  it('is a file of the lab, or the reader’s own copy of it', () => {
    expect(filesOf().read(copy('a.conf'))).toBe('a');
    writeFileSync(copy('a.conf'), 'mine');
    expect(filesOf().read(copy('a.conf'))).toBe('mine');
  });

  it.each(['../secret', '/etc/hostname', '../copies/../secret'])('is not %s', (name) => {
    const full = name.startsWith('/') ? name : copy(name);
    expect(filesOf().read(full)).toBeNull();
    expect(filesOf().load(full)).toBeNull();
  });

  it('is what a pattern finds, without what is hidden', () => {
    expect(filesOf().match(copy('conf.d/*.conf'))).toEqual([copy('conf.d/x.conf'), copy('conf.d/y.conf')]);
    expect(filesOf().match(copy('a.conf'))).toEqual([copy('a.conf')]);
    expect(filesOf().match(copy('../*'))).toEqual([]);
  });

  it('is a certificate of the lab’s authority, of its own parts only', () => {
    const files = filesOf();
    const issuer = new X509Certificate(files.load(copy('certs/ca.crt')) ?? '');
    for (const name of ['balancer', 'users-a']) {
      const certificate = new X509Certificate(files.load(copy(`certs/${name}.crt`)) ?? '');
      expect(certificate.verify(issuer.publicKey)).toBe(true);
      expect(files.load(copy(`certs/${name}.key`))).toContain('PRIVATE KEY');
    }
    expect(files.load(copy('certs/stranger.crt'))).toBeNull();
    expect(files.load(copy('certs/ca.key'))).toBeNull();
    // No directive shows it to anyone.
    expect(files.read(copy('certs/balancer.key'))).toBeNull();
  });

  it('goes to another thread as it was read, and nothing else does', () => {
    const files = filesOf();
    files.match(copy('conf.d/*.conf'));
    files.read(copy('conf.d/x.conf'));
    const given = givenFiles(structuredClone(files.named));
    expect(given.match(copy('conf.d/*.conf'))).toEqual([copy('conf.d/x.conf'), copy('conf.d/y.conf')]);
    expect(given.read(copy('conf.d/x.conf'))).toBe('x');
    expect(given.read(copy('a.conf'))).toBeNull();
  });
});
