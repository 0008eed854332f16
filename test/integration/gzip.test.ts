import { createServer } from 'node:http';
import { constants, gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpConnection } from '../harness/httpConnection';
import { freePorts, httpTempPaths, nginxIsMissing, startNginx } from '../harness/nginx';
import { closeAll, closeLater, listenOn, RawClient, startRig } from './proxyRig';

afterEach(closeAll);

const PRODUCT = /<center>(nginx|traffic-lab)<\/center>/;

interface Answer {
  readonly status: number;
  readonly fields: readonly string[];
  readonly body: string;
}

async function ask(port: number, request: string): Promise<Answer | null> {
  const connection = new HttpConnection(port);
  connection.send(request);
  const response = await connection.response(request.startsWith('HEAD'));
  connection.close();
  if (response === null) return null;
  const isGzip = response.fields.some(([name, value]) => name === 'content-encoding' && value === 'gzip');
  const raw = Buffer.from(response.body, 'latin1');
  const body = isGzip && raw.length > 0 ? gunzipSync(raw).toString('latin1') : response.body;
  return {
    status: response.status,
    fields: response.fields
      .filter(([name]) => !['date', 'server'].includes(name))
      .map(([name, value]) => (name === 'content-length' && PRODUCT.test(body) ? name : `${name}: ${value}`))
      .sort(),
    body: body.replace(PRODUCT, ''),
  };
}

const request = (target: string, ...fields: string[]) =>
  `GET ${target} HTTP/1.1\r\nHost: lab\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`;
const gzipped = (target: string, ...fields: string[]) => request(target, 'Accept-Encoding: gzip', ...fields);

const LONG = 'Something to say, and again. '.repeat(2_000);

/** Answers as its query says: `type`, `size`, `chunked`, `status`, and any other field. */
async function backend(): Promise<number> {
  return listenOn(
    createServer((incoming, response) => {
      const query = new URL(incoming.url ?? '/', 'http://lab').searchParams;
      response.statusCode = Number(query.get('status') ?? 200);
      for (const [name, value] of query) {
        if (!['size', 'chunked', 'status'].includes(name)) response.setHeader(name, value);
      }
      const body = LONG.slice(0, Number(query.get('size') ?? 1_000));
      if (!query.has('chunked')) response.setHeader('Content-Length', body.length);
      response.write(body.slice(0, 10));
      response.end(body.slice(10));
    }),
  );
}

describe.skipIf(nginxIsMissing)('gzip', () => {
  it('compresses what nginx compresses, for whom nginx does', async () => {
    const [front = 0] = await freePorts(1);
    const port = await backend();
    const text = `gzip on; server { listen 127.0.0.1:${front}; proxy_http_version 1.1;
      location / { gzip_types application/json text/css; proxy_pass http://127.0.0.1:${port}; }
      location /usual { proxy_pass http://127.0.0.1:${port}; }
      location /vary { gzip_vary on; gzip_min_length 500; proxy_pass http://127.0.0.1:${port}; }
      location /all { gzip_types *; gzip_comp_level 9; proxy_pass http://127.0.0.1:${port}; }
      location /off { gzip off; proxy_pass http://127.0.0.1:${port}; }
      location /text { default_type text/html; return 200 "a text of its own, which is long enough"; }
      location /short { default_type text/html; return 200 "short"; }
      location /none { return 404; } location /moved { return 301 http://far/; } }`;
    const requests = [
      ...[
        'text/html',
        'TEXT/HTML; charset=utf-8',
        'application/json',
        'text/css',
        'text/plain',
        'application/grpc',
      ].map((type) => gzipped(`/?content-type=${encodeURIComponent(type)}`)),
      ...[
        '',
        '&size=19',
        '&size=20',
        '&chunked=1',
        '&size=5&chunked=1',
        '&status=403',
        '&status=404',
        '&status=500',
      ].map((more) => gzipped(`/?content-type=text/html${more}`)),
      ...[
        '&status=201',
        '&content-encoding=br',
        '&etag=%22x%22',
        '&etag=W/%22x%22',
        '&etag=x',
        '&accept-ranges=bytes',
      ].map((more) => gzipped(`/?content-type=text/html${more}`)),
      ...[
        '/usual?content-type=text/html',
        '/usual?content-type=text/css',
        '/all?content-type=a/b',
        '/all',
        '/none',
      ].map((target) => gzipped(target)),
      ...[
        '/vary?content-type=text/html',
        '/vary?content-type=text/html&size=499',
        '/vary?content-type=text/css',
      ].flatMap((target) => [gzipped(target), request(target)]),
      ...['/off?content-type=text/html', '/text', '/short', '/moved', '/?content-type=text/html&size=58000'].map(
        (target) => gzipped(target),
      ),
      ...[
        'gzip;q=0',
        'gzip;q=0.5',
        'GZIP',
        'deflate, gzip',
        'deflate',
        '*',
        'x-gzip',
        'gzip ; q=1',
        'gzip;q=0.000',
      ].map((accepts) => request('/?content-type=text/html', `Accept-Encoding: ${accepts}`)),
      gzipped('/?content-type=text/html', 'Via: 1.1 other'),
      `HEAD /?content-type=text/html HTTP/1.1\r\nHost: lab\r\nAccept-Encoding: gzip\r\n\r\n`,
      `GET /?content-type=text/html HTTP/1.0\r\nHost: lab\r\nAccept-Encoding: gzip\r\n\r\n`,
    ];
    const nginx = await startNginx(`events {}\nhttp { ${httpTempPaths} access_log off; server_tokens off; ${text} }`);
    closeLater(() => nginx.stop());
    const rig = await startRig(`http { ${text} }`);
    for (const each of requests) {
      const theirs = await ask(front, each);
      expect({ each, ...(await ask(rig.port(), each)) }).toEqual({ each, ...theirs });
    }
  });

  it('passes a large body through in order, whatever the client’s pace', async () => {
    const part = Buffer.alloc(64 * 1024, 'x');
    const port = await listenOn(
      createServer((_, response) => {
        response.setHeader('Content-Type', 'text/html');
        for (let i = 0; i < 200; i++) response.write(Buffer.from(`${i} ${part}`));
        response.end('end');
      }),
    );
    const rig = await startRig(
      `http { gzip on; server { listen 127.0.0.1:1; location / { proxy_pass http://127.0.0.1:${port}; } } }`,
    );
    const answer = await ask(rig.port(), gzipped('/'));
    expect(answer?.body.length).toBeGreaterThan(200 * part.length);
    expect(answer?.body.match(/\d+ x/g)).toEqual(Array.from({ length: 200 }, (_, i) => `${i} x`));
    expect(answer?.body.endsWith('end')).toBe(true);
  });

  it('holds nothing back where the file wants no buffering', async () => {
    let finish: () => void = () => {};
    const port = await listenOn(
      createServer((_, response) => {
        response.setHeader('Content-Type', 'text/html');
        response.write('first words');
        finish = () => response.end('last words');
      }),
    );
    const rig = await startRig(`http { gzip on; server { listen 127.0.0.1:1;
      location / { proxy_buffering off; proxy_pass http://127.0.0.1:${port}; } } }`);
    const client = new RawClient(rig.port()).send(gzipped('/'));
    const words = () => inflated(client.received);
    expect(await client.until(() => words() === 'first words')).toBe(true);
    finish();
    expect(await client.until(() => words() === 'first wordslast words')).toBe(true);
  });
});

/** What a chunked gzip body says so far. */
function inflated(received: string): string {
  let at = received.indexOf('\r\n\r\n') + 4;
  let bytes = '';
  while (at > 3 && at < received.length) {
    const end = received.indexOf('\r\n', at);
    const size = Number.parseInt(received.slice(at, end), 16);
    if (end < 0 || !(size > 0)) break;
    bytes += received.slice(end + 2, end + 2 + size);
    at = end + 2 + size + 2;
  }
  if (bytes.length < 18) return '';
  return gunzipSync(Buffer.from(bytes, 'latin1'), { finishFlush: constants.Z_SYNC_FLUSH }).toString('latin1');
}
