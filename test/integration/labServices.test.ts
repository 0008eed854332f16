import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock';
import { Authority } from '../../src/lab/certificates/authority';
import { SERVER_HEADER } from '../../src/protocol/backendWorker';
import { USER_COUNT } from '../../src/protocol/usersService';
import { type BackendOptions, planOf, TestBackend, TestTraffic } from '../harness/workers';

/** The smaller services of the labs, and clients and servers that speak TLS, in threads of their own. */

const running: TestBackend[] = [];

async function backend(options: BackendOptions): Promise<TestBackend> {
  const started = await TestBackend.start('rest', options);
  running.push(started);
  return started;
}

afterEach(async () => {
  const codes = await Promise.all(running.splice(0).map((one) => one.close()));
  expect(codes.every((code) => code === 0)).toBe(true);
});

async function get(server: TestBackend, path: string) {
  const response = await fetch(`http://${server.address}${path}`, { headers: { connection: 'close' } });
  const text = await response.text();
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    by: response.headers.get(SERVER_HEADER),
    text,
  };
}

describe('the users service', () => {
  it('knows its users, and neither orders nor files', async () => {
    const server = await backend({ id: 'users-a', service: { kind: 'users' } });
    const first = await get(server, '/api/users/1');
    expect(first).toMatchObject({ status: 200, by: 'users-a' });
    expect(JSON.parse(first.text)).toMatchObject({ id: '1', name: expect.any(String) });
    for (const path of [
      `/api/users/${USER_COUNT + 1}`,
      '/api/users/0',
      '/api/users/x',
      '/api/orders/1',
      '/static/app.css',
    ])
      expect(await get(server, path)).toMatchObject({ status: 404, by: 'users-a' });
    expect(server.counters).toMatchObject({ received: 6, answered: 6 });
  });
});

describe('the files service', () => {
  const root = resolve('labs/traffic-lab/l4-vs-l7/www');

  it('gives what is below its root, and nothing else', async () => {
    const server = await backend({ service: { kind: 'files', root } });
    expect(await get(server, '/static/app.css')).toMatchObject({
      status: 200,
      type: 'text/css; charset=utf-8',
      text: expect.stringContaining('body'),
    });
    expect(await get(server, '/static/logo.svg')).toMatchObject({ status: 200, type: 'image/svg+xml' });
    for (const path of ['/static/', '/static/none.css', '/lab.yaml', '/static/..%2f..%2flab.yaml', '/api/users/1'])
      expect((await get(server, path)).status).toBe(404);
    expect(server.counters).toMatchObject({ received: 7, answered: 7, abandoned: 0 });
  });

  it('does not start without its root', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'traffic-lab-'));
    rmSync(folder, { recursive: true });
    await expect(TestBackend.start('rest', { service: { kind: 'files', root: folder } })).rejects.toThrow('ENOENT');
  });
});

describe('a client that speaks TLS', () => {
  const authority = new Authority(systemClock());

  it('counts what the server counts, and knows who holds the other end', async () => {
    const server = await backend({ tls: authority.issue('server-a') });
    const { counts, findings } = await TestTraffic.run({
      kind: 'rest-tls',
      targets: [server.address],
      clients: 3,
      authority: authority.certificate,
    });
    expect(counts).toMatchObject({ sent: 300, answered: 300, failed: 0, connectionsOpened: 3 });
    expect(server.counters).toMatchObject({ received: 300, answered: 300, connectionsAccepted: 3 });
    expect(findings.tls).toMatchObject([
      { certificate: { subject: 'O=Traffic Lab, CN=server-a' }, decryptedBy: 'server-a', connections: 3 },
    ]);
  });

  it('names the connection of a sample, as one in clear does', async () => {
    const server = await backend({ tls: authority.issue('server-a') });
    const traffic = await TestTraffic.start();
    await traffic.prepare(
      planOf({ kind: 'rest-tls', targets: [server.address], requests: 20, authority: authority.certificate }),
    );
    traffic.say({ type: 'go' });
    await traffic.hear('done');
    const samples = traffic.reports.flatMap((report) => report.samples);
    await traffic.close();
    expect(samples.length).toBeGreaterThan(0);
    expect(new Set(samples.map(({ clientConnection }) => clientConnection))).toEqual(new Set([1]));
  });

  it('sends nothing to a server that another authority vouches for', async () => {
    const server = await backend({ tls: new Authority(systemClock()).issue('server-a') });
    const { counts, findings } = await TestTraffic.run({
      kind: 'rest-tls',
      targets: [server.address],
      requests: 5,
      authority: authority.certificate,
    });
    expect(counts).toMatchObject({ sent: 5, answered: 0, failed: 5 });
    expect(counts.outcomes).toEqual([{ status: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', by: 'client', requests: 5 }]);
    expect(findings.tls).toEqual([]);
    expect(server.counters.received).toBe(0);
  });

  it('fails at a server that speaks in clear', async () => {
    const server = await backend({});
    const { counts } = await TestTraffic.run({
      kind: 'rest-tls',
      targets: [server.address],
      requests: 3,
      authority: authority.certificate,
    });
    expect(counts).toMatchObject({ sent: 3, answered: 0, failed: 3 });
    expect(server.counters.received).toBe(0);
  });
});
