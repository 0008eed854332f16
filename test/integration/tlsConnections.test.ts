import { once } from 'node:events';
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { freePorts, httpTempPaths, nginxIsMissing, startNginx } from '../harness/nginx';
import { askTls, certificateLines, pem } from '../harness/tlsClients';
import { closeAll, closeLater, eventually, listenOn, RawClient, type Rig, startRig } from './proxyRig';

/** TLS connections from the first byte to the last: broken, slow, resumed, reloaded, behind a PROXY header. */

afterEach(closeAll);

const [front = 0, second = 0] = await freePorts(2);

const http = (certificate: string, extra = '') => `http {
  ssl_protocols TLSv1.2 TLSv1.3; ${extra}
  server { listen 127.0.0.1:1 ssl http2; ${certificateLines(certificate)}
    location / { return 200 "$ssl_session_reused $remote_addr"; } }
}`;

async function secured(options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', ca: pem('ca'), rejectUnauthorized: false, ...options });
  closeLater(() => {
    socket.destroy();
  });
  await once(socket, 'secureConnect');
  return socket;
}

async function get(socket: Socket, last = true): Promise<string> {
  socket.write(`GET / HTTP/1.1\r\nHost: x\r\n${last ? 'Connection: close\r\n' : ''}\r\n`);
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return chunk.toString('latin1').replace(/^[\s\S]*\r\n\r\n/, '');
}

const isServed = async (rig: Rig) => (await askTls(rig.port(), {})).answer.startsWith('200 ');

/** The ClientHello of a real client. */
async function clientHello(): Promise<Buffer> {
  let bytes: Buffer = Buffer.alloc(0);
  const port = await listenOn(
    createServer((socket) => {
      socket.once('data', (chunk: Buffer) => {
        bytes = chunk;
        socket.destroy();
      });
    }),
  );
  const client = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  await once(client, 'error');
  return bytes;
}

describe('a connection of TLS', () => {
  it('that sends garbage is closed, and the next one served', async () => {
    const rig = await startRig(http('localhost'));
    const hello = await clientHello();
    const broken = Buffer.from(hello);
    broken.fill(0xff, 20, 90);
    const garbage = [
      Buffer.from([22, 3, 1, 0, 4, 2, 0, 0, 0]),
      Buffer.concat([Buffer.from([22]), Buffer.alloc(500, 7)]),
      Buffer.from([0x80, 9, 1, 3, 3, 0, 0, 0, 0, 0, 0]),
      broken,
      Buffer.concat([hello, Buffer.alloc(2000, 0x41)]),
    ];
    for (const bytes of garbage) {
      await new RawClient(rig.port()).send(bytes).untilClosed();
      expect(await isServed(rig)).toBe(true);
    }
    expect(rig.logs.filter((line) => line.startsWith('[info] SSL_do_handshake() failed')).length).toBe(garbage.length);
    await eventually(() => rig.balancer.counts().connectionsOpen === 0);
  });

  it('that goes away in the middle of the handshake leaves nothing behind', async () => {
    const rig = await startRig(http('localhost'));
    const hello = await clientHello();
    for (const length of [0, 1, 4, 5, 60, hello.length - 1, hello.length]) {
      const client = new RawClient(rig.port()).send(hello.subarray(0, length));
      if (length === hello.length) await client.until((text) => text.length > 0);
      else await eventually(() => client.socket.readyState === 'open' && rig.balancer.counts().connectionsOpen > 0);
      client.socket.resetAndDestroy();
      await eventually(() => rig.balancer.counts().connectionsOpen === 0);
    }
    expect(await isServed(rig)).toBe(true);
  });

  it('that does not go on with the handshake is closed after client_header_timeout', async () => {
    const rig = await startRig(http('localhost', 'client_header_timeout 100ms;'));
    const hello = await clientHello();
    await Promise.all(
      [0, 1, 60].map((length) => new RawClient(rig.port()).send(hello.subarray(0, length)).untilClosed()),
    );
    await eventually(() => rig.balancer.counts().connectionsOpen === 0);
  });

  it('ends with the balancer, in whatever state it is', async () => {
    const rig = await startRig(http('localhost'));
    const hello = await clientHello();
    const halfway = new RawClient(rig.port()).send(hello.subarray(0, 60));
    const idle = await secured({ port: rig.port() });
    const served = await secured({ port: rig.port() });
    await get(served, false);
    const ends = [halfway.untilClosed(), once(idle, 'close'), once(served, 'close')];
    for (const socket of [idle, served]) socket.on('error', () => {}).resume();
    await rig.balancer.close();
    await Promise.all(ends);
  });

  it('keeps its certificate over a reload, and new ones get the new certificate', async () => {
    const rig = await startRig(http('a'));
    const before = await secured({ port: rig.port() });
    expect(await get(before, false)).toContain('127.0.0.1');
    expect(await rig.reload(http('b'))).toBe(true);
    expect((await askTls(rig.port(), {})).subject).toBe('b.test');
    expect(await rig.reload('http { server { listen 127.0.0.1:1; location / { return 200 clear; } } }')).toBe(true);
    expect(await new RawClient(rig.port()).send('GET / HTTP/1.0\r\n\r\n').untilClosed()).toContain('clear');
  });
});

describe.skipIf(nginxIsMissing)('as with nginx', () => {
  const blocks = `http { ssl_protocols TLSv1.2 TLSv1.3; set_real_ip_from 127.0.0.1; real_ip_header proxy_protocol;
    server { listen 127.0.0.1:${front} ssl; ${certificateLines('localhost')} location / { return 200 "$ssl_session_reused $connection_requests"; } }
    server { listen 127.0.0.1:${second} ssl proxy_protocol; ${certificateLines('localhost')} location / { return 200 "$remote_addr $remote_port $ssl_protocol"; } } }`;

  async function observe() {
    const seen: string[] = [];
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const first = await secured({ port: front, maxVersion });
      seen.push(await get(first, false), await get(first));
      const session = first.getSession();
      if (session === undefined) throw new Error('no session');
      seen.push(await get(await secured({ port: front, maxVersion, session })));
    }
    const under = connectTcp({ host: '127.0.0.1', port: second });
    under.write('PROXY TCP4 192.0.2.7 127.0.0.1 4711 443\r\n');
    seen.push(await get(await secured({ socket: under })));
    return seen;
  }

  it('resumes sessions, keeps connections, and believes a PROXY header before the handshake', async () => {
    const nginx = await startNginx(
      `events { }\n${blocks.replace('http {', `http { access_log off; ${httpTempPaths}`)}`,
    );
    let theirs: string[];
    try {
      theirs = await observe();
    } finally {
      await nginx.stop();
    }
    await startRig(blocks, { ports: 'declared' });
    expect(await observe()).toEqual(theirs);
    expect(theirs).toEqual(['. 1', '. 2', 'r 1', '. 1', '. 2', 'r 1', '192.0.2.7 4711 TLSv1.3']);
  });
});
