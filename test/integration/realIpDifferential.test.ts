import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { freePorts, httpTempPaths, nginxIsMissing, startNginx } from '../harness/nginx';
import { closeAll, listenOn, RawClient, startRig } from './proxyRig';

/** real_ip, the PROXY protocol and limit_conn of stream: as nginx has them, with generated networks and headers. */

afterEach(closeAll);

const [p0 = 0, p1 = 0, p2 = 0, p3 = 0] = await freePorts(4);

async function sameAsNginx<T>(blocks: string, observe: () => Promise<T>): Promise<T> {
  const nginx = await startNginx(`events { }\n${blocks.replace('http {', `http { access_log off; ${httpTempPaths}`)}`);
  let theirs: T;
  try {
    theirs = await observe();
  } finally {
    await nginx.stop();
  }
  await startRig(blocks, { ports: 'declared' });
  expect(await observe()).toEqual(theirs);
  return theirs;
}

const address = fc.constantFrom(
  '127.0.0.1',
  '10.0.0.1',
  '10.1.2.3',
  '192.0.2.1',
  '2001:db8::1',
  '::1',
  '::ffff:10.0.0.1',
  '2001:DB8:0:0:0::2',
);
const entry = fc.oneof(
  { weight: 6, arbitrary: address },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom('10.0.0.1', '192.0.2.9'), fc.nat(70_000)).map(([a, n]) => `${a}:${n}`),
  },
  { weight: 1, arbitrary: fc.constantFrom('[2001:db8::1]:80', '[::1]', '[10.0.0.1]', '2001:db8::1:80') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('unknown', '10.0.0', '10.0.0.256', '1.2.3.4.5', 'x', '_', '10.0.0.01', '10.0.0.1:'),
  },
);
const network = fc.constantFrom(
  '127.0.0.1',
  '127.0.0.0/8',
  '10.0.0.0/8',
  '10.1.2.0/23',
  '0.0.0.0/0',
  '2001:db8::/32',
  '::/0',
  '10.1.2.3/31',
);

/** A header of the binary form, latin1: version and command, family and transport, what follows, and how much is said to. */
function binaryHeader(command: number, family: number, rest: string, length = rest.length): string {
  return `\r\n\r\n\0\r\nQUIT\n${String.fromCharCode(command, family, length >> 8, length & 255)}${rest}`;
}

const ipv4Ends = '\xc0\x00\x02\x07\x7f\x00\x00\x01\x12\x67\x00\x50';
const ipv6Ends = `\x20\x01\x0d\xb8${'\0'.repeat(11)}\x07${'\0'.repeat(15)}\x01\x12\x67\x00\x50`;

const binaryHeaders = [
  binaryHeader(0x21, 0x11, ipv4Ends),
  binaryHeader(0x21, 0x21, ipv6Ends),
  binaryHeader(0x21, 0x11, `${ipv4Ends}\x04\x00\x02ab`),
  // A proxy for itself, a datagram, a family that is none. Longer ones the nginx of today reads, and 1.22 does not.
  binaryHeader(0x20, 0x00, ''),
  binaryHeader(0x21, 0x12, ipv4Ends),
  binaryHeader(0x21, 0x41, 'abcd'),
  // Another version, too short, longer than anything.
  binaryHeader(0x11, 0x11, ipv4Ends),
  binaryHeader(0x21, 0x11, 'abcd'),
  binaryHeader(0x21, 0x11, ipv4Ends, 60_000),
];

describe.skipIf(nginxIsMissing)('who the client is, as nginx has it', () => {
  it('by any header, networks and addresses', async () => {
    const settings = fc.sample(
      fc.record({
        from: fc.uniqueArray(network, { minLength: 1, maxLength: 3 }),
        header: fc.constantFrom('X-Forwarded-For', 'X-Real-IP', 'X-Any'),
        recursive: fc.boolean(),
      }),
      { numRuns: 24, seed: 2 },
    );
    const values = fc.sample(
      fc.array(
        fc
          .tuple(fc.array(entry, { minLength: 1, maxLength: 4 }), fc.constantFrom(', ', ',', ' ', ' , '))
          .map(([all, by]) => all.join(by)),
        { minLength: 1, maxLength: 2 },
      ),
      { numRuns: 40, seed: 3 },
    );
    const servers = settings.map(
      ({ from, header, recursive }, i) => `server { listen 127.0.0.1:${p0}; server_name s${i};
        ${from.map((range) => `set_real_ip_from ${range};`).join(' ')} real_ip_header ${header}; real_ip_recursive ${recursive ? 'on' : 'off'};
        return 200 "$remote_addr $remote_port $realip_remote_addr $proxy_add_x_forwarded_for\\n"; }`,
    );
    const seen = await sameAsNginx(`http { ${servers.join('\n')} }`, async () => {
      const answers: [string, string, string][] = [];
      for (const [i, { header, from, recursive }] of settings.entries()) {
        const client = new RawClient(p0);
        for (const lines of values) {
          client.received = '';
          client.send(`GET / HTTP/1.1\r\nHost: s${i}\r\n${lines.map((line) => `${header}: ${line}\r\n`).join('')}\r\n`);
          await client.until((text) => /\r\n\r\n.*\n$/.test(text));
          const body = client.received.slice(client.received.indexOf('\r\n\r\n') + 4);
          const own = String(client.socket.localPort);
          answers.push([`${from} ${recursive}`, `${header}: ${lines.join(' & ')}`, body.replace(` ${own} `, ' own ')]);
        }
        client.socket.destroy();
      }
      return answers;
    });
    expect(seen.filter(([, , answer]) => !answer.startsWith('127.0.0.1 own')).length).toBeGreaterThan(100);
  });

  it('by the PROXY header of either form, in variables', async () => {
    const blocks = `http { server { listen 127.0.0.1:${p0} proxy_protocol; set_real_ip_from 127.0.0.1; real_ip_header proxy_protocol;
      location / { return 200 "$proxy_protocol_addr $proxy_protocol_port $proxy_protocol_server_addr $proxy_protocol_server_port"; } } }`;
    const headers = ['PROXY TCP4 192.0.2.7 192.0.2.8 4711 80\r\n', 'PROXY UNKNOWN 1 2 3\r\n', ...binaryHeaders];
    await sameAsNginx(blocks, async () => {
      const answers: string[] = [];
      for (const header of headers) {
        const text = await new RawClient(p0)
          .send(Buffer.from(`${header}GET / HTTP/1.0\r\nHost: lab\r\n\r\n`, 'latin1'))
          .untilClosed();
        answers.push(text.slice(text.indexOf('\r\n\r\n')));
      }
      return answers;
    });
  });

  it('by the PROXY header on stream, which it may also pass on', async () => {
    // Says what came, once it is whole: in how many pieces is the network's business.
    const server = await listenOn(
      createServer((socket) => {
        let came = '';
        socket.on('error', () => {});
        socket.on('data', (chunk: Buffer) => {
          came += chunk.toString('latin1');
          if (came.endsWith('hello')) socket.end(came, 'latin1');
        });
      }),
    );
    const blocks = `stream {
      upstream by_address { hash $remote_addr; ${[1, 2].map(() => `server 127.0.0.1:${server};`).join(' ')} }
      server { listen 127.0.0.1:${p0} proxy_protocol; proxy_pass 127.0.0.1:${server}; proxy_protocol on; }
      server { listen 127.0.0.1:${p1} proxy_protocol; proxy_pass by_address; proxy_protocol on; set_real_ip_from 127.0.0.0/8; }
      server { listen 127.0.0.1:${p2}; proxy_pass 127.0.0.1:${server}; proxy_protocol on; }
      server { listen 127.0.0.1:${p3} proxy_protocol; proxy_pass 127.0.0.1:${server}; set_real_ip_from 10.0.0.0/8; proxy_protocol on; }
    }`;
    const headers = [
      'PROXY TCP4 192.0.2.7 127.0.0.1 4711 80\r\n',
      'PROXY TCP6 2001:db8::7 ::1 4712 80\r\n',
      'PROXY UNKNOWN\r\n',
      'PROXY TCP4 192.0.2.7 127.0.0.1 4711\r\n',
      'PROXY  TCP4 192.0.2.7 127.0.0.1 1 2\r\n',
      `PROXY ${'x'.repeat(120)}`,
      ...binaryHeaders,
    ];
    const seen = await sameAsNginx(blocks, async () => {
      const answers: [number, string, string][] = [];
      for (const [i, port] of [p0, p1, p2, p3].entries()) {
        for (const header of headers) {
          const client = new RawClient(port).send(Buffer.from(`${header}hello`, 'latin1'));
          const text = await client.untilClosed();
          const own = String(client.socket.localPort ?? '');
          answers.push([
            i,
            header,
            text.replace(/^(PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1) \d+/, `$1 ${own === '' ? '' : 'own'}`),
          ]);
        }
      }
      return answers.map(([i, header, text]) => [i, header, text.replace(/(127\.0\.0\.1) (own|) /, '$1 own ')]);
    });
    expect(seen[headers.length]?.[2]).toContain('192.0.2.7');
  });
});

describe.skipIf(nginxIsMissing)('limit_conn on stream, as nginx decides', () => {
  it('any arrivals and departures, also of clients behind a PROXY header', async () => {
    const ended = new Map<string, Promise<unknown>>();
    const server = await listenOn(
      createServer((socket: Socket) => {
        socket.on('error', () => {});
        socket.once('data', (chunk: Buffer) => {
          ended.set(chunk.toString(), once(socket, 'close'));
          socket.write('in');
          socket.resume();
        });
      }),
    );
    const blocks = `stream {
      limit_conn_zone $binary_remote_addr zone=address:1m; limit_conn_zone $server_port zone=port:1m;
      server { listen 127.0.0.1:${p0} proxy_protocol; set_real_ip_from 127.0.0.1; limit_conn address 2; limit_conn port 4; proxy_pass 127.0.0.1:${server}; }
      server { listen 127.0.0.1:${p1} proxy_protocol; set_real_ip_from 127.0.0.1; limit_conn address 2; limit_conn_dry_run on; proxy_pass 127.0.0.1:${server}; }
    }`;
    const moves = fc.sample(
      fc.record({
        end: fc.oneof({ weight: 2, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat(9) }),
        address: fc.constantFrom('192.0.2.1', '192.0.2.2', '192.0.2.3'),
        port: fc.constantFrom(p0, p0, p0, p1),
      }),
      { numRuns: 60, seed: 9 },
    );
    let run = 0;
    const seen = await sameAsNginx(blocks, async () => {
      run += 1;
      const open: { id: string; client: RawClient }[] = [];
      const end = async ({ id, client }: (typeof open)[number]) => {
        client.socket.destroy();
        await ended.get(id);
      };
      const answers: string[] = [];
      for (const [i, { end: which, address: from, port }] of moves.entries()) {
        const [ending] = which === null ? [] : open.splice(which % Math.max(1, open.length), 1);
        if (ending !== undefined) {
          await end(ending);
          continue;
        }
        const id = `${run}-${i}`;
        const client = new RawClient(port).send(`PROXY TCP4 ${from} 127.0.0.1 1 2\r\n${id}`);
        const passed = await client.until((text) => text === 'in');
        answers.push(passed ? 'in' : 'out');
        if (passed) open.push({ id, client });
      }
      for (const each of open) await end(each);
      return answers;
    });
    expect(new Set(seen)).toEqual(new Set(['in', 'out']));
  });
});
