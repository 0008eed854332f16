import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import { createServer as createHttps } from 'node:https';
import { createServer as createTls, type TLSSocket } from 'node:tls';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { freePorts, httpTempPaths, nginxIsMissing, startNginx } from '../harness/nginx';
import { askTls, certificateLines, pem, pemPath, type TlsAsk } from '../harness/tlsClients';
import { closeAll, closeLater, listenOn, RawClient, startRig } from './proxyRig';

/** TLS towards clients and servers, as nginx does it: the same file, the same clients, the same servers. */

afterEach(closeAll);

const ports = await freePorts(6);
const [p0 = 0, p1 = 0, p2 = 0, p3 = 0] = ports;

/** What `observe` sees of nginx, and then of the balancer, on the same ports. */
async function both<T>(blocks: string, observe: () => Promise<T>): Promise<{ nginx: T; own: T; logs: string[] }> {
  const nginx = await startNginx(`events { }\n${blocks.replace('http {', `http { access_log off; ${httpTempPaths}`)}`);
  let theirs: T;
  try {
    theirs = await observe();
  } finally {
    await nginx.stop();
  }
  const rig = await startRig(blocks, { ports: 'declared' });
  const own = await observe();
  return { nginx: theirs, own, logs: rig.logs };
}

async function sameAsNginx<T>(blocks: string, observe: () => Promise<T>): Promise<T> {
  const { nginx, own } = await both(blocks, observe);
  expect(own).toEqual(nginx);
  return nginx;
}

/** Pages say who made them. */
const withoutMaker = (text: string) =>
  text.replace(/<center>(nginx\/[\d.]+|traffic-lab)<\/center>/, '<center>x</center>');

const versions = 'ssl_protocols TLSv1.2 TLSv1.3;';
const tell =
  'return 200 "$server_name|$scheme|$https|$ssl_protocol|$ssl_server_name|$ssl_alpn_protocol|$server_protocol|$http2|$ssl_session_reused|$ssl_cipher|$host";';

describe.skipIf(nginxIsMissing)('TLS towards clients', () => {
  const servers = `http {
    ${versions}
    server { listen 127.0.0.1:${p0} ssl http2; server_name a.test; ${certificateLines('a')} location / { ${tell} } }
    server { listen 127.0.0.1:${p0} ssl http2; server_name b.test *.b.test; ${certificateLines('b')} location / { ${tell} } }
    server { listen 127.0.0.1:${p0} ssl http2; server_name bare.test; location / { ${tell} } }
    server { listen 127.0.0.1:${p0} ssl http2 default_server; server_name other; ${certificateLines('localhost')} location / { ${tell} } }
    server { listen 127.0.0.1:${p1} ssl; server_name one; ssl_protocols TLSv1.2; ${certificateLines('localhost')} location / { ${tell} } }
  }`;

  it('chooses certificate and server by SNI and Host, protocol by ALPN, version by ssl_protocols', async () => {
    const names = [
      undefined,
      'a.test',
      'A.Test',
      'b.test',
      'x.b.test',
      'x.y.b.test',
      'bare.test',
      'nobody.test',
    ] as const;
    const asks = fc.sample(
      fc.record({
        port: fc.constantFrom(p0, p0, p0, p1),
        sni: fc.constantFrom(...names),
        host: fc.constantFrom('', 'a.test', 'b.test', 'bare.test', 'nobody.test', 'x.b.test:1'),
        alpn: fc.constantFrom(
          undefined,
          ['h2', 'http/1.1'],
          ['http/1.1', 'h2'],
          ['http/1.1'],
          ['http/1.0'],
          ['spdy/3'],
        ),
        versions: fc.constantFrom({}, {}, { maxVersion: 'TLSv1.2' as const }, { minVersion: 'TLSv1.3' as const }),
      }),
      { numRuns: 60, seed: 5 },
    );
    const seen = await sameAsNginx(servers, async () => {
      const answers = [];
      for (const { port, sni, alpn, host, versions: range } of asks) {
        const ask: TlsAsk = {
          host,
          ...range,
          ...(sni === undefined ? {} : { sni }),
          ...(alpn === undefined ? {} : { alpn }),
        };
        const answer = await askTls(port, ask);
        answers.push({ asked: { ...ask, port }, ...answer, answer: withoutMaker(answer.answer) });
      }
      return answers;
    });
    expect(new Set(seen.map(({ subject }) => subject))).toEqual(new Set(['', 'a.test', 'b.test', 'localhost']));
    expect(new Set(seen.map(({ alpn }) => alpn))).toEqual(new Set(['', 'h2', 'http/1.1', 'http/1.0']));
  });

  it('tells who speaks plain HTTP where TLS is spoken', async () => {
    const answers = await sameAsNginx(servers, async () => {
      const heads = [`GET / HTTP/1.1\r\nHost: a.test\r\n\r\n`, `GET /x HTTP/1.0\r\n\r\n`];
      const texts = [];
      for (const head of heads) {
        const text = await new RawClient(p0).send(head).untilClosed();
        texts.push(withoutMaker(text.replace(/^(Server|Date): .*\r\n/gm, '').replace(/Content-Length: \d+/, '')));
      }
      return texts;
    });
    expect(answers[0]).toContain('The plain HTTP request was sent to HTTPS port');
  });

  it('redirects to https', async () => {
    const blocks = `http { ${versions} server {
      listen 127.0.0.1:${p0} ssl; ${certificateLines('localhost')}
      location /go/ { proxy_pass http://127.0.0.1:${p1}; } location = / { return 302 /there; } } }`;
    const seen = await sameAsNginx(blocks, async () => {
      const { alpn, answer } = await askTls(p0, { host: 'a.test' });
      return { alpn, answer: withoutMaker(answer) };
    });
    expect(seen.answer).toMatch(/^302 /);
  });

  it('takes the PROXY header before the handshake', async () => {
    const blocks = `http { ${versions} set_real_ip_from 127.0.0.1; real_ip_header proxy_protocol; server {
      listen 127.0.0.1:${p0} proxy_protocol; listen 127.0.0.1:${p1} proxy_protocol;
      location / { return 200 "$remote_addr $remote_port $realip_remote_addr $proxy_protocol_addr $proxy_protocol_port"; } } }`;
    const headers = [
      'PROXY TCP4 192.0.2.7 127.0.0.1 4711 80\r\n',
      'PROXY TCP6 2001:db8::7 ::1 4712 80\r\n',
      'PROXY UNKNOWN\r\n',
      'PROXY UNKNOWN whatever it says\r\n',
      'PROXY TCP4 192.0.2.7 127.0.0.1 4711\r\n',
      'PROXY TCP5 192.0.2.7 127.0.0.1 4711 80\r\n',
      'PROXY TCP4 192.0.2.7 127.0.0.1 99999 80\r\n',
      '',
    ];
    const answers = await sameAsNginx(blocks, async () => {
      const texts = [];
      for (const header of headers) {
        const text = await new RawClient(p0)
          .send(`${header}GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
          .untilClosed();
        texts.push(text.replace(/^[\s\S]*\r\n\r\n/, '').replace(/^127\.0\.0\.1 \d+/, '127.0.0.1 port'));
      }
      return texts;
    });
    expect(answers[0]).toBe('192.0.2.7 4711 127.0.0.1 192.0.2.7 4711');
  });
});

describe.skipIf(nginxIsMissing)('TLS towards servers', () => {
  /** An https server that tells what it saw of the connection. */
  async function teller(name: string, options: object = {}): Promise<number> {
    const server = createHttps({ cert: pem(name), key: pem(`${name}.key`), ...options }, (request, response) => {
      const socket = request.socket as TLSSocket & { servername?: unknown };
      const { subject } = socket.getPeerCertificate();
      const facts = [
        request.headers.host,
        socket.servername,
        socket.getProtocol(),
        subject?.CN,
        socket.isSessionReused(),
      ];
      response.end(facts.map((fact) => (fact === undefined ? '-' : String(fact))).join('|'));
    });
    return listenOn(server);
  }

  const locations = [
    '',
    'proxy_ssl_server_name on;',
    'proxy_ssl_server_name on; proxy_ssl_name a.test;',
    'proxy_ssl_server_name on; proxy_ssl_name $arg_name;',
    `proxy_ssl_verify on; proxy_ssl_trusted_certificate ${pemPath('ca')}; proxy_ssl_name localhost;`,
    `proxy_ssl_verify on; proxy_ssl_trusted_certificate ${pemPath('ca')}; proxy_ssl_name localhost:443; proxy_ssl_server_name on;`,
    `proxy_ssl_verify on; proxy_ssl_trusted_certificate ${pemPath('ca')}; proxy_ssl_name b.test;`,
    `proxy_ssl_verify on; proxy_ssl_trusted_certificate ${pemPath('ca')};`,
    `proxy_ssl_verify on; proxy_ssl_trusted_certificate ${pemPath('other-ca')}; proxy_ssl_name localhost;`,
    `proxy_ssl_verify on; proxy_ssl_verify_depth 0; proxy_ssl_trusted_certificate ${pemPath('ca')}; proxy_ssl_name localhost;`,
    certificateLines('client', 'proxy_ssl_'),
    'proxy_ssl_protocols TLSv1.2;',
    'proxy_ssl_session_reuse off;',
  ];

  async function compare(port: number, scheme = 'https') {
    const blocks = `http { proxy_ssl_protocols TLSv1.2 TLSv1.3; upstream peers { server 127.0.0.1:${port}; }
      server { listen 127.0.0.1:${p0}; ${locations.map((text, i) => `location /${i}/ { proxy_pass ${scheme}://peers; ${text} }`).join('\n')} } }`;
    return both(blocks, async () => {
      const answers: [string, string][] = [];
      for (const [i, text] of locations.entries()) {
        // Twice: the second may go on with the session of the first.
        for (let n = 0; n < 2; n++) {
          const got = await new RawClient(p0).send(`GET /${i}/?name=c.test HTTP/1.0\r\n\r\n`).untilClosed();
          answers.push([text, withoutMaker(`${got.slice(9, 12)} ${got.replace(/^[\s\S]*\r\n\r\n/, '')}`)]);
        }
      }
      return answers;
    });
  }

  it('sends names and certificates, checks servers and goes on with sessions as nginx does', async () => {
    const { nginx, own, logs } = await compare(
      await teller('localhost', { requestCert: true, rejectUnauthorized: false }),
    );
    expect(own).toEqual(nginx);
    expect(new Set(nginx.map(([, answer]) => answer.slice(0, 3)))).toEqual(new Set(['200', '502']));
    const said = logs.join('\n');
    expect(said).toContain('upstream SSL certificate does not match "b.test" while SSL handshaking to upstream');
    expect(said).toContain('upstream SSL certificate verify error: (');
  });

  it('fails where the server speaks no TLS, or wants a certificate that nobody has', async () => {
    const wanting = await teller('localhost', { requestCert: true, ca: pem('ca') });
    const strict = await compare(wanting);
    expect(strict.own).toEqual(strict.nginx);
    expect(strict.nginx.filter(([, answer]) => answer.startsWith('200'))).toHaveLength(2);
  });

  it('sends nothing to a server that fails the check', async () => {
    let received = '';
    const server = createTls({ cert: pem('stranger'), key: pem('stranger.key') }, (socket) => {
      socket.on('error', () => {});
      socket.on('data', (chunk: Buffer) => {
        received += chunk;
      });
    });
    server.on('tlsClientError', () => {});
    const port = await listenOn(server);
    const rig = await startRig(`http { server { listen 127.0.0.1:1; location / { proxy_pass https://127.0.0.1:${port};
      proxy_ssl_verify on; proxy_ssl_trusted_certificate ${pemPath('ca')}; proxy_ssl_name localhost; } } }`);
    const body = 'secret'.repeat(20_000);
    const text = await new RawClient(rig.port())
      .send(`POST / HTTP/1.0\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
      .untilClosed();
    expect(text).toMatch(/^HTTP\/1.1 502 /);
    expect(received).toBe('');
  });

  it('passes large bodies both ways', async () => {
    const server = createHttps({ cert: pem('localhost'), key: pem('localhost.key') }, (request, response) => {
      request.pipe(response);
    });
    const port = await listenOn(server);
    const rig =
      await startRig(`http { ${versions} client_max_body_size 0; server { listen 127.0.0.1:1 ssl; ${certificateLines('localhost')}
      location / { proxy_pass https://127.0.0.1:${port}; proxy_http_version 1.1; } } }`);
    const sent = Buffer.alloc(3_000_000, 'abcdefghij');
    const response = await fetchTls(rig.port(), sent);
    expect(response.equals(sent)).toBe(true);
  });

  it('calls gRPC servers over TLS with ALPN h2', async () => {
    const server = createSecureServer({ cert: pem('localhost'), key: pem('localhost.key') });
    server.on('stream', (stream, headers) => {
      const socket = stream.session?.socket as TLSSocket & { servername?: unknown };
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(`${headers[':scheme']}|${headers[':authority']}|${socket.alpnProtocol}|${socket.servername}`);
    });
    const port = await listenOn(server);
    const blocks = `http { ${versions} grpc_ssl_protocols TLSv1.2 TLSv1.3; upstream peers { server 127.0.0.1:${port}; } server {
      listen 127.0.0.1:${p0} ssl http2; ${certificateLines('localhost')} location / { grpc_pass grpcs://peers;
      grpc_ssl_verify on; grpc_ssl_trusted_certificate ${pemPath('ca')}; grpc_ssl_name localhost; grpc_ssl_server_name on; } } }`;
    const seen = await sameAsNginx(blocks, () => askTls(p0, { alpn: ['h2'], sni: 'localhost', host: 'localhost' }));
    expect(seen.answer).toBe('200 https|peers|h2|localhost');
  });
});

describe.skipIf(nginxIsMissing)('TLS in stream', () => {
  it('terminates, passes through, and chooses by what the ClientHello says', async () => {
    const echo = (name: string) =>
      listenOn(
        createTls({ cert: pem(name), key: pem(`${name}.key`), ALPNProtocols: ['http/1.1'] }, (socket) => {
          socket.on('error', () => {});
          socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\n\r\n${name}`));
        }),
      );
    const plain = createTcpTeller();
    const [a, b, other, clear] = [await echo('a'), await echo('b'), await echo('localhost'), await plain];
    const blocks = `stream {
      ${versions}
      map $ssl_preread_server_name $by_name { hostnames; a.test a_servers; *.b.test 127.0.0.1:${b}; default other_servers; }
      map "$ssl_preread_protocol|$ssl_preread_alpn_protocols" $by_protocol { ~^TLSv1.2 a_servers; ~h2 other_servers; "|" clear_servers; default nowhere; }
      upstream a_servers { server 127.0.0.1:${a}; }
      upstream other_servers { server 127.0.0.1:${other}; }
      upstream clear_servers { server 127.0.0.1:${clear}; }
      server { listen 127.0.0.1:${p0}; ssl_preread on; proxy_pass $by_name; }
      server { listen 127.0.0.1:${p1}; ssl_preread on; proxy_pass $by_protocol; }
      server { listen 127.0.0.1:${p2} ssl; ${certificateLines('client')} proxy_pass clear_servers; }
      server { listen 127.0.0.1:${p3}; proxy_pass a_servers; }
    }`;
    const asks: (TlsAsk & { port: number })[] = [
      { port: p0, sni: 'a.test' },
      { port: p0, sni: 'A.TEST' },
      { port: p0, sni: 'x.b.test', alpn: ['http/1.1'] },
      { port: p0, sni: 'b.test' },
      { port: p0 },
      { port: p1, maxVersion: 'TLSv1.2' },
      { port: p1, alpn: ['http/1.1', 'h2'], minVersion: 'TLSv1.3' },
      { port: p1, alpn: ['http/1.1'] },
      { port: p2, sni: 'x' },
      { port: p2, maxVersion: 'TLSv1.2', alpn: ['whatever'] },
      { port: p3, sni: 'z' },
    ];
    const seen = await sameAsNginx(blocks, async () => {
      const answers: unknown[] = [];
      for (const { port, ...ask } of asks) {
        answers.push(await askTls(port, ask));
      }
      for (const port of [p0, p1]) answers.push(await new RawClient(port).send('GET / HTTP/1.1\r\n\r\n').untilClosed());
      return answers;
    });
    expect(seen.at(-1)).toBe('HTTP/1.1 200 OK\r\n\r\nclear');
    expect(seen[2]).toMatchObject({ subject: 'b.test', answer: '200 b' });
  });
});

async function createTcpTeller(): Promise<number> {
  const { createServer } = await import('node:net');
  return listenOn(
    createServer((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\nclear'));
    }),
  );
}

/** POSTs a body over TLS and gives the body that comes back. */
async function fetchTls(port: number, body: Buffer): Promise<Buffer> {
  const { request } = await import('node:https');
  const sent = request({
    host: '127.0.0.1',
    port,
    method: 'POST',
    ca: pem('ca'),
    servername: 'localhost',
    agent: false,
  });
  closeLater(() => {
    sent.destroy();
  });
  const response = once(sent, 'response') as Promise<[NodeJS.ReadableStream]>;
  sent.end(body);
  const [incoming] = await response;
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
