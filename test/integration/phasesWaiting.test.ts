import { createServer } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { closeAll, eventually, listenOn, RawClient, startRig } from './proxyRig';

/*
 * A request may have to wait: for a limit's delay, for the service that decides. What comes of its body meanwhile is kept,
 * its client may go away, and nothing is left behind.
 */

afterEach(closeAll);

interface Service {
  readonly port: number;
  readonly seen: string[];
  /** Lets the requests go that wait for an answer. */
  answer(status: number): void;
  waiting(): number;
  closed: number;
}

/** Answers when told to. */
async function decider(): Promise<Service> {
  const waiting: ((status: number) => void)[] = [];
  const service: Service = {
    port: 0,
    seen: [],
    answer: (status) => {
      for (const each of waiting.splice(0)) each(status);
    },
    waiting: () => waiting.length,
    closed: 0,
  };
  const server = createServer((request, response) => {
    service.seen.push(`${request.method} ${request.url} ${request.headers['content-length'] ?? '-'}`);
    response.on('close', () => {
      if (!response.writableFinished) service.closed++;
    });
    waiting.push((status) => {
      response.statusCode = status;
      response.end();
    });
  });
  return Object.assign(service, { port: await listenOn(server) });
}

/** Says what body it got. */
async function backend(): Promise<{ readonly port: number; readonly bodies: string[] }> {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString('latin1');
    });
    request.on('end', () => {
      bodies.push(body);
      response.end(`got ${body.length}`);
    });
  });
  return { port: await listenOn(server), bodies };
}

const guarded = async (service: Service, to: number, more = '') =>
  startRig(`http { server { listen 127.0.0.1:1; client_max_body_size 0; ${more}
    location / { auth_request /auth; proxy_pass http://127.0.0.1:${to}; proxy_http_version 1.1; }
    location = /auth { internal; proxy_pass http://127.0.0.1:${service.port}; } } }`);

const post = (length: number) => `POST /x HTTP/1.1\r\nHost: lab\r\nContent-Length: ${length}\r\n\r\n`;

describe('a request that waits for the service that decides', () => {
  it('goes on with all of its body, what came before and what comes after', async () => {
    const service = await decider();
    const to = await backend();
    const rig = await guarded(service, to.port);
    const body = Array.from({ length: 300_000 }, (_, i) => String.fromCharCode(97 + (i % 26))).join('');
    const client = new RawClient(rig.port()).send(post(body.length)).send(body.slice(0, 200_000));
    await eventually(() => service.waiting() > 0);
    expect(service.seen).toEqual(['GET /auth -']);
    expect(to.bodies).toEqual([]);
    service.answer(200);
    client.send(body.slice(200_000));
    expect(await client.until((text) => text.includes('got 300000'))).toBe(true);
    expect(to.bodies).toEqual([body]);
  });

  it('in chunks, too, when all of it is there before the answer', async () => {
    const service = await decider();
    const to = await backend();
    const rig = await guarded(service, to.port);
    const client = new RawClient(rig.port());
    client.send('POST /x HTTP/1.1\r\nHost: lab\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n');
    await eventually(() => service.waiting() > 0);
    service.answer(204);
    expect(await client.until((text) => text.includes('got 5'))).toBe(true);
    expect(to.bodies).toEqual(['abcde']);
  });

  it('is answered and the connection goes on when it is not let in', async () => {
    const service = await decider();
    const to = await backend();
    const rig = await guarded(service, to.port);
    const client = new RawClient(rig.port()).send(`${post(3)}abc`);
    await eventually(() => service.waiting() > 0);
    service.answer(403);
    expect(await client.until((text) => text.includes('</html>'))).toBe(true);
    expect(client.received).toMatch(/^HTTP\/1\.1 403 /);
    client.send('GET /again HTTP/1.1\r\nHost: lab\r\n\r\n');
    await eventually(() => service.waiting() > 0);
    service.answer(200);
    expect(await client.until((text) => text.includes('got 0'))).toBe(true);
    expect(to.bodies).toEqual(['']);
  });

  it('takes its question back when the client goes away', async () => {
    const service = await decider();
    const to = await backend();
    const rig = await guarded(service, to.port);
    const client = new RawClient(rig.port()).send('GET /x HTTP/1.1\r\nHost: lab\r\n\r\n');
    await eventually(() => service.waiting() > 0);
    client.socket.destroy();
    await eventually(() => service.closed === 1);
    expect(to.bodies).toEqual([]);
    expect(rig.balancer.counts().connectionsOpen).toBe(0);
  });
});

describe('a request that a limit delays', () => {
  const delayed = async (to: number, rate: string) =>
    startRig(`http { limit_req_zone $server_port zone=z:1m rate=${rate};
      server { listen 127.0.0.1:1; location / { limit_req zone=z burst=5; proxy_pass http://127.0.0.1:${to};
        proxy_http_version 1.1; add_header X-Limit $limit_req_status; } } }`);

  it('goes on with its body when its turn has come, one after the other', async () => {
    const to = await backend();
    const rig = await delayed(to.port, '20r/s');
    const clients = [0, 1, 2].map((i) => new RawClient(rig.port()).send(`${post(4)}bod${i}`));
    for (const client of clients) expect(await client.until((text) => text.includes('got 4'))).toBe(true);
    expect([...to.bodies].sort()).toEqual(['bod0', 'bod1', 'bod2']);
    const outcomes = clients.map((client) => /X-Limit: (\w+)/.exec(client.received)?.[1]);
    expect(outcomes.filter((outcome) => outcome === 'PASSED')).toHaveLength(1);
  });

  it('is forgotten when its client goes away meanwhile', async () => {
    const to = await backend();
    const rig = await delayed(to.port, '1r/m');
    const first = new RawClient(rig.port()).send(`${post(1)}0`);
    expect(await first.until((text) => text.includes('got 1'))).toBe(true);
    const second = new RawClient(rig.port()).send(`${post(1)}1`);
    await eventually(() => rig.balancer.counts().requests === 2);
    second.socket.destroy();
    await eventually(() => rig.balancer.counts().connectionsOpen === 1);
    await rig.balancer.drain();
    expect(to.bodies).toEqual(['0']);
  });
});

describe('limit_conn', () => {
  it('gives its place back when the request is over, however it ends', async () => {
    const service = await decider();
    const rig = await startRig(`http { limit_conn_zone $server_port zone=c:1m; server { listen 127.0.0.1:1;
      location / { limit_conn c 1; proxy_pass http://127.0.0.1:${service.port}; } } }`);
    const get = 'GET / HTTP/1.1\r\nHost: lab\r\n\r\n';
    const gone = new RawClient(rig.port()).send(get);
    await eventually(() => service.waiting() === 1);
    const refused = new RawClient(rig.port()).send(get);
    expect(await refused.until((text) => text.startsWith('HTTP/1.1 503'))).toBe(true);
    gone.socket.destroy();
    await eventually(() => service.closed === 1);
    const next = new RawClient(rig.port()).send(get);
    await eventually(() => service.waiting() === 2);
    service.answer(200);
    expect(await next.until((text) => text.startsWith('HTTP/1.1 200'))).toBe(true);
  });
});
