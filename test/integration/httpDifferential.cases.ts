import { DEAD, LIVE, type TwinPorts, type TwinRequest } from '../harness/httpTwins';

/** One configuration (what stands in `http {}`) and what is asked of it, in order. */
export interface TwinCase {
  readonly name: string;
  http(ports: TwinPorts): string;
  readonly requests: readonly TwinRequest[];
}

const times = (count: number, request: TwinRequest): TwinRequest[] => Array.from({ length: count }, () => request);
const targets = (...all: string[]): TwinRequest[] => all.map((target) => ({ target }));

/** Servers by index: the first LIVE answer, those behind refuse. Options follow the index: `0 weight=3`. */
export function upstream(name: string, { live, dead }: TwinPorts, servers: readonly string[], more = ''): string {
  const addresses = [...live, ...dead].map((port) => `127.0.0.1:${port}`);
  const lines = servers.map((each) => {
    const [index, ...options] = each.split(' ');
    return `server ${addresses[Number(index)]} ${options.join(' ')};`;
  });
  return `upstream ${name} { ${more} ${lines.join(' ')} }\n`;
}

export function server({ front }: TwinPorts, inside: string): string {
  return `server { listen 127.0.0.1:${front}; ${inside} }\n`;
}

const TRIED = 'add_header X-Tried $upstream_addr always; add_header X-Statuses $upstream_status always;';
/** Bodies stream here always, which nginx has to be told. */
const KEPT = 'proxy_http_version 1.1; proxy_set_header Connection ""; proxy_request_buffering off;';

/** Everything to one upstream, kept alive, with the peers tried in a header. */
function through(servers: readonly string[], inside = '', more = '') {
  return (ports: TwinPorts) =>
    upstream('peers', ports, servers, more) +
    server(ports, `location / { proxy_pass http://peers; ${KEPT} ${TRIED} ${inside} }`);
}

const all = Array.from({ length: LIVE }, (_, i) => String(i));
const [firstDead, secondDead] = [String(LIVE), String(LIVE + DEAD - 1)];

export const choiceCases: readonly TwinCase[] = [
  { name: 'round robin over weights', http: through(['0 weight=5', '1 weight=2', '2']), requests: times(17, {}) },
  {
    name: 'round robin with a dead, a downed and a backup server',
    http: through(['0 weight=2', `${firstDead} weight=3 fail_timeout=60s`, '1 down', '2 backup'], '', ''),
    requests: [...times(8, {}), ...times(4, { deeds: '0=close' }), ...times(4, {})],
  },
  {
    name: 'backups while no primary lives',
    http: through([`${firstDead} fail_timeout=60s`, '1 backup', `${secondDead} backup fail_timeout=60s`]),
    requests: times(6, {}),
  },
  {
    name: 'nobody lives',
    http: through([`${firstDead} fail_timeout=60s`, `${secondDead} fail_timeout=60s`]),
    requests: [...times(4, {}), { method: 'HEAD' }, { method: 'POST', body: 'x' }],
  },
  {
    name: 'least_conn, one after the other',
    http: through(['0 weight=3', '1', '2 weight=2'], '', 'least_conn;'),
    requests: times(12, {}),
  },
  {
    name: 'hash of the URI',
    http: through([...all, `${firstDead} fail_timeout=60s`], '', 'hash $request_uri;'),
    requests: Array.from({ length: 16 }, (_, i) => ({ target: `/item/${i}?page=${i * 7}` })),
  },
  {
    name: 'hash consistent of a header',
    http: through(['0 weight=2', '1', '2', `${firstDead} fail_timeout=60s`], '', 'hash $http_x_user consistent;'),
    requests: Array.from({ length: 16 }, (_, i) => ({ fields: [`X-User: user${i}`] })),
  },
  { name: 'ip_hash', http: through(all, '', 'ip_hash;'), requests: times(5, {}) },
  {
    name: 'max_fails and servers that fail now and then',
    http: through(['0 max_fails=2 fail_timeout=60s', '1 max_fails=0', '2 weight=2 fail_timeout=60s']),
    requests: [{}, { deeds: '0=close' }, {}, { deeds: '*=close' }, {}, { deeds: '0=close,2=close' }, ...times(9, {})],
  },
];

export const retryCases: readonly TwinCase[] = [
  {
    name: 'a GET goes on after close and garbage, a POST does not',
    http: through(
      all.map((each) => `${each} max_fails=0`),
      'proxy_next_upstream error timeout invalid_header;',
    ),
    requests: [
      { deeds: '0=close' },
      { deeds: '0=garbage,1=garbage' },
      { deeds: '*=close' },
      { method: 'POST', body: 'paid', deeds: '0=close,1=close,2=close' },
      { method: 'PUT', body: 'paid', deeds: '0=close' },
      { method: 'PATCH', body: 'paid', deeds: '*=close' },
      { method: 'DELETE', deeds: '1=close' },
      { method: 'LOCK', deeds: '*=close' },
    ],
  },
  {
    name: 'a garbled answer is not repeated by default',
    http: through(all.map((each) => `${each} max_fails=0`)),
    requests: [{ deeds: '*=garbage' }, {}, { deeds: '*=close' }, {}],
  },
  {
    name: 'a POST may be repeated where nothing was sent, or where the file says so',
    http: through(
      [`${firstDead} max_fails=0`, ...all.map((each) => `${each} max_fails=0`)],
      'proxy_next_upstream error non_idempotent;',
    ),
    requests: [
      ...times(3, { method: 'POST', body: 'paid' }),
      ...times(2, { method: 'POST', body: 'x', deeds: '*=close' }),
    ],
  },
  {
    name: 'a POST to a dead server goes on',
    http: through([`${firstDead} max_fails=0`, '0', '1']),
    requests: times(6, { method: 'POST', body: 'paid' }),
  },
  {
    name: 'statuses that are repeated, and the last one passed on',
    http: through(
      all.map((each) => `${each} max_fails=0`),
      'proxy_next_upstream error http_500 http_502 http_503 http_504 http_403 http_404 http_429;',
    ),
    requests: [
      ...[500, 502, 503, 504, 403, 404, 429].map((status) => ({ deeds: `0=${status}` })),
      { deeds: '*=503' },
      { deeds: '*=404' },
      { deeds: '0=503,1=404,2=500' },
      { method: 'POST', body: 'x', deeds: '*=503' },
      { method: 'HEAD', deeds: '0=502' },
      { deeds: '*=400' },
      {},
    ],
  },
  {
    name: 'statuses count as failures, but 403 and 404 do not',
    http: through(
      all.map((each) => `${each} fail_timeout=60s`),
      'proxy_next_upstream error http_503 http_404;',
    ),
    requests: [
      { deeds: '0=404' },
      {},
      {},
      {},
      { deeds: '1=503' },
      ...times(6, {}),
      { deeds: '*=503' },
      ...times(4, {}),
    ],
  },
  {
    name: 'off',
    http: through([`${firstDead} max_fails=0`, '0 max_fails=0'], 'proxy_next_upstream off;'),
    requests: [...times(3, {}), { deeds: '0=close' }, { deeds: '0=503' }, {}],
  },
  {
    name: 'no more tries than told',
    http: through(
      [`${firstDead} max_fails=0`, `${secondDead} max_fails=0`, '0 max_fails=0', '1 max_fails=0'],
      'proxy_next_upstream_tries 2; proxy_next_upstream error http_503;',
    ),
    requests: [...times(5, {}), ...times(5, { deeds: '*=503' }), ...times(2, { deeds: '*=close' })],
  },
  {
    name: 'one server only is never taken out',
    http: through(['0 fail_timeout=60s'], 'proxy_next_upstream error http_503;'),
    requests: [{ deeds: '0=close' }, {}, { deeds: '0=503' }, {}, { deeds: '0=garbage' }, {}],
  },
  {
    name: 'a server that says nothing',
    http: through(['0 max_fails=0', '1 max_fails=0'], 'proxy_read_timeout 1s;'),
    requests: [{ deeds: '0=hang' }, { deeds: '0=hang', method: 'POST', body: 'x' }, {}, { deeds: '*=hang' }],
  },
  {
    name: 'a body that breaks off',
    http: through(['0 fail_timeout=60s', '1 fail_timeout=60s']),
    requests: [{ deeds: '0=truncate', fresh: true }, { fresh: true }, { fresh: true }, {}],
  },
];

export const locationCases: readonly TwinCase[] = [
  {
    name: 'prefix, exact, ^~, regular expressions and what they win over',
    http: (ports) =>
      server(
        ports,
        `location / { return 200 root; }
         location = / { return 200 exact-root; }
         location /images/ { return 200 images; }
         location ^~ /images/raw/ { return 200 raw; }
         location ~ \\.(gif|jpg)$ { return 200 "picture $1"; }
         location ~* \\.PNG$ { return 200 png; }
         location = /images/logo.gif { return 200 logo; }
         location ~ ^/user/(?<name>[^/]+)/(\\d+) { return 200 "$name:$2:$1"; }
         location /docs { return 200 docs; }
         location /docs/api { return 200 api; location ~ v(\\d) { return 200 "inner $1"; } }`,
      ),
    requests: targets(
      ...[
        '/',
        '/x',
        '/images/',
        '/images/a.gif',
        '/images/raw/a.gif',
        '/a.png',
        '/a.PNG',
        '/A.GIF',
        '/images/logo.gif',
      ],
      ...['/user/kim/42', '/user/kim/x', '/docs', '/docsx', '/docs/api', '/docs/api/v2', '/docs/apiv3', '/images'],
      ...[
        '/a/../images/x',
        '/images//raw/a.gif',
        '/%69mages/x',
        '/images/./raw/../a.jpg',
        '/docs?x=/images/a.gif',
        '/?a',
      ],
      ...['/..', '/a/../../b', '/%', '/%00', '/%2e%2e/x', '/a%2Fb.gif', '/a%3Fb.gif', '/a#b.gif', '/a?b#c'],
    ),
  },
  {
    name: 'proxy_pass with and without URI',
    http: (ports) =>
      upstream('peers', ports, ['0']) +
      server(
        ports,
        `location / { proxy_pass http://peers; }
         location /app/ { proxy_pass http://peers/; }
         location /old { proxy_pass http://peers/new; }
         location /deep/ { proxy_pass http://peers/a/b; }
         location = /one { proxy_pass http://peers/only?x=1; }
         location /host/ { proxy_pass http://127.0.0.1:${ports.live[1]}/; proxy_set_header Host $host; }
         location /nested/ { location /nested/in/ { proxy_pass http://peers/out/; } proxy_pass http://peers; }
         location ~ ^/re/(.*)$ { proxy_pass http://peers; }`,
      ),
    requests: targets(
      ...['/', '/a/b?c=d', '/app/', '/app/x', '/app', '/app?q=1', '/old', '/old/x', '/oldest', '/deep/', '/deep/c?d'],
      ...['/one', '/one?y=2', '/host/x', '/nested/x', '/nested/in/y', '/nested/in', '/re/x?y', '/app/a%20b', '/a%20b'],
      ...['/app/%7Euser', '/%7Euser', '/app/a//b', '/a//b', '/app/../x', '/app/./x', '/app/%2e%2e/x', '/app/%ED%95%9C'],
      ...['/app/a%3Fb', '/app/a%23b', '/app/a%25b', '/app/a;b=c', '/app/"quoted"', '/app/a+b', '/app/[x]', '/x?a=%zz'],
    ),
  },
  {
    name: 'servers by name',
    http: (ports) =>
      `server { listen 127.0.0.1:${ports.front}; server_name one.example; return 200 one; }
       server { listen 127.0.0.1:${ports.front} default_server; server_name _; return 200 default; }
       server { listen 127.0.0.1:${ports.front}; server_name *.wild.example .both.example; return 200 wild; }
       server { listen 127.0.0.1:${ports.front}; server_name trailing.*; return 200 trailing; }
       server { listen 127.0.0.1:${ports.front}; server_name ~^(?<sub>[a-z]+)\\.re\\.example$; return 200 "re $sub"; }`,
    requests: [
      ...['one.example', 'ONE.example', 'one.example:8080', 'one.example.', 'a.wild.example', 'wild.example'],
      ...[
        'both.example',
        'x.both.example',
        'trailing.org',
        'abc.re.example',
        '127.0.0.1',
        'other',
        '[::1]:80',
        'a.b.wild.example',
      ],
    ].map((host) => ({ host })),
  },
];

export const answerCases: readonly TwinCase[] = [
  {
    name: 'return in all its forms',
    http: (ports) =>
      server(
        ports,
        `location /text { return 200 "hello $arg_name from $host"; }
         location /typed { default_type application/json; return 200 '{"method":"$request_method"}'; }
         location /empty { return 204; }
         location /gone { return 410; }
         location /said { return 404 "not here"; }
         location /moved { return 301 /text?x=$args; }
         location /far { return 302 https://example.org$request_uri; }
         location /just { return https://example.org/; }
         location /303 { return 303 /x; } location /307 { return 307 /x; } location /308 { return 308 /x; }
         location /nothing { return 444; }
         location /odd { return 299 odd; }
         location /418 { return 418; }
         location /503 { return 503; }
         location /400 { return 400; }
         location /500 { return 500 sorry; }`,
      ),
    requests: [
      ...targets(
        ...[
          '/text?name=kim',
          '/text',
          '/typed',
          '/empty',
          '/gone',
          '/said',
          '/moved?a=b',
          '/far?z',
          '/just',
          '/303',
          '/307',
        ],
        ...['/308', '/odd', '/418', '/503', '/400', '/500', '/other', '/nothing', '/text'],
      ),
      { method: 'HEAD', target: '/text' },
      { method: 'HEAD', target: '/gone' },
      { method: 'HEAD', target: '/moved' },
      { method: 'POST', target: '/text', body: 'ignored' },
      { method: 'POST', target: '/text', body: 'ignored in chunks', chunks: [3] },
      { method: 'OPTIONS', target: '/text' },
      { method: 'POST', target: '/gone', body: 'x'.repeat(5000) },
      { target: '/text' },
    ],
  },
  {
    name: 'add_header, always and not, inherited and replaced',
    http: (ports) =>
      upstream('peers', ports, ['0']) +
      `add_header X-Http http;
       ${server(
         ports,
         `add_header X-Server $request_method always;
          location / { proxy_pass http://peers; }
          location /own { add_header X-Own "$uri$is_args$args"; add_header X-Empty ""; add_header X-Own twice; proxy_pass http://peers; }
          location /bad { return 404; }
          location /own-bad { add_header X-Own only-good; add_header X-Always always always; return 404; }
          location /type { add_header Content-Type text/x-added; add_header Cache-Control no-store; return 200 x; }`,
       )}`,
    requests: [
      ...targets('/', '/own?a=b', '/bad', '/own-bad', '/type', '/own'),
      { deeds: '0=500' },
      { deeds: '0=201' },
      { deeds: '0=304' },
      { deeds: '0=206' },
      { deeds: '0=404', target: '/own' },
      { deeds: '0=204', target: '/own' },
    ],
  },
  {
    name: 'what the server is told: proxy_set_header, inherited and replaced, and proxy_pass_request_*',
    http: (ports) =>
      upstream('peers', ports, ['0']) +
      `proxy_set_header X-Http http;
       ${server(
         ports,
         `proxy_set_header X-Server "$scheme $server_protocol $request_method";
          location / { proxy_pass http://peers; }
          location /real { proxy_pass http://peers; proxy_set_header Host $http_host; proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme; }
          location /host { proxy_pass http://peers; proxy_set_header Host $host; proxy_set_header X-Cookie "$cookie_session-$arg_id"; }
          location /proxy-host { proxy_pass http://peers; proxy_set_header Host "$proxy_host"; proxy_set_header X-None $http_nothing; }
          location /less { proxy_pass http://peers; proxy_set_header Accept-Encoding ""; proxy_set_header User-Agent ""; }
          location /no-headers { proxy_pass http://peers; proxy_pass_request_headers off; }
          location /no-body { proxy_pass http://peers; proxy_pass_request_body off; proxy_set_header Content-Length ""; }
          location /11 { proxy_pass http://peers; proxy_http_version 1.1; }
          location /closing { proxy_pass http://peers; proxy_http_version 1.1; proxy_set_header Connection close; }`,
       )}`,
    requests: [
      { target: '/' },
      { target: '/', fields: ['X-A: 1', 'x-b: 2', 'X-A: 3', 'Cookie: a=b', 'Cookie: c=d', 'User-Agent: test'] },
      { target: '/real', fields: ['X-Forwarded-For: 10.0.0.1', 'X-Forwarded-For: 10.0.0.2'], host: 'Lab.Example:8080' },
      { target: '/real' },
      { target: '/host?id=7', fields: ['Cookie: other=1; session=s7'], host: 'LAB.example:99' },
      { target: '/host?ID=8&id=9', fields: ['Cookie: Session=x'] },
      { target: '/proxy-host' },
      { target: '/less', fields: ['Accept-Encoding: gzip', 'User-Agent: test', 'accept-encoding: br'] },
      { target: '/no-headers', fields: ['X-A: 1'], method: 'POST', body: 'kept' },
      { target: '/no-body', method: 'POST', body: 'dropped', fields: ['X-A: 1'] },
      { target: '/11', fields: ['Connection: keep-alive'] },
      { target: '/closing' },
      { target: '/', fields: ['Connection: close', 'TE: trailers', 'Keep-Alive: timeout=5'] },
      { target: '/', fields: ['X_Under: dropped', 'X.Dot: dropped', 'Upgrade: h2c'] },
      { target: '/', fields: ['X-Empty:', 'X-Spaces:   a  b   ', 'X-Tab:\ta\t', 'X-Latin: caf\u00e9'] },
      { target: 'http://absolute.example/real?x=1', host: 'absolute.example' },
      // To $http_host nginx gives the field, ours the target's host, which replaces it (proxyHttp1.test.ts).
      { target: 'http://absolute.example/host?x=1', host: 'other.example' },
    ],
  },
  {
    name: 'what the client gets of the server’s head',
    http: through(['0']),
    requests: [
      ...['hop', 'chunked', 'empty', '204', '304', '404', '503', 'until-close', '206', '302'].map((deed) => ({
        deeds: `0=${deed}`,
      })),
      ...['hop', 'chunked', 'empty', '204', '404', '302'].map((deed) => ({ deeds: `0=${deed}`, method: 'HEAD' })),
      ...['chunked', 'empty', 'until-close', '404'].map((deed) => ({ deeds: `0=${deed}`, version: '1.0' as const })),
      {},
    ],
  },
];

export const wireCases: readonly TwinCase[] = [
  {
    name: 'connections kept and closed',
    http: (ports) =>
      through(['0'])(ports).replace(
        'location',
        'keepalive_requests 3; location /short { keepalive_timeout 0; return 200 x; } location',
      ),
    requests: [
      ...times(5, {}),
      { fields: ['Connection: close'] },
      { fields: ['Connection: Close'] },
      { version: '1.0' },
      { version: '1.0', fields: ['Connection: keep-alive'] },
      { version: '1.0', fields: ['Connection: Keep-Alive'] },
      { version: '1.0', host: null },
      { target: '/short' },
      { fields: ['Connection: keep-alive, close'] },
      {},
    ],
  },
  {
    name: 'bodies, with a length and in chunks',
    http: through(['0']),
    requests: [
      { method: 'POST', body: '' },
      { method: 'POST', body: 'hello' },
      { method: 'POST', body: 'hello in chunks', chunks: [1, 7, 2] },
      { method: 'PUT', body: 'x'.repeat(100_000) },
      { method: 'PUT', body: 'y'.repeat(100_000), chunks: [9000, 1] },
      { method: 'GET', body: 'a body all the same' },
      { method: 'DELETE', body: 'so', chunks: [1] },
      { method: 'POST', body: 'last', fields: ['Content-Type: text/plain'] },
      {
        raw: 'POST / HTTP/1.1\r\nHost: a\r\nX-Chunked: yes\r\nTransfer-Encoding: Chunked\r\n\r\n5;ext=1\r\nhello\r\n0\r\nX-Trailer: t\r\n\r\n',
      },
      {},
    ],
  },
  {
    name: 'bodies for an HTTP/1.0 server',
    http: (ports) =>
      upstream('peers', ports, ['0', '1']) + server(ports, `${TRIED} location / { proxy_pass http://peers; }`),
    requests: [
      { method: 'POST', body: 'hello' },
      { method: 'POST', body: 'hello in chunks', chunks: [4] },
      { method: 'POST', body: 'z'.repeat(70_000), chunks: [5000] },
      { method: 'POST', body: '' },
      { deeds: '*=chunked' },
      {},
    ],
  },
  {
    name: 'bodies that are too big',
    http: (ports) =>
      upstream('peers', ports, ['0']) +
      server(
        ports,
        `client_max_body_size 1k; location / { proxy_pass http://peers; ${KEPT} }
         location /more { client_max_body_size 10k; proxy_pass http://peers; ${KEPT} }
         location /any { client_max_body_size 0; proxy_pass http://peers; ${KEPT} }
         location /return { return 200 ok; }`,
      ),
    requests: [
      { method: 'POST', body: 'x'.repeat(1024) },
      { method: 'POST', body: 'x'.repeat(1025) },
      { method: 'POST', body: 'x'.repeat(5000), target: '/more' },
      { method: 'POST', body: 'x'.repeat(20_000), target: '/more' },
      { method: 'POST', body: 'x'.repeat(2_000_000), target: '/any' },
      { method: 'POST', body: 'x'.repeat(1024), chunks: [100] },
      { method: 'POST', body: 'x'.repeat(2000), chunks: [100] },
      { raw: `POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5000\r\n\r\n`, fresh: true },
      { method: 'POST', body: 'x'.repeat(5000), target: '/return', fresh: true },
      { fresh: true },
    ],
  },
  {
    name: '100 (Continue)',
    http: through(['0', '1']),
    requests: [
      { method: 'POST', body: 'waited for', fields: ['Expect: 100-continue'] },
      { method: 'POST', body: 'waited for in chunks', chunks: [5], fields: ['Expect: 100-Continue'] },
      {
        method: 'POST',
        body: 'HTTP/1.0 knows none',
        version: '1.0',
        fields: ['Expect: 100-continue', 'Connection: keep-alive'],
      },
      { method: 'GET', fields: ['Expect: 100-continue'] },
      { method: 'POST', body: 'x', fields: ['Expect: something'] },
      {},
    ],
  },
  {
    name: 'bad requests',
    http: through(['0']),
    requests: [
      'GET / HTTP/1.1\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
      'GET  / HTTP/1.1\r\nHost: a b\r\n\r\n',
      'GET / HTTP/2.0\r\nHost: a\r\n\r\n',
      'GET / HTTP/1.2\r\nHost: a\r\n\r\n',
      'GET / HTTX/1.1\r\nHost: a\r\n\r\n',
      'get / HTTP/1.1\r\nHost: a\r\n\r\n',
      'TRACE / HTTP/1.1\r\nHost: a\r\n\r\n',
      'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n',
      'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      `GET /${'x'.repeat(9000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${'x'.repeat(9000)}\r\n\r\n`,
      'GET /a%zzb HTTP/1.1\r\nHost: a\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\nX-A : 1\r\n\r\n',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n',
    ].map((raw) => ({ raw, fresh: true })),
  },
];
