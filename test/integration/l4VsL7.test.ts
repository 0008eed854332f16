import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { renderMessage } from '../../src/base/message';
import { ConfProblems } from '../../src/lab/labConf';
import type { LabDefinition } from '../../src/lab/labDefinition';
import type { FinishedRun } from '../../src/lab/labRun';
import type { Route } from '../../src/measurement/findings';
import { labNamed, runOf } from '../harness/labs';

/** The lab "l4-vs-l7": the same requests at both layers, and where TLS ends. On real sockets. */

let lab: LabDefinition;
beforeAll(async () => {
  lab = await labNamed('l4-vs-l7');
});

const REQUESTS = 600;

async function outcomeOf(arm: string): Promise<FinishedRun> {
  const finished = await runOf(lab, arm, { requests: REQUESTS }).run.run();
  const { result, snapshot } = finished;
  expect(result).toMatchObject({ sent: REQUESTS, answered: REQUESTS, failed: 0, inFlight: 0 });
  expect(snapshot.reconciliation).toMatchObject({ agree: true, differences: [] });
  expect(sum(routesOf(finished))).toBe(REQUESTS);
  return finished;
}

function routesOf({ result }: FinishedRun): readonly Route[] {
  return result.routes ?? [];
}

function sum(routes: readonly Route[]): number {
  return routes.reduce((total, { requests }) => total + requests, 0);
}

/** "path → service status" of each kind of answer there was. */
function kinds(routes: readonly Route[]): string[] {
  return routes.map(({ path, with: header, service, status }) =>
    [path, ...(header === undefined ? [] : [header]), '→', service, status].join(' '),
  );
}

describe('L4', () => {
  it('cannot tell paths apart: requests land wherever their connection goes, and a server answers 404 for what it lacks', async () => {
    const finished = await outcomeOf('l4');
    const routes = routesOf(finished);
    for (const path of ['/api/users', '/api/orders', '/static/']) {
      expect(new Set(routes.filter((route) => route.path === path).map(({ service }) => service))).toEqual(
        new Set(['users', 'orders', 'files']),
      );
    }
    const served = { '/api/users': 'users', '/api/orders': 'orders', '/static/': 'files' } as Record<string, string>;
    for (const { path, service, status } of routes) expect(status).toBe(service === served[path] ? '200' : '404');
    expect(finished.result.counts).toEqual({ client: REQUESTS, balancer: null, backends: REQUESTS });
  });
});

describe('L7', () => {
  it('by path sends each path to its service only, and its servers take turns', async () => {
    const finished = await outcomeOf('l7-path');
    expect(kinds(routesOf(finished))).toEqual([
      '/api/users → users 200',
      '/api/orders → orders 200',
      '/static/ → files 200',
    ]);
    expect(finished.result.counts).toEqual({ client: REQUESTS, balancer: REQUESTS, backends: REQUESTS });
    const requests = (id: string) => finished.result.servers.find((server) => server.id === id)?.requests ?? 0;
    expect(Math.abs(requests('users-a') - requests('users-b'))).toBeLessThanOrEqual(1);
    expect(Math.abs(requests('orders-a') - requests('orders-b'))).toBeLessThanOrEqual(1);
  });

  it('by header sends those who ask for the new version to it, and nobody else', async () => {
    const finished = await outcomeOf('l7-header');
    expect(kinds(routesOf(finished))).toEqual([
      '/api/users X-Api-Version: 1 → users 200',
      '/api/users X-Api-Version: 2 → users-next 200',
      '/api/orders X-Api-Version: 1 → orders 200',
      '/api/orders X-Api-Version: 2 → orders 200',
      '/static/ X-Api-Version: 1 → files 200',
      '/static/ X-Api-Version: 2 → files 200',
    ]);
  });

  it('by cookie keeps each user on the same side of an experiment', async () => {
    const finished = await outcomeOf('l7-cookie');
    expect(kinds(routesOf(finished).filter(({ path }) => path === '/api/users'))).toEqual([
      '/api/users Cookie: experiment=a → users 200',
      '/api/users Cookie: experiment=b → users-next 200',
    ]);
  });

  it('serves static files itself, and no server hears of it', async () => {
    const finished = await outcomeOf('l7-static');
    const files = routesOf(finished).filter(({ path }) => path === '/static/');
    expect(kinds(files)).toEqual(['/static/ → balancer 200']);
    const own = finished.snapshot.samples.filter(({ server }) => server === null);
    expect(own.length).toBeGreaterThan(0);
    expect(new Set(own.map(({ why }) => JSON.stringify(why)))).toEqual(new Set(['{"kind":"own","stage":"static"}']));
    expect(finished.result.counts).toEqual({
      client: REQUESTS,
      balancer: REQUESTS,
      backends: REQUESTS - sum(files),
      answeredItself: sum(files),
    });
  });

  it('costs CPU time that is measured where the system tells', async () => {
    const { result } = await outcomeOf('l7-path');
    if (process.platform === 'linux') expect(result.balancerCpuMicros).toBeGreaterThan(0);
  });
});

describe('TLS', () => {
  it('passed through: the client sees the servers’ certificates, and they decrypt', async () => {
    const finished = await outcomeOf('tls-passthrough');
    const tls = finished.result.tls ?? [];
    expect(tls.map(({ decryptedBy }) => decryptedBy)).toEqual([
      'files-a',
      'orders-a',
      'orders-b',
      'users-a',
      'users-b',
    ]);
    for (const { certificate, decryptedBy, alpn, version } of tls) {
      expect(certificate.subject).toBe(`O=Traffic Lab, CN=${decryptedBy}`);
      expect(certificate.fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
      expect([alpn, version]).toEqual(['http/1.1', 'TLSv1.3']);
    }
    expect(new Set(tls.map(({ certificate }) => certificate.fingerprint)).size).toBe(tls.length);
    expect(tls.reduce((total, { connections }) => total + connections, 0)).toBe(8);
    // Nothing but L4 is left: paths cannot be told apart.
    expect(kinds(routesOf(finished))).toContain('/api/users → orders 404');
  });

  it('terminated: the client sees one certificate, the balancer’s, which decrypts and can go by path', async () => {
    const finished = await outcomeOf('tls-terminate');
    expect(finished.result.tls).toMatchObject([
      {
        certificate: { subject: 'O=Traffic Lab, CN=balancer', issuer: 'O=Traffic Lab, CN=Traffic Lab run CA' },
        decryptedBy: 'balancer',
        alpn: 'http/1.1',
        version: 'TLSv1.3',
        connections: 8,
      },
    ]);
    expect(kinds(routesOf(finished))).toEqual([
      '/api/users → users 200',
      '/api/orders → orders 200',
      '/static/ → files 200',
    ]);
  });

  it('encrypted again behind the balancer, it is still the balancer that could read along', async () => {
    const passing = readFileSync(join(lab.folder, 'tls-passthrough.nginx.conf'), 'utf8');
    const upstream = /upstream shop_tls \{[^}]*\}/.exec(passing)?.[0] ?? '';
    const text = `
      events {}
      http {
        ${upstream}
        server {
          listen 127.0.0.1:28586 ssl;
          ssl_certificate certs/balancer.crt;
          ssl_certificate_key certs/balancer.key;
          location / {
            proxy_pass https://shop_tls;
            proxy_ssl_trusted_certificate certs/ca.crt;
            proxy_ssl_verify on;
            proxy_ssl_name localhost;
          }
        }
      }`;
    const conf = { path: join(lab.folder, 'edited.conf'), text };
    const { result, snapshot } = await runOf(lab, 'tls-terminate', { requests: 60 }, { conf }).run.run();
    expect(result).toMatchObject({ answered: 60, failed: 0, counts: { balancer: 60, backends: 60 } });
    expect(result.outcomes.every(({ by }) => by !== 'balancer')).toBe(true);
    expect(result.tls?.map(({ decryptedBy }) => decryptedBy)).toEqual(['balancer']);
    expect(snapshot.reconciliation.agree).toBe(true);
  });

  it('makes another authority for each run, and leaves nothing on the disk', async () => {
    const before = filesOf(lab.folder);
    const [first, second] = [await outcomeOf('tls-terminate'), await outcomeOf('tls-terminate')];
    const fingerprint = ({ result }: FinishedRun) => result.tls?.[0]?.certificate.fingerprint;
    expect(fingerprint(first)).not.toBe(fingerprint(second));
    expect(filesOf(lab.folder)).toEqual(before);
  });
});

describe('a configuration that was edited while it runs', () => {
  it('moves a path to another service without a failed request', async () => {
    const { run, until } = runOf(lab, 'l7-path', { requests: 2_000, rate: 1_000 });
    const finished = run.run();
    await until(({ client }) => client.answered > 200);
    const text = readFileSync(join(lab.folder, 'l7-path.nginx.conf'), 'utf8');
    expect(
      await run.reloadConf(
        text.replace(
          'location /static/ {\n            proxy_pass http://files;',
          'location /static/ {\n            root www;',
        ),
      ),
    ).toEqual({ ok: true, value: null });
    const done = await finished;
    expect(done.result).toMatchObject({ answered: 2_000, failed: 0 });
    expect(kinds(routesOf(done))).toEqual([
      '/api/users → users 200',
      '/api/orders → orders 200',
      '/static/ → balancer 200',
      '/static/ → files 200',
    ]);
    expect(done.snapshot.reconciliation.agree).toBe(true);
  });

  it.each([
    [
      'a certificate that there is none of',
      'certs/balancer.crt;',
      'certs/somebody.crt;',
      /somebody\.crt.*No such file/,
    ],
    ['a key that is another’s', 'certs/balancer.key;', 'certs/users-a.key;', /key values mismatch/],
    ['files from elsewhere on this machine', 'proxy_pass http://files;', 'root /etc;', /\/etc is outside the lab/],
    ['a folder above the lab’s', 'proxy_pass http://files;', 'root www/../../..;', /outside the lab/],
    ['a server made of what the request says', 'http://files', 'http://$arg_to', /variables could lead outside/],
    ['a file that is not the lab’s', 'http {', 'include ../grpc-pinning/l7.nginx.conf;\nhttp {', /No such file/],
  ])('refuses %s at its line', async (_what, from, to, wanted) => {
    const original = readFileSync(join(lab.folder, 'tls-terminate.nginx.conf'), 'utf8');
    expect(original).toContain(from);
    const conf = { path: join(lab.folder, 'tls-terminate.nginx.conf'), text: original.replace(from, to) };
    const refused = await runOf(lab, 'tls-terminate', {}, { conf })
      .run.run()
      .then(
        () => null,
        (error: unknown) => error,
      );
    if (!(refused instanceof ConfProblems)) throw refused;
    const [problem] = refused.problems;
    expect(problem === undefined ? '' : renderMessage(problem.message)).toMatch(wanted);
    expect(conf.text.split('\n')[(problem?.span.line ?? 0) - 1]).toContain(to.split('\n')[0]);
  });
});

/** Every file below a folder with what is in it. */
function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => `${file} ${createHash('sha256').update(readFileSync(file)).digest('hex')}`)
    .sort();
}
