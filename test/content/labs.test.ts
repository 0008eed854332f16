import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock';
import { renderMessage } from '../../src/base/message';
import { Authority } from '../../src/lab/certificates/authority';
import { confProblems, nextSpare, understandConf, withAddedServer } from '../../src/lab/labConf';
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

/** What a lab makes for each run; an nginx of the reader's own has them from a file. */
const authority = new Authority(systemClock());
const { certificate, key } = authority.issue('balancer');
const certificates = { 'certs/balancer.crt': certificate, 'certs/balancer.key': key };

function definitionOf(folder: string): LabDefinition {
  const definition = definitions.get(folder);
  if (definition === undefined) throw new Error(`${folder} holds no lab`);
  return definition;
}

describe.each(folders)('the lab %s', (folder) => {
  const confs = readdirSync(path.join(root, folder)).filter((name) => name.endsWith('.nginx.conf'));
  const read = (name: string) => readFileSync(path.join(root, folder, name), 'utf8');

  it('has a further server for every arm that spreads, of the kind that those beside it are', () => {
    const lab = definitionOf(folder);
    const kindOf = new Map([...lab.servers, ...lab.spares].map(({ id, service }) => [id, service.kind]));
    for (const arm of lab.arms) {
      const conf = understandConf(lab, arm, arm.conf, read(arm.conf), authority);
      if (!conf.ok) throw new Error(`${arm.id}: ${JSON.stringify(conf.error)}`);
      const spare = nextSpare(lab, conf.value.wiring);
      if (spare === undefined) throw new Error(`${arm.id} has no further server`);
      const beside = conf.value.wiring.upstream.servers.map(({ lab: own }) => kindOf.get(own?.serverId ?? ''));
      expect(beside, arm.id).toContain(kindOf.get(spare.id));
      const added = withAddedServer(lab, arm, conf.value, spare);
      expect(added.wiring.backends.map(({ id }) => id)).toContain(spare.id);
    }
  });

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
    const { good, output } = await testConf(read(name), certificates);
    // The only directive of the labs that an nginx may lack: it came to open source with 1.29.6.
    if (/^\s*sticky /m.test(read(name)) && output.includes('unknown directive "sticky"')) return;
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
