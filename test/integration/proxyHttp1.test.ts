import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttp, type IncomingMessage, type Server } from 'node:http';
import { connect as connectH2 } from 'node:http2';
import { createServer as createTcp, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { closeAll, closeLater, eventually, listenOn, RawClient, type Rig, startRig } from './proxyRig';

afterEach(closeAll);

const get = (path = '/', extra = '') => `GET ${path} HTTP/1.1\r\nHost: lab\r\n${extra}\r\n`;

/** A proxy in front of the ports, speaking HTTP/1.1 to them and keeping connections. */
const through = (ports: readonly number[], extra = '', upstream = 'keepalive 8;'): Promise<Rig> =>
  startRig(`http {
    upstream peers { ${ports.map((port) => `server 127.0.0.1:${port};`).join(' ')} ${upstream} }
    server {
      listen 127.0.0.1:1;
      location / { proxy_pass http://peers; proxy_http_version 1.1; proxy_set_header Connection ""; ${extra} }
    }
  }`);

/** What the server got, as it got it. */
interface Recorded {
  readonly port: number;
  readonly requests: {
    readonly line: string;
    readonly headers: Record<string, string | string[] | undefined>;
    body: string;
  }[];
  readonly server: Server;
  connections: number;
}

async function recorder(answer = 'ok'): Promise<Recorded> {
  const requests: Recorded['requests'] = [];
  const server = createHttp((request, response) => {
    const record = { line: `${request.method} ${request.url}`, headers: request.headers, body: '' };
    requests.push(record);
    request.on('data', (chunk: Buffer) => {
      record.body += chunk.toString('latin1');
    });
    request.on('end', () => response.end(answer));
  });
  server.keepAliveTimeout = 60_000;
  const recorded = { port: await listenOn(server), requests, server, connections: 0 };
  server.on('connection', () => {
    recorded.connections++;
  });
  return recorded;
}

/** A server that says exactly these bytes to each request, then closes if told so. */
async function canned(bytes: string, close = false): Promise<number> {
  return listenOn(
    createTcp((socket) => {
      socket.on('data', () => {
        socket.write(Buffer.from(bytes, 'latin1'));
        if (close) socket.end();
      });
    }),
  );
}

async function deadPort(): Promise<number> {
  const server = createTcp();
  const port = await listenOn(server);
  server.close();
  await once(server, 'close');
  return port;
}

const statusOf = (received: string) => Number(received.slice(9, 12));

describe('requests to the server', () => {
  it('go with the client’s headers but those of its own hop', async () => {
    const server = await recorder();
    const rig = await through([server.port]);
    const client = new RawClient(rig.port()).send(
      get(
        '/a/%62?c=d',
        'X-Own: 1\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nTE: trailers\r\nKeep-Alive: 5\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nProxy-Connection: x\r\nunder_score: 1\r\n',
      ),
    );
    await client.untilClosed();
    expect(server.requests[0]?.line).toBe('GET /a/%62?c=d');
    expect(server.requests[0]?.headers).toEqual({ host: 'peers', 'x-own': '1' });
  });

  it('carry what proxy_set_header says, variables and all', async () => {
    const server = await recorder();
    const rig = await through(
      [server.port],
      'proxy_set_header Host $host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header Accept ""; proxy_set_header X-What "$request_method $uri $arg_q";',
    );
    const client = new RawClient(rig.port()).send(
      'GET /p%61th?q=5 HTTP/1.1\r\nHost: LAB:80\r\nX-Forwarded-For: 10.0.0.1\r\nAccept: */*\r\nConnection: close\r\n\r\n',
    );
    await client.untilClosed();
    expect(server.requests[0]?.headers).toEqual({
      host: 'lab',
      'x-forwarded-for': '10.0.0.1, 127.0.0.1',
      'x-what': 'GET /path 5',
    });
  });

  it('replace the location’s path by the URI of proxy_pass', async () => {
    const server = await recorder();
    const rig = await startRig(
      `http { server { listen 127.0.0.1:1; location /old/ { proxy_pass http://127.0.0.1:${server.port}/new/; } } }`,
    );
    await new RawClient(rig.port()).send(get('/old/./a%20b?q', 'Connection: close\r\n')).untilClosed();
    expect(server.requests[0]?.line).toBe('GET /new/a%20b?q');
  });

  it('keep their body, of known length or in chunks', async () => {
    const server = await recorder();
    const rig = await through([server.port]);
    const client = new RawClient(rig.port());
    client.send('POST /1 HTTP/1.1\r\nHost: lab\r\nContent-Length: 5\r\n\r\nhello');
    client.send(
      'POST /2 HTTP/1.1\r\nHost: lab\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: 1\r\n\r\n',
    );
    client.send('POST /3 HTTP/1.1\r\nHost: lab\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    await client.untilClosed();
    expect(server.requests.map((request) => [request.line, request.body])).toEqual([
      ['POST /1', 'hello'],
      ['POST /2', 'abcde'],
      ['POST /3', ''],
    ]);
    expect(server.requests[2]?.headers['content-length']).toBe('0');
  });

  it('get a length where an HTTP/1.0 server needs one', async () => {
    const server = await recorder();
    const rig = await startRig(
      `http { server { listen 127.0.0.1:1; location / { proxy_pass http://127.0.0.1:${server.port}; } } }`,
    );
    const client = new RawClient(rig.port()).send(
      'POST / HTTP/1.1\r\nHost: lab\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
    );
    client.send('2\r\nde\r\n0\r\n\r\n');
    await client.untilClosed();
    expect(server.requests[0]?.body).toBe('abcde');
    expect(server.requests[0]?.headers['content-length']).toBe('5');
  });

  it('reach the server before their body is complete, and the response the client', async () => {
    const server = await listenOn(
      createHttp((request, response) => {
        response.write('early ');
        request.on('data', (chunk: Buffer) => response.write(`<${chunk}>`));
        request.on('end', () => response.end());
      }),
    );
    const rig = await through([server]);
    const client = new RawClient(rig.port()).send('PUT / HTTP/1.1\r\nHost: lab\r\nTransfer-Encoding: chunked\r\n\r\n');
    expect(await client.until((text) => text.includes('early '))).toBe(true);
    client.send('1\r\na\r\n');
    expect(await client.until((text) => text.includes('<a>'))).toBe(true);
    client.send('0\r\n\r\n');
    expect(await client.until((text) => text.endsWith('0\r\n\r\n'))).toBe(true);
  });

  it('wait for 100 (Continue) where the client does', async () => {
    const server = await recorder();
    const rig = await through([server.port]);
    const client = new RawClient(rig.port()).send(
      'POST / HTTP/1.1\r\nHost: lab\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n',
    );
    expect(await client.until((text) => text === 'HTTP/1.1 100 Continue\r\n\r\n')).toBe(true);
    client.send('ok');
    expect(await client.untilClosed()).toContain('HTTP/1.1 200 OK');
    expect(server.requests[0]?.headers.expect).toBeUndefined();
  });

  it('never become complete where their body turns out bad', async () => {
    let ended = false;
    let aborted = false;
    const server = await listenOn(
      createHttp((request) => {
        request.on('data', () => {});
        request.on('end', () => {
          ended = true;
        });
        request.on('error', () => {
          aborted = true;
        });
      }),
    );
    const rig = await through([server]);
    const client = new RawClient(rig.port()).send(
      'POST / HTTP/1.1\r\nHost: lab\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
    );
    await eventually(() => rig.balancer.counts().peers[0]?.connectionsOpen === 1);
    client.send('zz\r\n');
    expect(statusOf(await client.untilClosed())).toBe(400);
    await eventually(() => aborted || rig.balancer.counts().peers[0]?.connectionsOpen === 0);
    expect(ended).toBe(false);
  });

  it('larger than client_max_body_size get 413, declared or not', async () => {
    const server = await recorder();
    const rig = await through([server.port], 'client_max_body_size 10;');
    const declared = new RawClient(rig.port()).send(
      `POST / HTTP/1.1\r\nHost: lab\r\nContent-Length: 11\r\n\r\n${'x'.repeat(11)}`,
    );
    expect(statusOf(await declared.untilClosed())).toBe(413);
    const chunked = new RawClient(rig.port()).send(
      'POST / HTTP/1.1\r\nHost: lab\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n0\r\n\r\n',
    );
    expect(statusOf(await chunked.untilClosed())).toBe(413);
  });
});

describe('connections', () => {
  it('are kept on both sides', async () => {
    const server = await recorder();
    const rig = await through([server.port]);
    const client = new RawClient(rig.port());
    for (let i = 1; i <= 5; i++) {
      client.send(get(`/${i}`));
      await client.until((text) => text.split('HTTP/1.1 200 OK').length === i + 1 && text.includes('ok'));
    }
    await eventually(() => server.requests.length === 5);
    expect(server.connections).toBe(1);
    expect(rig.balancer.counts()).toMatchObject({ connectionsAccepted: 1, connectionsOpen: 1, requests: 5 });
    expect(rig.balancer.counts().peers[0]).toMatchObject({ connectionsOpened: 1, connectionsOpen: 1, requests: 5 });
  });

  it('are opened for each request without keepalive', async () => {
    const server = await recorder();
    const rig = await through([server.port], '', '');
    const client = new RawClient(rig.port());
    for (let i = 1; i <= 3; i++) {
      client.send(get());
      await client.until((text) => text.split('HTTP/1.1 200 OK').length === i + 1);
    }
    expect(rig.balancer.counts().peers[0]).toMatchObject({ connectionsOpened: 3 });
    await eventually(() => rig.balancer.counts().peers[0]?.connectionsOpen === 0);
  });

  it('answer pipelined requests in order', async () => {
    const server = await listenOn(
      createHttp((request, response) => {
        // The first takes longest.
        if (request.url === '/1') setTimeout(() => response.end('<1>'), 20);
        else response.end(`<${request.url?.slice(1)}>`);
      }),
    );
    const rig = await through([server]);
    const client = new RawClient(rig.port()).send(get('/1') + get('/2') + get('/3', 'Connection: close\r\n'));
    const received = await client.untilClosed();
    expect(received.match(/<\d>/g)).toEqual(['<1>', '<2>', '<3>']);
  });

  it('answer a client that closes its side along with its request', async () => {
    const rig = await startRig('http { server { listen 127.0.0.1:1; location / { return 200 "ours"; } } }');
    const client = new RawClient(rig.port());
    client.socket.end(get());
    expect(await client.untilClosed()).toMatch(/^HTTP\/1.1 200 [\s\S]*ours$/);
  });

  it('serve HTTP/1.0 clients: closed, or kept where asked for', async () => {
    const server = await recorder();
    const rig = await through([server.port]);
    const plain = new RawClient(rig.port()).send('GET / HTTP/1.0\r\n\r\n');
    expect(await plain.untilClosed()).toMatch(/Connection: close\r\n\r\nok$/);
    const kept = new RawClient(rig.port()).send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    await kept.until((text) => text.endsWith('ok'));
    kept.send('GET / HTTP/1.0\r\n\r\n');
    expect((await kept.untilClosed()).match(/200 OK/g)).toHaveLength(2);
  });

  it('give HTTP/1.0 clients a body of unknown length until the close', async () => {
    const server = await listenOn(
      createHttp((_request, response) => {
        response.write('part one, ');
        response.end('part two');
      }),
    );
    const rig = await through([server]);
    const received = await new RawClient(rig.port()).send('GET / HTTP/1.0\r\n\r\n').untilClosed();
    expect(received).toMatch(/\r\n\r\npart one, part two$/);
    expect(received).not.toMatch(/transfer-encoding/i);
  });

  it('end after keepalive_requests', async () => {
    const server = await recorder();
    const rig = await through([server.port], 'keepalive_requests 2;');
    const received = await new RawClient(rig.port()).send(get() + get() + get()).untilClosed();
    expect(received.match(/200 OK/g)).toHaveLength(2);
  });

  it('have no body after HEAD, 204 and 304, and go on', async () => {
    const server = await listenOn(
      createHttp((request, response) => {
        if (request.url === '/204') response.writeHead(204);
        if (request.url === '/304') response.writeHead(304, { etag: '"x"' });
        if (request.method === 'HEAD') response.setHeader('content-length', 1000);
        response.end(request.url === '/end' ? 'the end' : undefined);
      }),
    );
    const rig = await through([server]);
    const received = await new RawClient(rig.port())
      .send(`HEAD / HTTP/1.1\r\nHost: lab\r\n\r\n${get('/204')}${get('/304')}${get('/end', 'Connection: close\r\n')}`)
      .untilClosed();
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 204', 'HTTP/1.1 304', 'HTTP/1.1 200']);
    expect(received).toContain('Content-Length: 1000');
    expect(received.endsWith('the end')).toBe(true);
  });

  it('cancel at the server what the client gave up', async () => {
    let closed = false;
    const server = await listenOn(
      createHttp((request) => {
        request.on('close', () => {
          closed = true;
        });
      }),
    );
    const rig = await through([server]);
    const client = new RawClient(rig.port()).send(get());
    await eventually(() => rig.balancer.counts().peers[0]?.connectionsOpen === 1);
    client.socket.destroy();
    await eventually(() => closed);
    expect(rig.balancer.counts().peers[0]?.failures).toBe(0);
  });

  it('are closed when a head comes too slowly', async () => {
    const rig = await startRig(
      'http { server { listen 127.0.0.1:1; client_header_timeout 100ms; location / { return 200 ok; } } }',
    );
    const client = new RawClient(rig.port()).send('GET / HTTP/1.1\r\nHost:');
    expect(await client.untilClosed()).toBe('');
  });

  it('get 408 when a body comes too slowly', async () => {
    const server = await recorder();
    const rig = await through([server.port], 'client_body_timeout 100ms;');
    const client = new RawClient(rig.port()).send('POST / HTTP/1.1\r\nHost: lab\r\nContent-Length: 5\r\n\r\nab');
    expect(statusOf(await client.untilClosed())).toBe(408);
  });
});

describe('large bodies', () => {
  const SIZE = 64 * 1024 * 1024;
  const part = Buffer.alloc(64 * 1024, 'x');

  it('come down whole, and only as fast as the client reads', async () => {
    let written = 0;
    const server = await listenOn(
      createHttp((_request, response) => {
        response.setHeader('content-length', SIZE);
        const more = () => {
          while (written < SIZE) {
            written += part.length;
            if (!response.write(part)) {
              response.once('drain', more);
              return;
            }
          }
          response.end();
        };
        more();
      }),
    );
    const rig = await through([server]);
    const client = new RawClient(rig.port());
    client.socket.removeAllListeners('data');
    client.socket.pause();
    client.send(get('/', 'Connection: close\r\n'));
    let before = -1;
    for (let calm = 0; calm < 50; ) {
      calm = written === before && written > 0 ? calm + 1 : 0;
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    // The kernel's buffers of two connections, no more.
    expect(written).toBeLessThan(32 * 1024 * 1024);
    let read = 0;
    client.socket.on('data', (chunk: Buffer) => {
      read += chunk.length;
    });
    client.socket.resume();
    await once(client.socket, 'close');
    expect(read).toBeGreaterThan(SIZE);
    expect(read).toBeLessThan(SIZE + 1000);
  });

  it('go up whole', async () => {
    const hash = createHash('sha256');
    const server = await listenOn(
      createHttp((request, response) => {
        request.on('data', (chunk: Buffer) => hash.update(chunk));
        request.on('end', () => response.end(hash.digest('hex')));
      }),
    );
    const rig = await through([server], 'client_max_body_size 0;');
    const client = new RawClient(rig.port()).send(
      `PUT / HTTP/1.1\r\nHost: lab\r\nConnection: close\r\nContent-Length: ${SIZE}\r\n\r\n`,
    );
    const expected = createHash('sha256');
    for (let sent = 0; sent < SIZE; sent += part.length) {
      expected.update(part);
      if (!client.socket.write(part)) await once(client.socket, 'drain');
    }
    expect(await client.untilClosed()).toContain(expected.digest('hex'));
  });

  it('of several clients at once stay apart while the server takes its time', async () => {
    const server = await listenOn(
      createHttp((request, response) => {
        let body = '';
        request.pause();
        request.setEncoding('latin1').on('data', (chunk: string) => {
          body += chunk;
        });
        request.on('end', () => response.end(`${request.url} ${new Set(body).size} ${body[0]} ${body.length}`));
        setTimeout(() => request.resume(), 50);
      }),
    );
    const rig = await through([server], 'client_max_body_size 0;');
    const clients = [...'abcdefgh'].map((letter) => ({
      letter,
      client: new RawClient(rig.port()).send(
        `PUT /${letter} HTTP/1.1\r\nHost: lab\r\nConnection: close\r\nContent-Length: 300000\r\n\r\n`,
      ),
    }));
    for (let i = 0; i < 30; i++) {
      for (const { letter, client } of clients) client.socket.write(letter.repeat(10_000));
      await new Promise(setImmediate);
    }
    for (const { letter, client } of clients) {
      expect(await client.untilClosed()).toContain(`/${letter} 1 ${letter} 300000`);
    }
  });
});

describe('servers that fail', () => {
  it('are passed over when they cannot be reached, for POST as well', async () => {
    const server = await recorder();
    const rig = await through([await deadPort(), server.port]);
    const client = new RawClient(rig.port()).send(
      'POST / HTTP/1.1\r\nHost: lab\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello',
    );
    expect(statusOf(await client.untilClosed())).toBe(200);
    expect(server.requests[0]?.body).toBe('hello');
  });

  it('lose a GET to the next one when they close, but not a POST', async () => {
    let seen = 0;
    const closing = createTcp((socket: Socket) => {
      socket.once('data', () => {
        seen++;
        socket.destroy();
      });
    });
    const server = await recorder();
    const rig = await through([await listenOn(closing), server.port], '', 'keepalive 8;');
    expect(statusOf(await new RawClient(rig.port()).send(get('/', 'Connection: close\r\n')).untilClosed())).toBe(200);
    const again = await through([
      await listenOn(createTcp((socket) => socket.once('data', () => socket.destroy()))),
      server.port,
    ]);
    const post = new RawClient(again.port()).send(
      'POST / HTTP/1.1\r\nHost: lab\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx',
    );
    expect(statusOf(await post.untilClosed())).toBe(502);
    expect(seen).toBe(1);
    expect(server.requests.map((request) => request.line)).toEqual(['GET /']);
  });

  it('lose a POST to the next one where the file says non_idempotent', async () => {
    const server = await recorder();
    const closing = await listenOn(createTcp((socket) => socket.once('data', () => socket.destroy())));
    const rig = await through([closing, server.port], 'proxy_next_upstream error non_idempotent;');
    const post = new RawClient(rig.port()).send(
      'POST / HTTP/1.1\r\nHost: lab\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx',
    );
    expect(statusOf(await post.untilClosed())).toBe(200);
    expect(server.requests[0]?.body).toBe('x');
  });

  it('are passed over for the statuses that proxy_next_upstream names; the last answer is passed on', async () => {
    const busy = async (text: string) =>
      listenOn(
        createHttp((_request, response) => {
          response.writeHead(503);
          response.end(text);
        }),
      );
    const rig = await through([await busy('one'), await busy('two')], 'proxy_next_upstream http_503;');
    const received = await new RawClient(rig.port()).send(get('/', 'Connection: close\r\n')).untilClosed();
    expect(received).toContain('HTTP/1.1 503 Service Unavailable');
    expect(received).toContain('\r\ntwo\r\n');
    expect(received).not.toContain('one');
  });

  it('that are all dead make a 502 of our own', async () => {
    const rig = await through([await deadPort()]);
    const received = await new RawClient(rig.port()).send(get('/', 'Connection: close\r\n')).untilClosed();
    expect(received).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n/);
    expect(received).toContain('<h1>502 Bad Gateway</h1>');
    expect(rig.balancer.counts()).toMatchObject({ requests: 1, answeredItself: 1 });
  });

  it('that do not answer in time make a 504', async () => {
    const silent = await listenOn(createTcp((socket) => socket.resume()));
    const rig = await through([silent], 'proxy_read_timeout 100ms;');
    expect(statusOf(await new RawClient(rig.port()).send(get('/', 'Connection: close\r\n')).untilClosed())).toBe(504);
  });

  it('are dropped from the kept connections when they close them', async () => {
    const server = await recorder();
    const rig = await through([server.port]);
    const client = new RawClient(rig.port()).send(get());
    await client.until((text) => text.endsWith('ok'));
    server.server.closeAllConnections();
    await eventually(() => rig.balancer.counts().peers[0]?.connectionsOpen === 0);
    client.send(get('/', 'Connection: close\r\n'));
    expect((await client.untilClosed()).match(/200 OK/g)).toHaveLength(2);
  });

  it.each([
    ['garbage', 'who are you?\r\n\r\n'],
    ['HTTP/2', '\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x7f'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx'],
    ['a bad length', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nxx'],
    ['a length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['an unknown coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
    ['an upgrade nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n'],
    ['a folded header', 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n'],
    ['a NUL', 'HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n'],
    ['too large a head', `HTTP/1.1 200 OK\r\nA: ${'x'.repeat(40_000)}\r\n\r\n`],
  ])('and send %s make a 502', async (_name, bytes) => {
    const rig = await through([await canned(bytes, true)]);
    expect(statusOf(await new RawClient(rig.port()).send(get('/', 'Connection: close\r\n')).untilClosed())).toBe(502);
  });

  it('and truncate a body leave the client a visible break, not a wait', async () => {
    for (const head of ['Content-Length: 10', 'Transfer-Encoding: chunked']) {
      const rig = await through([await canned(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n5\r\nab`, true)]);
      const received = await new RawClient(rig.port()).send(get()).untilClosed();
      expect(statusOf(received)).toBe(200);
      expect(received).not.toMatch(/\r\n0\r\n\r\n$/);
    }
  });

  it('and send more than they declared are not used again', async () => {
    const rig = await through([await canned('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n')]);
    const client = new RawClient(rig.port()).send(get());
    await client.until((text) => text.endsWith('ok'));
    client.send(get('/', 'Connection: close\r\n'));
    const received = await client.untilClosed();
    expect(received.match(/ok/g)).toHaveLength(2);
    expect(rig.balancer.counts().peers[0]?.connectionsOpened).toBe(2);
  });

  it('and close in the middle of many requests cost only those in flight', async () => {
    const flaky = createHttp((_request, response) => response.end('ok'));
    const port = await listenOn(flaky);
    const steady = await recorder();
    const rig = await through([port, steady.port]);
    const clients = Array.from({ length: 8 }, () => new RawClient(rig.port()));
    let answered = 0;
    let bad = 0;
    await Promise.all(
      clients.map(async (client, index) => {
        for (let i = 1; i <= 50; i++) {
          client.send(get());
          await client.until((text) => text.split('HTTP/1.1 ').length === i + 1 && /ok$|<\/html>\r\n$/.test(text));
          answered++;
          if (index === 0 && i === 20) {
            flaky.close();
            flaky.closeAllConnections();
          }
        }
        bad += client.received.match(/HTTP\/1\.1 5/g)?.length ?? 0;
      }),
    );
    expect(answered).toBe(400);
    expect(bad).toBe(0);
  });
});

describe('server blocks and locations', () => {
  it('are chosen by Host and path; return answers', async () => {
    const rig = await startRig(`http {
      server { listen 127.0.0.1:1; server_name one; location / { return 200 "one $uri"; } }
      server { listen 127.0.0.1:1; server_name two;
        location = /x { return 204; }
        location / { return 301 /y; add_header X-Added yes; }
      }
    }`);
    const ask = (host: string, path: string) =>
      new RawClient(rig.port())
        .send(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
        .untilClosed();
    expect(await ask('one', '/a')).toMatch(/200 OK[\s\S]*\r\n\r\none \/a$/);
    expect(await ask('unknown', '/a')).toMatch(/one \/a$/);
    expect(await ask('two', '/x')).toContain('204 No Content');
    expect(await ask('TWO.', '/z')).toMatch(
      /301 Moved Permanently[\s\S]*Location: http:\/\/two:\d+\/y\r\n[\s\S]*X-Added: yes/,
    );
    expect(rig.balancer.counts()).toMatchObject({ requests: 4, answeredItself: 4 });
  });

  it('take an absolute-form target for the host', async () => {
    const server = await recorder();
    const rig = await through([server.port], 'proxy_set_header Host $host; proxy_set_header X-Host $http_host;');
    await new RawClient(rig.port())
      .send('GET http://other:81/p HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n')
      .untilClosed();
    expect(server.requests[0]?.line).toBe('GET /p');
    expect(server.requests[0]?.headers.host).toBe('other');
    // Nobody behind hears of the host that it replaced.
    expect(server.requests[0]?.headers['x-host']).toBe('other:81');
  });
});

describe('HTTP/2 clients', () => {
  it('reach an HTTP/1 server', async () => {
    const server = await recorder('hello');
    const rig = await startRig(`http { server { listen 127.0.0.1:1 http2;
      location / { proxy_pass http://127.0.0.1:${server.port}; proxy_http_version 1.1; proxy_set_header Connection ""; } } }`);
    const client = connectH2(`http://127.0.0.1:${rig.port()}`);
    closeLater(() => client.destroy());
    const stream = client.request({ ':method': 'POST', ':path': '/p?q', cookie: ['a=1', 'b=2'], te: 'trailers' });
    stream.end('body');
    const [headers] = (await once(stream, 'response')) as [IncomingMessage['headers']];
    let body = '';
    stream.on('data', (chunk: Buffer) => {
      body += chunk;
    });
    await once(stream, 'end');
    expect(headers[':status']).toBe(200);
    expect(body).toBe('hello');
    expect(server.requests[0]).toMatchObject({ line: 'POST /p?q', body: 'body' });
    expect(server.requests[0]?.headers.cookie).toBe('a=1; b=2');
  });

  it('get the first of what a server repeats that means something only once', async () => {
    const server = await canned(
      'HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Type: c/d\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n',
    );
    const rig = await startRig(
      `http { server { listen 127.0.0.1:1 http2; location / { proxy_pass http://127.0.0.1:${server}; } } }`,
    );
    const client = connectH2(`http://127.0.0.1:${rig.port()}`);
    closeLater(() => client.destroy());
    const [headers] = (await once(client.request({ ':path': '/' }), 'response')) as [IncomingMessage['headers']];
    expect(headers).toMatchObject({ ':status': 200, 'content-type': 'a/b', 'set-cookie': ['a=1', 'b=2'] });
  });

  it('are refused where :authority and host differ', async () => {
    const rig = await startRig('http { server { listen 127.0.0.1:1 http2; location / { return 200 ok; } } }');
    const client = connectH2(`http://127.0.0.1:${rig.port()}`);
    closeLater(() => client.destroy());
    const stream = client.request({ ':path': '/', ':authority': 'lab', host: 'another' });
    const [headers] = (await once(stream, 'response')) as [IncomingMessage['headers']];
    expect(headers[':status']).toBe(400);
  });

  it('and HTTP/1 clients share a port', async () => {
    const rig = await startRig('http { server { listen 127.0.0.1:1 http2; location / { return 200 ok; } } }');
    expect(await new RawClient(rig.port()).send(get('/', 'Connection: close\r\n')).untilClosed()).toMatch(/ok$/);
  });
});

describe('traces', () => {
  it('tell the decision of a request that asks for it, and of no other', async () => {
    const server = await recorder();
    const rig = await through([server.port]);
    await new RawClient(rig.port()).send(get('/', 'X-Lab-Trace: s1\r\nConnection: close\r\n')).untilClosed();
    await new RawClient(rig.port()).send(get('/', 'Connection: close\r\n')).untilClosed();
    await rig.balancer.close();
    const decisions = rig.reports.flatMap((report) => report.decisions);
    expect(decisions).toHaveLength(1);
    expect(decisions[0]).toMatchObject({
      request: 's1',
      upstreamPort: null,
      decision: { policy: 'round_robin', attempt: 1 },
    });
  });
});

describe('files', () => {
  const serve = async (extra = '') => {
    const folder = await mkdtemp(join(tmpdir(), 'files-'));
    closeLater(() => rm(folder, { recursive: true }));
    await mkdir(join(folder, 'sub'));
    await writeFile(join(folder, 'index.html'), '<p>index</p>');
    await writeFile(join(folder, 'big.bin'), Buffer.alloc(3_000_000, 'x'));
    await writeFile(join(folder, '한글.txt'), 'text');
    return startRig(
      `http { types { text/html html; text/plain txt; } server { listen 127.0.0.1:1; root ${folder}; ${extra} } }`,
    );
  };
  const ask = (rig: Rig, path: string, headers = '', method = 'GET') =>
    new RawClient(rig.port())
      .send(`${method} ${path} HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n${headers}\r\n`)
      .untilClosed();

  it('are served with type, length and validators', async () => {
    const rig = await serve();
    const received = await ask(rig, '/');
    expect(received).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(received).toContain('Content-Type: text/html\r\n');
    expect(received).toContain('Content-Length: 12\r\n');
    expect(received.endsWith('<p>index</p>')).toBe(true);
    const etag = /ETag: (.*)\r\n/.exec(received)?.[1];
    expect(statusOf(await ask(rig, '/', `If-None-Match: ${etag}\r\n`))).toBe(304);
    expect(await ask(rig, '/%ED%95%9C%EA%B8%80.txt')).toMatch(/Content-Type: text\/plain[\s\S]*text$/);
    expect((await ask(rig, '/big.bin')).length).toBeGreaterThan(3_000_000);
    expect(await ask(rig, '/big.bin', '', 'HEAD')).toMatch(/Content-Length: 3000000\r\n[\s\S]*\r\n\r\n$/);
  });

  it('that are not there, are folders, or are asked for wrongly get nginx’s statuses', async () => {
    const rig = await serve();
    expect(statusOf(await ask(rig, '/none'))).toBe(404);
    expect(await ask(rig, '/sub')).toMatch(/301 Moved Permanently[\s\S]*Location: http:\/\/lab:\d+\/sub\/\r\n/);
    expect(statusOf(await ask(rig, '/sub/'))).toBe(403);
    expect(statusOf(await ask(rig, '/', '', 'POST'))).toBe(405);
    expect(statusOf(await ask(rig, '/..%2f..%2fetc/passwd'))).toBe(400);
  });

  it('are found by alias', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'files-'));
    closeLater(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'a.txt'), 'aliased');
    const rig = await serve(`location /x/ { alias ${folder}/; }`);
    expect(await ask(rig, '/x/a.txt')).toMatch(/aliased$/);
  });
});
