import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { closeAll, eventually, listenOn, RawClient, startRig } from './proxyRig';

afterEach(closeAll);

/** Greets with its name, then echoes. */
const greeter = (name: string) =>
  listenOn(
    createServer((socket) => {
      socket.write(`<${name}>`);
      socket.pipe(socket);
    }),
  );

const through = (ports: readonly number[], extra = '') =>
  startRig(`stream {
    upstream peers { ${ports.map((port) => `server 127.0.0.1:${port};`).join(' ')} }
    server { listen 127.0.0.1:1; proxy_pass peers; ${extra} }
  }`);

async function deadPort(): Promise<number> {
  const server = createServer();
  const port = await listenOn(server);
  server.close();
  await once(server, 'close');
  return port;
}

describe('TCP through the balancer', () => {
  it('binds each connection to one server, the next to the next', async () => {
    const rig = await through([await greeter('a'), await greeter('b')]);
    const greetings: string[] = [];
    for (let i = 0; i < 4; i++) {
      const client = new RawClient(rig.port()).send('hello');
      await client.until((text) => text.endsWith('hello'));
      greetings.push(client.received);
    }
    expect(greetings).toEqual(['<a>hello', '<b>hello', '<a>hello', '<b>hello']);
    expect(rig.balancer.counts()).toMatchObject({
      layer: 'l4',
      connectionsAccepted: 4,
      connectionsOpen: 4,
      requests: null,
      peers: [
        { connectionsOpened: 2, connectionsOpen: 2, requests: null },
        { connectionsOpened: 2, connectionsOpen: 2, requests: null },
      ],
    });
  });

  it('records the decision for each connection with the port that the server sees', async () => {
    let remotePort: number | undefined;
    const server = await listenOn(
      createServer((socket) => {
        ({ remotePort } = socket);
        socket.write('x');
      }),
    );
    const rig = await through([server]);
    await new RawClient(rig.port()).until((text) => text === 'x');
    await rig.balancer.close();
    const decisions = rig.reports.flatMap((report) => report.decisions);
    expect(decisions).toHaveLength(1);
    expect(decisions[0]).toMatchObject({
      request: null,
      upstreamPort: remotePort,
      decision: { chosen: `127.0.0.1:${server}` },
    });
  });

  it('passes over servers that cannot be reached', async () => {
    const rig = await through([await deadPort(), await greeter('b')]);
    const client = new RawClient(rig.port());
    expect(await client.until((text) => text === '<b>')).toBe(true);
    expect(rig.balancer.counts().peers[0]?.failures).toBe(1);
  });

  it('closes the client where none can be reached, or proxy_next_upstream is off', async () => {
    const dead = await deadPort();
    const none = await through([dead]);
    expect(await new RawClient(none.port()).untilClosed()).toBe('');
    const off = await through([dead, await greeter('b')], 'proxy_next_upstream off;');
    expect(await new RawClient(off.port()).untilClosed()).toBe('');
  });

  it('ends for both when one side ends, after everything arrived', async () => {
    const server = await listenOn(createServer((socket) => socket.end('x'.repeat(1_000_000))));
    const rig = await through([server]);
    expect(await new RawClient(rig.port()).untilClosed()).toHaveLength(1_000_000);
    await eventually(() => rig.balancer.counts().connectionsOpen === 0);
    expect(rig.balancer.counts().peers[0]?.connectionsOpen).toBe(0);
  });

  it('lets each side end by itself with proxy_half_close', async () => {
    const server = await listenOn(
      createServer({ allowHalfOpen: true }, (socket: Socket) => {
        let text = '';
        socket.on('data', (chunk: Buffer) => {
          text += chunk;
        });
        socket.on('end', () => socket.end(`all of ${text}`));
      }),
    );
    const rig = await through([server], 'proxy_half_close on;');
    const client = new RawClient(rig.port()).send('it');
    client.socket.end();
    expect(await client.untilClosed()).toBe('all of it');
  });

  it('closes what is idle for proxy_timeout', async () => {
    const rig = await through([await greeter('a')], 'proxy_timeout 100ms;');
    expect(await new RawClient(rig.port()).untilClosed()).toBe('<a>');
  });

  it('closes the client when its server dies', async () => {
    const sockets: Socket[] = [];
    const server = await listenOn(createServer((socket) => sockets.push(socket)));
    const rig = await through([server]);
    const client = new RawClient(rig.port()).send('x');
    await eventually(() => sockets.length === 1);
    sockets[0]?.resetAndDestroy();
    expect(await client.untilClosed()).toBe('');
  });

  it('tells the server the client’s address with proxy_protocol', async () => {
    const server = await listenOn(createServer((socket) => socket.on('data', (chunk) => socket.end(chunk))));
    const rig = await through([server], 'proxy_protocol on;');
    const client = new RawClient(rig.port());
    await once(client.socket, 'connect');
    const { localPort } = client.socket;
    expect(await client.untilClosed()).toBe(`PROXY TCP4 127.0.0.1 127.0.0.1 ${localPort} ${rig.port()}\r\n`);
  });

  it('holds a fast sender back while the other side reads slowly', async () => {
    const size = 64 * 1024 * 1024;
    const part = Buffer.alloc(64 * 1024);
    let written = 0;
    const server = await listenOn(
      createServer((socket) => {
        const more = () => {
          while (written < size) {
            written += part.length;
            if (!socket.write(part)) {
              socket.once('drain', more);
              return;
            }
          }
          socket.end();
        };
        more();
      }),
    );
    const rig = await through([server]);
    const client = new RawClient(rig.port());
    client.socket.removeAllListeners('data');
    client.socket.pause();
    let before = -1;
    for (let calm = 0; calm < 50; ) {
      calm = written === before && written > 0 ? calm + 1 : 0;
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(written).toBeLessThan(32 * 1024 * 1024);
    let read = 0;
    client.socket.on('data', (chunk: Buffer) => {
      read += chunk.length;
    });
    client.socket.resume();
    await once(client.socket, 'close');
    expect(read).toBe(size);
  });

  it('gives each client its own bytes, however slowly it reads and whoever leaves in the middle', async () => {
    const bodyOf = (byte: number) => {
      const words = new Uint32Array(2.5 * 1024 * 1024);
      for (let i = 0; i < words.length; i++) words[i] = byte * 2 ** 24 + i;
      return Buffer.from(words.buffer);
    };
    // Each connection asks for a byte and gets what belongs to it, no word of which is like another.
    const server = await listenOn(
      createServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', ([byte = 0]) => socket.end(bodyOf(byte)));
      }),
    );
    const rig = await through([server]);
    const ask = (byte: number) => {
      const client = new RawClient(rig.port()).send(String.fromCharCode(byte));
      client.socket.removeAllListeners('data');
      return client.socket;
    };
    const isWhole = async (socket: Socket, byte: number) => {
      const chunks: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      await once(socket, 'close');
      return Buffer.concat(chunks).equals(bodyOf(byte));
    };
    for (let round = 0; round < 2; round++) {
      const slow = [65, 66, 67].map((byte) => ask(byte).pause());
      const leaving = [97, 98, 99].map((byte) => ask(byte));
      await Promise.all(leaving.map((socket) => once(socket, 'data')));
      for (const socket of leaving) socket.pause();
      await eventually(() => leaving.every((socket) => socket.readableLength > 0));
      for (const socket of leaving) socket.destroy();
      await eventually(() => rig.balancer.counts().connectionsOpen === slow.length);
      const quick = [68, 69, 70].map((byte) => isWhole(ask(byte), byte));
      const whole = await Promise.all([...slow.map((socket, i) => isWhole(socket.resume(), 65 + i)), ...quick]);
      expect(whole).toEqual(whole.map(() => true));
    }
  });

  it('keeps what a client sends at once until a server is reached, in its order', async () => {
    const sent = Buffer.from(Array.from({ length: 200_000 }, (_, i) => `${i} `).join(''));
    const received: Buffer[] = [];
    const server = await listenOn(
      createServer({ allowHalfOpen: true }, (socket) => {
        socket.on('data', (chunk: Buffer) => received.push(chunk));
        socket.on('end', () => socket.end('done'));
      }),
    );
    const rig = await through([await deadPort(), server], 'proxy_half_close on;');
    const client = new RawClient(rig.port());
    client.socket.end(sent);
    expect(await client.untilClosed()).toBe('done');
    expect(Buffer.concat(received).equals(sent)).toBe(true);
  });
});
