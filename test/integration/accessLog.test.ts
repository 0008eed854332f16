import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Fields, get as getFields, request, WireClient } from '../harness/http2Wire';
import { HttpConnection } from '../harness/httpConnection';
import { freePorts, httpTempPaths, nginxIsMissing, startNginx } from '../harness/nginx';
import { closeAll, closeLater, eventually, listenOn, RawClient, startRig } from './proxyRig';

afterEach(closeAll);

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'traffic-lab-logs-'));
  closeLater(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const read = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : '');

/** Reads a log once it has that many lines. */
async function lines(file: string, count: number): Promise<string[]> {
  await eventually(() => read(file).split('\n').length > count);
  return read(file).trimEnd().split('\n');
}

/** Sends requests one after the other, each on a connection of its own so that what is logged of it is certain. */
async function ask(port: number, requests: readonly string[]): Promise<void> {
  for (const request of requests) {
    const connection = new HttpConnection(port);
    connection.send(request);
    await connection.response(request.startsWith('HEAD'));
    connection.close();
  }
}

const get = (target: string, ...fields: string[]) =>
  `GET ${target} HTTP/1.1\r\nHost: lab.example\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`;

const server = async () =>
  listenOn(
    createServer((request, response) => {
      if (request.url === '/hang') return;
      response.setHeader('X-Served', 'by "me"');
      response.setHeader('Set-Cookie', ['id=abc; Path=/', 'other=1']);
      response.end('answer');
    }),
  );

/** What the log says about requests, but for times and ports of clients. */
const FORMATS = `
  log_format text '$remote_addr "$request" $status $body_bytes_sent [$args] [$http_x_y] [$set] [$mapped] '
    '$upstream_addr $upstream_status $upstream_response_length "$sent_http_x_served" $sent_http_content_type '
    '$upstream_http_x_served $upstream_cookie_id $cookie_c $request_method $uri $is_args $scheme '
    '$server_protocol $request_completion $remote_user $limit_req_status $sent_http_content_length $server_name '
    '$request_length $upstream_bytes_sent $upstream_bytes_received $gzip_ratio $request_filename';
  log_format json escape=json '{"이름":"서버 가","x":"$http_x_y","set":"$set","up":"$upstream_addr"}';
  log_format bare escape=none '요청 $http_x_y|$set|$upstream_addr|$args';
  map $arg_m $mapped { default ""; 1 one; }`;

describe.skipIf(nginxIsMissing)('the access log', () => {
  it('goes to files that requests name as nginx’s does, where there is a root', async () => {
    const [front = 0] = await freePorts(1);
    const text = (prefix: string) => `log_format uri '요청 $request_uri'; log_format host '$host';
      server { listen 127.0.0.1:${front}; root ${prefix}; access_log by-$arg_n.log uri;
        location / { return 200 x; }
        location /both { access_log $arg_n.both uri; access_log ${prefix}/$host.both host; return 200 x; }
        location /rootless { root ${prefix}/nowhere; return 200 x; }
        location /folderless { access_log no/$arg_n.log uri; return 200 x; } }`;
    const requests = [
      '/?n=a',
      '/?n=b',
      '/?n=a&again',
      '/',
      '/both?n=c',
      '/rootless?n=d',
      '/folderless?n=e',
      '/both?n=c',
    ];
    const nginxRoot = folder();
    const nginx = await startNginx(`events {}\nhttp { ${httpTempPaths} ${text(nginxRoot)} }`);
    closeLater(() => nginx.stop());
    await ask(
      front,
      requests.map((target) => get(target)),
    );
    const prefix = folder();
    const rig = await startRig(`http { ${text(prefix)} }`, { prefix });
    await ask(
      rig.port(),
      requests.map((target) => get(target)),
    );
    const written = (...folders: string[]) =>
      Object.fromEntries(
        folders.flatMap((each) =>
          readdirSync(each)
            .filter((name) => /\.both$|^by-/.test(name))
            .map((name) => [name, read(join(each, name))]),
        ),
      );
    const expected = written(nginx.prefix, nginxRoot);
    expect(Object.keys(expected).toSorted()).toEqual(['by-.log', 'by-a.log', 'by-b.log', 'c.both', 'lab.example.both']);
    await eventually(
      () => Object.keys(written(prefix)).length >= 5 && read(join(prefix, 'c.both')).includes('\n요청 /both'),
    );
    expect(written(prefix)).toEqual(expected);
    expect(rig.logs.join('\n')).toContain(`testing "${prefix}/nowhere" existence failed`);
  });

  it('says the same as nginx’s', async () => {
    const [front = 0, dead = 0] = await freePorts(2);
    const backend = await server();
    const text = `${FORMATS} access_log text.log text;
      server { listen 127.0.0.1:${front}; server_name lab.example;
        set $set ""; if ($arg_s) { set $set $arg_s; }
        location / { proxy_pass http://127.0.0.1:${backend}; }
        location /two { access_log text.log text; access_log json.log json; access_log bare.log bare; return 200 two; }
        location /off { access_log off; return 200 quiet; }
        location /dead { proxy_pass http://127.0.0.1:${dead}; error_page 502 = /two; }
        location /gone { proxy_pass http://127.0.0.1:${dead}; error_page 502 = @again; }
        location @again { proxy_pass http://127.0.0.1:${backend}; }
        location /moved { return 301 /; } location /404 { return 404; } }`;
    const requests = [
      get('/'),
      get('/?a=b&m=1&s=x', 'X-Y: quote " back \\ tab\tend', 'Cookie: c=1; d=2', 'Authorization: Basic dG9tOnB3'),
      get('/two?s="', 'X-Y: caf\xc3\xa9 \x7f " \\'),
      get('/off'),
      get('/dead?q'),
      get('/gone'),
      get('/moved'),
      get('/404'),
      get('/%20%41?'),
      'HEAD / HTTP/1.1\r\nHost: lab.example\r\n\r\n',
      'POST /two HTTP/1.0\r\nHost: LAB.example:80\r\nContent-Length: 2\r\n\r\nxy',
      'POST / HTTP/1.1\r\nHost: lab.example\r\nContent-Length: 2\r\n\r\nxy',
      'POST / HTTP/1.1\r\nHost: lab.example\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nxy',
      'GET / HTTP/1.1\r\n\r\n',
      'nonsense\r\n\r\n',
      get('/', 'a b: c'),
      get('/', `X: ${'x'.repeat(9_000)}`),
    ];
    const nginx = await startNginx(`events {}\nhttp { ${httpTempPaths} ${text} }`);
    closeLater(() => nginx.stop());
    await ask(front, requests);
    const prefix = folder();
    const rig = await startRig(`http { ${text} }`, { prefix });
    await ask(rig.port(), requests);
    for (const [name, count] of [
      ['text.log', requests.length - 1],
      ['json.log', 3],
      ['bare.log', 3],
    ] as const) {
      const expected = await lines(join(nginx.prefix, name), count);
      expect(expected).toHaveLength(count);
      // A page of nginx's is as much longer as its name is.
      const pageless = (text: string) =>
        text.replace(/\b(168|169|152|153|156|157|232|233)\b/g, 'page').replace(/ \S+\/html(\/.*)?$/, ' html$1');
      expect((await lines(join(prefix, name), count)).map(pageless)).toEqual(expected.map(pageless));
    }
  });

  it('says of bad HTTP/2 requests what nginx’s does', async () => {
    const text = (
      port: number,
      page: string,
    ) => `log_format two '"$request" $status $request_method $uri $args [$http_x_a] $host $server_protocol';
      server { listen 127.0.0.1:${port} http2; server_name lab.example; access_log two.log two; ${page} location / { return 200 x; } }`;
    const [method = ['', ''], ...rest] = getFields;
    const bad: readonly Fields[] = [
      [method, ...getFields],
      [...getFields, ['x-a', 'first'], [':unknown', 'x']],
      rest,
      getFields.filter(([name]) => name !== ':path'),
      [...getFields.filter(([name]) => name !== ':path'), [':path', 'relative']],
    ];
    for (const page of ['', 'error_page 400 =418 /sorry; location /sorry { return 200 "sorry $uri"; }']) {
      const [front = 0] = await freePorts(1);
      const nginx = await startNginx(`events {}\nhttp { ${httpTempPaths} ${text(front, page)} }`);
      closeLater(() => nginx.stop());
      const prefix = folder();
      const rig = await startRig(`http { ${text(1, page)} }`, { prefix });
      const said = [];
      for (const port of [front, rig.port()]) {
        const outcomes = [];
        for (const fields of [...bad, getFields]) {
          const client = new WireClient(port).open();
          outcomes.push(await client.send(request(1, fields)).outcome(1));
          client.close();
        }
        said.push(outcomes);
      }
      expect(said[1]).toEqual(said[0]);
      const count = bad.length + 1;
      expect(await lines(join(prefix, 'two.log'), count)).toEqual(await lines(join(nginx.prefix, 'two.log'), count));
    }
  });

  it('counts every byte that the client gets', async () => {
    const backend = await server();
    const prefix = folder();
    const rig = await startRig(
      `http { log_format sent '$bytes_sent'; access_log sent.log sent; server { listen 127.0.0.1:1;
        location / { proxy_pass http://127.0.0.1:${backend}; } location /own { return 200 text; } } }`,
      { prefix },
    );
    const sizes: string[] = [];
    const closing = [get('/', 'Connection: close'), get('/own', 'Connection: close'), get('/ /'), 'bad\r\n\r\n'];
    for (const request of [
      ...closing,
      `POST${get('/', 'Connection: close', 'Expect: 100-continue', 'Content-Length: 1').slice(3)}x`,
    ]) {
      const client = new RawClient(rig.port()).send(request);
      await client.until(() => false);
      sizes.push(String(client.received.length));
    }
    expect(await lines(join(prefix, 'sent.log'), sizes.length)).toEqual(sizes);
  });

  it('has lines in nginx’s own format where none is named, with times', async () => {
    const prefix = folder();
    const rig = await startRig(
      `http { log_format times '$request_time|$msec|$time_iso8601|$request_id|$connection_requests|$upstream_connect_time';
        access_log usual.log; access_log times.log times;
        server { listen 127.0.0.1:1; location / { proxy_pass http://127.0.0.1:${await server()}; } } }`,
      { prefix },
    );
    await ask(rig.port(), [get('/a', 'User-Agent: test', 'Referer: http://from/')]);
    expect((await lines(join(prefix, 'usual.log'), 1))[0]).toMatch(
      /^127\.0\.0\.1 - - \[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "GET \/a HTTP\/1\.1" 200 16 "http:\/\/from\/" "test"$/,
    );
    expect((await lines(join(prefix, 'times.log'), 1))[0]).toMatch(
      /^\d+\.\d{3}\|\d{10}\.\d{3}\|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d\|[0-9a-f]{32}\|1\|\d+\.\d{3}$/,
    );
  });

  it('tells of clients that went away', async () => {
    const prefix = folder();
    const rig = await startRig(
      `http { log_format short '$uri $status $upstream_status'; access_log short.log short;
        server { listen 127.0.0.1:1; location / { proxy_pass http://127.0.0.1:${await server()}; } } }`,
      { prefix },
    );
    const client = new RawClient(rig.port()).send(get('/hang'));
    await eventually(() => rig.balancer.counts().peers.some((peer) => peer.connectionsOpen > 0));
    client.socket.destroy();
    expect(await lines(join(prefix, 'short.log'), 1)).toEqual(['/hang 499 -']);
  });

  it('is opened anew where it was moved away, and by a reload', async () => {
    const prefix = folder();
    const file = join(prefix, 'a.log');
    const text = (name: string) =>
      `http { log_format uri $uri; access_log ${name} uri; server { listen 127.0.0.1:1; location / { return 200 x; } } }`;
    const rig = await startRig(text('a.log'), { prefix });
    await ask(rig.port(), [get('/1')]);
    await lines(file, 1);
    renameSync(file, `${file}.old`);
    rig.balancer.reopenLogs();
    await ask(rig.port(), [get('/2')]);
    expect(await lines(file, 1)).toEqual(['/2']);
    expect(await rig.reload(text('b.log'))).toBe(true);
    await ask(rig.port(), [get('/3')]);
    expect(await lines(join(prefix, 'b.log'), 1)).toEqual(['/3']);
    expect(read(`${file}.old`)).toBe('/1\n');
  });

  it('that cannot be opened is a reason not to start, or not to reload', async () => {
    const prefix = folder();
    const text = (name: string) =>
      `http { access_log ${name}; server { listen 127.0.0.1:1; location / { return 200 x; } } }`;
    await expect(startRig(text('no/such/folder.log'), { prefix })).rejects.toThrow(
      `open() "${prefix}/no/such/folder.log" failed (2: No such file or directory)`,
    );
    const rig = await startRig(text('good.log'), { prefix });
    expect(await rig.reload(text('no/such/folder.log'))).toBe(false);
    await ask(rig.port(), [get('/still')]);
    expect(await lines(join(prefix, 'good.log'), 1)).toHaveLength(1);
  });
});
