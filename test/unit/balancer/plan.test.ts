import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type PlanOptions, readPlan } from '../../../src/balancer/buildPlan';
import type { ConfFiles } from '../../../src/balancer/directives/read';
import { entries } from '../../../src/balancer/directives/table';
import { renderMessage } from '../../../src/base/message';
import type { Problem } from '../../../src/base/problem';

const all: PlanOptions = { notYet: new Set() };

function planOf(text: string, options: PlanOptions = all) {
  const plan = readPlan({ path: '/conf/nginx.conf', text }, options);
  if (!plan.ok) throw new Error(plan.error.map(line).join('\n'));
  return plan.value;
}

function line(problem: Problem): string {
  const { span } = problem;
  const hint = problem.hint === undefined ? '' : ` | ${renderMessage(problem.hint)}`;
  return `${span.line}:${span.column} ${renderMessage(problem.message)}${hint}`;
}

function errors(text: string, options: PlanOptions = all): string[] {
  const plan = readPlan({ path: '/conf/nginx.conf', text }, options);
  return plan.ok ? [] : plan.error.filter((problem) => problem.severity === 'error').map(line);
}

const http = (body: string) => `events { }\nhttp {\n${body}\n}\n`;
const server = (body: string) => http(`server {\nlisten 127.0.0.1:8080;\n${body}\n}`);

function files(content: Readonly<Record<string, string>>): ConfFiles {
  return {
    read: (path) => content[path] ?? null,
    match: (pattern) =>
      pattern.includes('*')
        ? Object.keys(content).filter((path) => path.startsWith(pattern.slice(0, pattern.indexOf('*'))))
        : [pattern],
  };
}

describe('the files of the first lab', () => {
  const conf = (name: string) => readFileSync(`labs/traffic-lab/grpc-pinning/${name}`, 'utf8');

  test('l4: two listeners before three servers each, each server marked', () => {
    const { stream, http: none, notes } = planOf(conf('l4.nginx.conf'), {});
    expect(none).toBeNull();
    expect(notes).toEqual([]);
    expect(stream?.servers.map(({ listens, proxyPass }) => [listens.length, proxyPass?.name])).toEqual([
      [1, 'orders_rest'],
      [1, 'orders_grpc'],
    ]);
    expect(stream?.servers[0]?.connectTimeoutMs).toBe(1000);
    expect(
      stream?.upstreams[1]?.servers.map(({ text, address, lab }) => [text === address, lab?.serverId, lab?.protocol]),
    ).toEqual([
      [true, 'server-a', 'grpc'],
      [true, 'server-b', 'grpc'],
      [true, 'server-c', 'grpc'],
    ]);
  });

  test('l7: HTTP/2 to gRPC, HTTP/1.1 to REST, connections kept', () => {
    const plan = planOf(conf('l7.nginx.conf'), {});
    const [grpc, rest] = plan.http?.servers ?? [];
    expect(grpc?.listens[0]).toMatchObject({ host: '127.0.0.1', http2: true });
    expect(grpc?.locations[0]?.handler).toMatchObject({ kind: 'grpc', scheme: 'grpc', hostHeader: 'orders_grpc' });
    expect(grpc?.locations[0]?.settings.connectTimeoutMs).toBe(1000);
    expect(rest?.locations[0]?.handler).toMatchObject({ kind: 'proxy', scheme: 'http', uri: null });
    expect(rest?.locations[0]?.settings.httpVersion).toBe('1.1');
    expect(plan.http?.upstreams.map((upstream) => [upstream.policy.name, upstream.keepalive])).toEqual([
      ['round_robin', 32],
      ['round_robin', 32],
    ]);
  });
});

describe('what nginx does where the file says nothing', () => {
  const location = planOf(server('location / { proxy_pass http://127.0.0.1:9000; }')).http?.servers[0]?.locations[0];

  test('limits and times', () => {
    expect(location?.settings).toMatchObject({
      connectTimeoutMs: 60_000,
      readTimeoutMs: 60_000,
      sendTimeoutMs: 60_000,
      httpVersion: '1.0',
      clientMaxBodySize: 1_048_576,
      keepaliveTimeoutMs: 75_000,
      keepaliveRequests: 1000,
      limitReqStatus: 503,
      realIp: null,
    });
    expect([...(location?.settings.nextUpstream.on ?? [])]).toEqual(['error', 'timeout']);
  });

  test('headers to the server', () => {
    const source = { variable: (name: string) => `<${name}>` };
    expect(location?.settings.setHeaders.map(({ name, value }) => [name, value.evaluate(source)])).toEqual([
      ['Host', '<proxy_host>'],
      ['Connection', 'close'],
      ['TE', ''],
      ['Keep-Alive', ''],
      ['Expect', ''],
      ['Upgrade', ''],
    ]);
  });

  test('a server line', () => {
    const upstream = planOf(http('upstream u { server 127.0.0.1; }')).http?.upstreams[0];
    expect(upstream?.servers[0]).toMatchObject({
      address: '127.0.0.1:80',
      weight: 1,
      maxFails: 1,
      failTimeoutMs: 10_000,
      maxConns: 0,
      backup: false,
      down: false,
    });
  });
});

describe('inheritance', () => {
  test('a level that sets headers hides all of the outer ones, and keeps the defaults it does not name', () => {
    const plan = planOf(
      server(
        'proxy_set_header A 1; proxy_set_header B 2; location /a { } location /b { proxy_set_header host x; } location /c { location /c/d { proxy_read_timeout 3s; } }',
      ),
    );
    const headersOf = (index: number) =>
      plan.http?.servers[0]?.locations[index]?.settings.setHeaders.map((header) => header.name);
    expect(headersOf(0)?.slice(0, 2)).toEqual(['A', 'B']);
    expect(headersOf(1)).toEqual(['host', 'Connection', 'TE', 'Keep-Alive', 'Expect', 'Upgrade']);
    const nested = plan.http?.servers[0]?.locations[2]?.locations[0];
    expect(nested?.settings.readTimeoutMs).toBe(3000);
    expect(nested?.settings.setHeaders[0]?.name).toBe('A');
  });

  test('what follows below a location counts for it too', () => {
    const plan = planOf(`${http('server { location / { } client_max_body_size 5k; } client_max_body_size 9k;')}`);
    expect(plan.http?.servers[0]?.locations[0]?.settings.clientMaxBodySize).toBe(5 * 1024);
  });

  test('proxy_pass, return and alias are the level’s own; root is inherited', () => {
    const plan = planOf(
      server('root /files; location /a { proxy_pass http://127.0.0.1:1; location /a/b { } } location /c { alias /d; }'),
    );
    const [a, c] = plan.http?.servers[0]?.locations ?? [];
    expect(a?.locations[0]?.handler).toMatchObject({
      kind: 'static',
      root: { source: '/files' },
      alias: false,
      index: [{ source: 'index.html' }],
    });
    expect(c?.handler).toMatchObject({
      kind: 'static',
      root: { source: '/d' },
      alias: true,
      index: [{ source: 'index.html' }],
    });
  });
});

describe('policies', () => {
  const upstream = (body: string) => planOf(http(`upstream u {\n${body}\n}`)).http?.upstreams[0];

  test('are found by directive', () => {
    expect(upstream('least_conn; server 127.0.0.1:1;')?.policy.name).toBe('least_conn');
    expect(upstream('hash $http_x$uri consistent; server 127.0.0.1:1;')?.key?.variables).toEqual(['http_x', 'uri']);
    expect(upstream('server 127.0.0.1:1; sticky cookie id;')?.key?.source).toBe('$cookie_id');
  });

  test('of the lab alone are found by comment, wherever it stands in the block', () => {
    for (const body of [
      '# lab: policy peak_ewma;\nserver 127.0.0.1:1;',
      'server 127.0.0.1:1;\n# lab: policy peak_ewma;\n',
    ]) {
      expect(upstream(body)?.policy.name).toBe('peak_ewma');
    }
  });

  test('ip_hash and sticky do not exist in stream', () => {
    expect(errors('events { }\nstream {\nupstream u {\nip_hash;\nserver 127.0.0.1:1;\n}\n}')).toEqual([
      '4:1 "ip_hash" directive is not allowed here | This is upstream in stream; it belongs in: upstream.',
    ]);
  });
});

describe('lab comments that nobody understands', () => {
  test.each([
    ['upstream u {\nserver 127.0.0.1:1; # lab: backend a\n}', '4:21 unknown "lab:" comment behind a server'],
    ['upstream u {\nserver 127.0.0.1:1; # lab: backend a soap\n}', '4:21 unknown "lab:" comment behind a server'],
    ['upstream u {\n# lab: policy best\nserver 127.0.0.1:1;\n}', '4:1 unknown "lab:" comment inside an upstream'],
    ['# lab: backend a rest\nserver { }', '3:1 nothing reads this "lab:" comment'],
  ])('%j', (body, expected) => {
    expect(errors(http(body)).map((each) => each.replace(/ \|.*/, ''))).toEqual([expected]);
  });
});

describe('problems', () => {
  test('all of a file at once, each at its place, with what to do', () => {
    const text = [
      'worker_proceses 1;',
      'events { }',
      'http {',
      '    upstream orders {',
      '        server 127.0.0.1:4001 wieght=2;',
      '        server nowhere.example:80;',
      '    }',
      '    upstream empty { }',
      '    server {',
      '        listen 127.0.0.1:8080;',
      '        proxy_pass http://orders;',
      '        location / {',
      '            proxy_pass http://oders;',
      '            proxy_read_timeout soon;',
      '            proxy_read_timeout 5s;',
      '            proxy_read_timeout 6s;',
      '            proxy_set_header X $remote_adr;',
      '            proxy_buffering;',
      '        }',
      '    }',
      '}',
    ].join('\n');
    expect(errors(text).map((each) => each.replace(/ Supported in .*/, ''))).toEqual([
      '1:1 unknown directive "worker_proceses" | Did you mean "worker_processes"?',
      '5:31 invalid parameter "wieght=2" | Supported are: weight=, max_fails=, fail_timeout=, max_conns=, backup, down.',
      '6:16 host not found in upstream "nowhere.example:80" | Use an address such as 127.0.0.1, localhost, or the name of an upstream block.',
      '8:14 no servers are inside upstream | Add a "server ADDRESS:PORT;" to it.',
      '11:9 "proxy_pass" directive is not allowed here | This is server; it belongs in: location, server in stream.',
      '13:24 host not found in upstream "oders" | Use an address such as 127.0.0.1:8080, or one of the upstreams: orders, empty.',
      '14:32 "proxy_read_timeout" directive invalid value | A time is a number with ms, s, m, h or d, for example "30s".',
      '16:13 "proxy_read_timeout" directive is duplicate | The first one is on line 15.',
      '17:32 unknown "remote_adr" variable | Did you mean "$remote_addr"?',
      '18:13 invalid number of arguments in "proxy_buffering" directive | It takes 1; here are 0.',
    ]);
  });

  test('a missing ";" is told where it is missing, and the swallowed lines are read', () => {
    expect(
      errors(
        'events { }\nhttp {\n  sendfile on\n  server_tokens maybe;\n  tcp_nodelay on\n  server { bogus 1; }\n}',
      ).map((each) => each.replace(/ \|.*/, '')),
    ).toEqual([
      '3:14 directive "sendfile" is not terminated by ";"',
      '4:17 invalid value "maybe" in "server_tokens" directive, it must be "on" or "off"',
      '5:17 directive "tcp_nodelay" is not terminated by ";"',
      '6:12 unknown directive "bogus"',
    ]);
  });

  test('a broken brace does not make everything behind it "not allowed here"', () => {
    expect(errors('events {\nhttp {\n  server { listen 127.0.0.1:1; }\n}\n')).toEqual([
      '5:1 unexpected end of file, expecting "}" | The block opened on line 1 is not closed.',
    ]);
  });

  test('what the proxies cannot do yet is refused, never ignored', () => {
    const text = server('limit_rek zone=x;\nset $a b;');
    expect(errors(text, { notYet: new Set(['set']) }).at(-1)).toBe('6:1 "set" is not supported yet');
  });
});

describe('include', () => {
  const main = 'events { }\nhttp {\n  include parts/*.conf;\n}\n';

  test('reads the files in place, relative to the main file', () => {
    const plan = planOf(main, {
      ...all,
      files: files({
        '/conf/parts/a.conf': 'upstream u { server 127.0.0.1:1; }',
        '/conf/parts/b.conf': 'server { listen 127.0.0.1:2; location / { proxy_pass http://u; } }',
      }),
    });
    expect(plan.http?.servers[0]?.locations[0]?.handler).toMatchObject({ kind: 'proxy', upstream: { name: 'u' } });
  });

  test('problems are told in the file that has them', () => {
    const plan = readPlan(
      { path: '/conf/nginx.conf', text: main },
      { ...all, files: files({ '/conf/parts/a.conf': '\nbogus 1;' }) },
    );
    expect(plan.ok ? null : plan.error[0]?.span).toMatchObject({ file: '/conf/parts/a.conf', line: 2, column: 1 });
  });

  test('rings, missing files and no files at all are refused', () => {
    const ring = files({ '/conf/nginx.conf': main, '/conf/parts/a.conf': 'include parts/a.conf;' });
    expect(errors(main, { ...all, files: ring })[0]).toMatch(/"\/conf\/parts\/a.conf" includes itself/);
    expect(errors('events { include x; }', { ...all, files: files({}) })[0]).toMatch(/open\(\) "\/conf\/x" failed/);
    expect(errors('events { include x; }')[0]).toMatch(/no other file can be read/);
  });
});

test('only loopback is ever listened on', () => {
  expect(planOf(http('server { listen 8080; }')).http?.servers[0]?.listens[0]).toMatchObject({
    host: '127.0.0.1',
    port: 8080,
    declared: '127.0.0.1:8080',
    wildcard: true,
  });
  expect(errors(http('server { listen 10.1.2.3:80; }'))[0]).toMatch(/only loopback addresses/);
});

test('directives of a command line come before those of the file', () => {
  expect(planOf('events { }', { ...all, globals: 'daemon off; pid /x;' }).main).toMatchObject({
    daemon: false,
    pid: '/x',
  });
  expect(errors('events { }\ndaemon on;', { ...all, globals: 'daemon off;' })[0]).toMatch(
    /"daemon" directive is duplicate/,
  );
});

test('no context has two directives of one name', () => {
  const seen = entries.flatMap((entry) => entry.contexts.map((context) => `${entry.name} in ${context}`));
  expect(seen).toEqual([...new Set(seen)]);
});
