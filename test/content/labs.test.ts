import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { renderMessage } from '../../src/base/message';
import { confProblems } from '../../src/lab/labConf';
import type { LabDefinition, Translated } from '../../src/lab/labDefinition';
import { nginxIsMissing, testConf } from '../harness/nginx';
import { labs } from './trafficLabCourse';

/** Every lab of the course as its files say it: complete in both languages, and good for the lab and for nginx. */

const root = path.resolve('labs/traffic-lab');
const folders = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const definitions = new Map<string, LabDefinition>();
beforeAll(async () => {
  for (const lab of await labs()) {
    if (!lab.definition.ok) throw new Error(JSON.stringify(lab.definition.error));
    definitions.set(path.basename(lab.folder), lab.definition.value);
  }
});

function definitionOf(folder: string): LabDefinition {
  const definition = definitions.get(folder);
  if (definition === undefined) throw new Error(`${folder} holds no lab`);
  return definition;
}

describe.each(folders)('the lab %s', (folder) => {
  const confs = readdirSync(path.join(root, folder)).filter((name) => name.endsWith('.nginx.conf'));
  const read = (name: string) => readFileSync(path.join(root, folder, name), 'utf8');

  it('is called as its folder is, and says everything in both languages', () => {
    const { id, title, goal, arms, scenarios } = definitionOf(folder);
    expect(id).toBe(folder);
    const texts: Translated[] = [title, goal, ...arms.map((arm) => arm.title), ...scenarios.map((one) => one.title)];
    for (const text of texts) expect(Object.keys(text).toSorted()).toEqual(['en', 'ko']);
  });

  it.each(confs)('%s has no error', (name) => {
    const found = confProblems(definitionOf(folder), name, name, read(name));
    expect(found.filter(({ severity }) => severity === 'error').map((one) => renderMessage(one.message))).toEqual([]);
  });

  it.skipIf(nginxIsMissing).each(confs)('%s is good for nginx', async (name) => {
    const { good, output } = await testConf(read(name));
    expect(good, output).toBe(true);
  });

  it('names a configuration that exists for each arm', () => {
    for (const arm of definitionOf(folder).arms) expect(confs).toContain(arm.conf);
  });
});

it('no two labs share a port, so that one may be looked at while another runs', () => {
  const owner = new Map<string, string>();
  for (const folder of folders) {
    const texts = readdirSync(path.join(root, folder))
      .filter((name) => name.endsWith('.nginx.conf'))
      .map((name) => readFileSync(path.join(root, folder, name), 'utf8'));
    const ports = new Set(
      texts.flatMap((text) => [...text.matchAll(/127\.0\.0\.1:(\d+)/g)].map(([, port]) => port ?? '')),
    );
    for (const port of ports) {
      expect(owner.get(port) ?? folder).toBe(folder);
      owner.set(port, folder);
      expect(Number(port)).toBeGreaterThanOrEqual(28_000);
      expect(Number(port)).toBeLessThan(29_000);
    }
  }
});
