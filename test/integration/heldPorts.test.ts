import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PortClaims } from '../../src/lab/portClaims';
import { labNamed, runOf } from '../harness/labs';
import { freePorts } from '../harness/nginx';

/** A dead server's port is still its run's: another run of the same lab that begins meanwhile goes elsewhere. */

const refusedAt = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
  });

describe('a run of which a server is dead', () => {
  it('keeps its ports from another run of the lab, and both count only what is theirs', async () => {
    const lab = await labNamed('grpc-pinning');
    // Other servers' ports than those of the lab, which may run in other tests at the same time.
    const path = join(lab.folder, 'l7.nginx.conf');
    const conf = { path, text: readFileSync(path, 'utf8').replaceAll('127.0.0.1:2820', '127.0.0.1:2887') };
    const first = runOf(lab, 'grpc-l7', { requests: 1_000_000, rate: 300 }, { conf });
    const running = first.run.run();
    await first.until(({ client }) => client.answered > 20);
    await first.run.killServer('server-b');

    // Both want the same ports, and that of server-b is free. It takes long enough for the first to try server-b again.
    const second = runOf(lab, 'grpc-l7', { requests: 300, rate: 100 }, { conf });
    const { result: other } = await second.run.run();
    expect(second.run.movedPorts.map(({ declared }) => declared)).toContain('127.0.0.1:28872');
    expect(other.servers.map(({ requests }) => requests)).toEqual([100, 100, 100]);
    expect(other.counts).toMatchObject({ client: 300, balancer: 300, backends: 300 });

    await first.run.reviveServer('server-b');
    const before = first.run.snapshot().servers.find(({ id }) => id === 'server-b')?.received ?? 0;
    await first.until(({ servers }) => (servers.find(({ id }) => id === 'server-b')?.received ?? 0) > before + 5);
    first.run.stop();
    const { snapshot } = await running;
    // What was lost with server-b is explained by failures and retries; the second run's 300 would be by nothing.
    expect(snapshot.reconciliation).toMatchObject({ agree: true, differences: [] });
  });
});

describe('a claim on a port', () => {
  it('is one run’s until that run gives it up, and does not listen there', async () => {
    const [port = 0] = await freePorts(1);
    const [mine, another] = [new PortClaims(), new PortClaims()];
    expect(await mine.portFor(port)).toBe(port);
    expect(await mine.portFor(port)).toBe(port);
    expect(await another.portFor(port)).toBe(0);
    expect(await refusedAt(port)).toBe(true);
    mine.dispose();
    expect(await another.portFor(port)).toBe(port);
    another.dispose();
    expect(await another.portFor(0)).toBe(0);
  });
});
