import { byteText as bytes } from '../../src/balancer/byteText';
import type { TwinPorts } from '../harness/httpTwins';
import { server, type TwinCase, upstream } from './httpDifferential.cases';

/** Configurations of the request phases and what is asked of each, for nginx and the balancer alike. */

/** What a case needs besides the ports of the stage. */
export interface PhasePorts extends TwinPorts {
  /** A service that answers with the status in `x-auth`, a challenge with 401, and who the user is. */
  readonly auth: number;
}

export interface PhaseCase extends Omit<TwinCase, 'http'> {
  http(ports: PhasePorts): string;
}

const gets = (...targets: string[]) => targets.map((target) => ({ target }));
const withField = (...fields: string[]) => fields.map((field) => ({ fields: [field] }));

const KEPT = 'proxy_http_version 1.1; proxy_set_header Connection ""; proxy_request_buffering off;';

const backend = (ports: PhasePorts) => upstream('peers', ports, ['0']);

export const rewriteCases: readonly PhaseCase[] = [
  {
    name: 'set, in the order of the file, on server and location',
    http: (ports) =>
      server(
        ports,
        `set $a server; set $b "$a-$host";
         location / { set $a "location $arg_x"; set $c "\${a}!"; return 200 "$a|$b|$c"; }
         location /again { set $n 1; set $n "$n$n"; set $n "$n$n"; return 200 $n; }
         location /unset { if ($arg_x) { set $maybe yes; } return 200 "[$maybe]"; }`,
      ),
    requests: gets('/', '/?x=1&y=2', '/?x=%41', '/again', '/unset', '/unset?x=1', '/unset?x=0', '/unset?x=00'),
  },
  {
    name: 'what a file says beyond ASCII is bytes, as what a client says',
    http: (ports) =>
      backend(ports) +
      `map $arg_n $kind { 한 하나; ~^두.$ "둘 $arg_n"; default 없음; }
       split_clients $uri $half { * 모두; }` +
      server(
        ports,
        `error_page 404 /없는/쪽;
         location / { add_header X-Name "서버 가|$arg_n"; return 200 "안녕 $arg_n|$kind|$half\n"; }
         location /if { if ($arg_n = 한) { return 200 "같다"; } if ($arg_n ~ "(둘)") { return 200 "닮았다 $1"; } return 200 다르다; }
         location /한글/ { return 200 "$uri"; }
         location = /정확 { return 200 정확; }
         location ~ ^/re/(한.*)$ { return 200 "re $1"; }
         location /rewrite { rewrite ^/rewrite/(.*)$ /한글/$1 last; }
         location /away { rewrite ^ /멀리 redirect; }
         location /told { return 302 /한글/; }
         location /gone { return 404; }
         location /없는/ { return 404 "없다 $uri"; }
         location /raw/ { proxy_pass http://peers/앞/; }
         location /proxied/ { proxy_pass http://peers/in/; proxy_set_header X-Name "클라이언트 $arg_n"; ${KEPT} }
         location /slash/가/ { proxy_pass http://peers; }`,
      ),
    requests: gets(
      ...['/', `/?n=${bytes('한')}`, `/?n=${bytes('두울')}`, '/?n=%ED%95%9C', `/if?n=${bytes('한')}`],
      ...[`/if?n=${bytes('둘')}`, '/if', '/%ED%95%9C%EA%B8%80/%EA%B0%80', `/${bytes('한글')}/x`, `/${bytes('정확')}`],
      ...[`/re/${bytes('한나')}`, '/re/%ED%95%9C', '/rewrite/x', `/rewrite/${bytes('가')}`, '/away', '/told', '/gone'],
      ...['/proxied/a?n=b', '/raw/a', `/proxied/${bytes('나')}?n=${bytes('다')}`, `/slash/${bytes('가')}`],
    ),
  },
  {
    name: 'set $args changes what the server gets',
    http: (ports) =>
      backend(ports) +
      server(
        ports,
        `location / { set $args "z=1&$args"; proxy_pass http://peers; ${KEPT} }
         location /uri/ { set $args "only"; proxy_pass http://peers/other/; ${KEPT} }`,
      ),
    requests: gets('/a%20b?x=1', '/', '/uri/x?gone=1'),
  },
  {
    name: 'if: all its operators',
    http: (ports) =>
      server(
        ports,
        `location / {
           if ($arg_set) { return 201 "set $arg_set"; }
           if ($arg_eq = yes) { return 202 eq; }
           if ($arg_ne != "") { set $ne "ne $arg_ne"; }
           if ($arg_ne != "") { return 203 $ne; }
           if ($request_method = POST) { return 405 "no post"; }
           if ($http_user_agent ~ "Curl/(\\d+)") { return 206 "curl $1"; }
           if ($http_user_agent ~* "^(?<kind>wget)/(.)") { return 207 "$kind $1 $2"; }
           if ($http_x_no !~ "^a") { set $no "does not begin with a"; }
           if ($http_x_no !~* "B$") { set $no "$no, nor end with b"; }
           return 200 "rest $no"; }`,
      ),
    requests: [
      ...gets('/', '/?set=1', '/?set=0', '/?set=', '/?eq=yes', '/?eq=YES', '/?ne=x', '/?ne='),
      { method: 'POST', body: 'x' },
      ...withField(
        'User-Agent: Curl/12',
        'User-Agent: curl/12',
        'User-Agent: WGET/7',
        'X-No: ab',
        'X-No: b',
        'X-No: a',
      ),
    ],
  },
  {
    name: 'if on the server, before any location',
    http: (ports) =>
      server(
        ports,
        `if ($host ~ "^(?<sub>[a-z]+)\\.lab$") { set $who "sub $sub"; }
         if ($arg_away) { return 302 /there?$args; }
         if ($arg_stop) { return 503; }
         location / { return 200 "[$who]"; } location = /there { return 200 "there $args"; }`,
      ),
    requests: [
      ...gets('/', '/?away=1', '/?stop=1', '/there'),
      { host: 'tom.lab' },
      { host: 'TOM.lab' },
      { host: 't1.lab' },
    ],
  },
  {
    name: 'captures of locations, conditions and maps',
    http: (ports) =>
      `map $arg_m $mapped { default none; ~^a(?<inner>.*)$ "a:$inner:$1"; ~*^B(.)(.)$ "b:$2$1"; }` +
      server(
        ports,
        `location ~ ^/(?<first>[^/]*)/(.*)$ {
           set $before "$1,$2,$first";
           if ($arg_c ~ "^(.)(.)") { set $within "$1+$2"; }
           set $after $1; set $by_map $mapped; set $last $1;
           return 200 "$before|$within|$after|$first|$by_map|$last"; }
         location ~ /plain$ { set $at_first $1; set $by_map $mapped; return 200 "<$at_first><$by_map><$1>"; }`,
      ),
    requests: gets('/one/two', '/one/two?c=xy', '/one/?m=abc', '/one/two?m=bxy', '/one/two?c=pq&m=Bxy', '/plain?m=bxy'),
  },
  {
    name: 'add_header, inherited, replaced, always',
    http: (ports) =>
      server(
        ports,
        `add_header X-Server s; add_header X-Always a always;
         location /inherits { return 200 x; } location /error { return 404; } location /text { return 404 text; }
         location /own { add_header X-Own "$arg_v" always; return 403; }
         location /empty { add_header X-Empty $arg_none; add_header X-Other o; return 204; }
         location /created { return 201 made; } location /moved { return 301 /x; }`,
      ),
    requests: gets('/inherits', '/error', '/text', '/own?v=1', '/own', '/empty', '/created', '/moved', '/none'),
  },
];

export const coreCases: readonly PhaseCase[] = [
  {
    name: 'addresses of redirects',
    http: (ports) =>
      server(
        ports,
        `server_name first.lab second.lab;
         location /relative { absolute_redirect off; return 301 /x?y; }
         location /named { server_name_in_redirect on; return 301 /x; }
         location /portless { port_in_redirect off; return 302 /x; }
         location "/with space/" { proxy_pass http://127.0.0.1:1; }
         location '/odd"<>^{|}/' { absolute_redirect off; proxy_pass http://127.0.0.1:1; }`,
      ),
    requests: [
      ...gets('/relative', '/named', '/portless', '/with%20space', '/with%20space?a=b', '/odd%22%3C%3E%5E%7B%7C%7D'),
      { target: '/named', host: 'second.lab' },
      { target: '/named', host: null, version: '1.0' },
    ],
  },
  {
    name: 'add_trailer',
    http: (ports) =>
      server(
        ports,
        `add_trailer X-Host $host; add_trailer X-Always $sent_trailer_x_host always; add_trailer X-Empty "";
         location / { return 200 body; } location /empty { return 200 ""; } location /none { return 204; }
         location /error { return 403; } location /unchunked { chunked_transfer_encoding off; return 200 body; }
         location /own { add_trailer X-Own "$status $request_uri"; return 200 own; }`,
      ),
    requests: [
      ...gets('/', '/empty', '/none', '/error', '/own'),
      { method: 'HEAD' },
      { version: '1.0' },
      { target: '/unchunked', fresh: true },
    ],
  },
  {
    name: 'connections that go on or end',
    http: (ports) =>
      server(
        ports,
        `add_header X-Sent "$sent_http_connection" always; keepalive_timeout 30s 9s;
         location / { return 200 x; } location /safari { keepalive_disable safari; return 200 x; }
         location /none { keepalive_disable none; return 200 x; } location /time { keepalive_time 0; return 200 x; }`,
      ),
    requests: [
      'MSIE 5.0',
      'MSIE 6.0; SV1',
      'MSIE 7.0',
      'Mac OS X Safari/7534',
      'Mac OS X Chrome/1 Safari/1',
      'Opera MSIE 6.0',
    ]
      .map((agent) => `User-Agent: ${agent}`)
      .flatMap((agent) => [
        { fields: [agent], fresh: true },
        { method: 'POST', body: 'x', fields: [agent], fresh: true },
        { method: 'POST', body: 'x', target: '/none', fields: [agent], fresh: true },
        { target: '/safari', fields: [agent], fresh: true },
      ]),
  },
  {
    name: 'names of header fields, and buffers for heads',
    http: (ports) =>
      server(
        ports,
        `ignore_invalid_headers off; client_header_buffer_size 6k; large_client_header_buffers 2 4k;
         location / { return 200 "$http_x_y $http_x_z"; }`,
      ),
    requests: [
      ...withField('X-Y: 1', 'X_Y: 2', 'X.Z: 3', '_x-y: 4'),
      ...[100, 3_900, 4_096, 5_000, 6_500].map((size) => ({ target: `/${'x'.repeat(size)}`, fresh: true })),
      ...[4_000, 4_050, 4_092, 5_900, 6_100].map((size) => ({ fields: [`A: ${'x'.repeat(size)}`], fresh: true })),
      ...[1, 2, 3, 4, 5, 6].map((count) => ({
        fields: Array.from({ length: count }, (_, i) => `A${i}: ${'x'.repeat(3_000)}`),
        fresh: true,
      })),
    ],
  },
  {
    name: 'fields that a request has once',
    http: (ports) => server(ports, 'location / { return 200 "$http_authorization|$cookie_b|$cookie_c"; }'),
    requests: [
      ...['Authorization', 'If-Match', 'If-None-Match', 'If-Range', 'If-Modified-Since', 'Expect', 'Content-Range'].map(
        (name) => ({ fields: [`${name}: a`, `${name}: a`], fresh: true }),
      ),
      ...withField(
        'Cookie: a=1; b=2',
        'Cookie: a=1, b=2; c=3',
        'Cookie: b = x y ; c=',
        'Cookie: bb=1;b=2',
        'Cookie: c',
      ),
    ],
  },
  {
    name: 'bodies that nobody wants',
    http: (ports) =>
      server(
        ports,
        'location / { return 200 x; } location /page { error_page 400 /said; return 200 x; } location /said { return 200 said; }',
      ),
    requests: [
      ...['4\r\nfine\r\n0\r\n\r\n', '4\r\ntoo much\r\n0\r\n\r\n', 'x\r\n', '1\r\na\r\n2\r\nb'].flatMap((body) =>
        ['/', '/page'].map((target) => ({
          raw: `POST ${target} HTTP/1.1\r\nHost: lab.example\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${body}`,
          fresh: true,
        })),
      ),
      { method: 'POST', body: 'abc' },
      { method: 'POST', body: 'abc', chunks: [1, 2] },
    ],
  },
  {
    name: 'error pages of error pages, and slashes',
    http: (ports) =>
      server(
        ports,
        `merge_slashes off;
         location / { return 200 "$uri"; } location /page { return 404; }
         location /once { error_page 403 /page; return 403; error_page 404 /other; }
         location /again { recursive_error_pages on; error_page 403 /missing; return 403; }
         location /missing { recursive_error_pages on; error_page 404 = /found; return 404; }
         location /round { recursive_error_pages on; error_page 404 /round; return 404; }
         location /found { return 200 found; }`,
      ),
    requests: gets('/a//b', '//', '/a/../b//c', '/once', '/again', '/round'),
  },
];

export const rewriteDirectiveCases: readonly PhaseCase[] = [
  {
    name: 'rewrite: paths, arguments, flags',
    http: (ports) =>
      backend(ports) +
      server(
        ports,
        `rewrite ^/early/(.*) /late/$1; rewrite ^/late/stop/ /stopped last; rewrite ^/late/(?<rest>.*)$ /later/$rest?from=early;
         location / { return 200 "$uri|$args|$1|$request_uri"; }
         location /args { rewrite ^/args/(.*) /$1?a=$1; }
         location /noargs { rewrite ^/noargs/(.*) /$1?a=$1?; }
         location /drop { rewrite ^/drop/(.*) /$1?; }
         location /here { rewrite ^/here/(.*) /there/$1 break; return 200 "never $uri"; }
         location /there { return 200 "there $uri"; }
         location /file { rewrite ^/file/(.*) /there/$1 break; root /nowhere; }
         location /last { rewrite ^/last/(.*) /there/$1 last; return 200 never; }
         location /falls { rewrite ^/falls/(.*) /there/$1; return 200 "first $uri $1"; }
         location /moved { rewrite ^/moved/(.*) /to/$1 redirect; }
         location /gone { rewrite ^/gone/(.*) /to/$1?x=$1 permanent; }
         location /away { rewrite ^/away/(.*) http://else.lab/$1; }
         location /aside { rewrite ^/aside/(.*) https://else.lab/$1? last; }
         location /round { rewrite ^ /round; }
         location /none { rewrite ^/other /x; set $m "[$1]"; return 200 "$uri $m"; }
         location /if { if ($arg_a) { rewrite ^/if/(.*) /there/$1 last; } if ($arg_b) { break; } return 200 "if $uri"; }
         location /stop { break; return 200 never; }
         location /empty { rewrite ^/empty(.*) $1; }
         location /proxied/ { rewrite ^/proxied/(.*) /x/$1 break; proxy_pass http://peers/base/; ${KEPT} }
         location /broken/ { rewrite ^/broken/(.*) /x/$1; break; proxy_pass http://peers/base/; ${KEPT} }
         location /aliased/ { rewrite ^/aliased/(.*) /x/$1 break; alias /nowhere/; }`,
      ),
    requests: [
      ...gets(
        '/early/a',
        '/early/stop/b',
        '/early/a?q',
        '/args/x',
        '/args/x?y=1',
        '/args/%25%20?y',
        '/noargs/x?y',
        '/drop/x?y',
      ),
      ...gets(
        '/here/a',
        '/file/a',
        '/last/a?q',
        '/falls/a',
        '/moved/a',
        '/moved/a?q=1',
        '/moved/%25%41%20',
        '/gone/a?q',
      ),
      ...gets(
        '/gone/%3F%26',
        '/away/a?q',
        '/away/',
        '/aside/a?q',
        '/round',
        '/none/a',
        '/if/a',
        '/if/a?a=1',
        '/if/a?b=1',
      ),
      ...gets('/stop', '/empty', '/proxied/a%20b?q', '/broken/a?q', '/aliased/x'),
      { method: 'POST', target: '/last/a', body: 'x' },
    ],
  },
];

export const lazyCases: readonly PhaseCase[] = [
  {
    name: 'map: exact, letter case, default, empty',
    http: (ports) =>
      `map $arg_k $v { default "def $arg_k"; "" empty; one 1; TWO "two $host"; \\default word; 3 $arg_three; }
       map $arg_k $nothing { a b; }
       ${server(ports, 'location / { return 200 "$v|$nothing"; }')}`,
    requests: gets('/', '/?k=one', '/?k=ONE', '/?k=two', '/?k=default', '/?k=3&three=iii', '/?k=3', '/?k=x', '/?k=a'),
  },
  {
    name: 'map of host names',
    http: (ports) =>
      `map $http_x_name $v { hostnames; default none; lab.org exact; .example.org dotted; *.lab.org star;
         *.deep.lab.org deeper; www.* front; www.lab.* longer; ~^re\\d regex; }` +
      server(ports, 'location / { return 200 $v; }'),
    requests: [
      'lab.org',
      'LAB.org.',
      'example.org',
      'a.b.example.org',
      'xexample.org',
      'a.lab.org',
      'x.deep.lab.org',
      'deep.lab.org',
      'www.any',
      'www.lab.com',
      'www.lab.org',
      're5',
      'org',
    ].map((name) => ({ fields: [`X-Name: ${name}`] })),
  },
  {
    name: 'map: the first regular expression of the file; maps of maps; once for a request',
    http: (ports) =>
      `map $uri $kind { ~\\.(?<ext>png|jpg)$ "image $ext"; ~^/static "static"; default other; }
       map $kind $cache { ~^image long; default short; }
       map $step $kept { default "kept $step"; } map $step $fresh { volatile; default "fresh $step"; }` +
      server(
        ports,
        `location / { return 200 "$cache, $kind"; }
         location /steps { set $step 1; set $a "$kept $fresh"; set $step 2; return 200 "$a / $kept $fresh"; }`,
      ),
    requests: gets('/a.png', '/static/x.jpg', '/static/x', '/x', '/steps'),
  },
  {
    name: 'split_clients',
    http: (ports) =>
      `split_clients "$arg_id" $part { 10% ten; 0.5% half; 33.33% third; * rest; }
       split_clients "\${arg_id}salt" $some { 50% half; 25% quarter; }` +
      server(ports, 'location / { return 200 "$part|$some"; }'),
    requests: Array.from({ length: 60 }, (_, i) => ({ target: `/?id=${'user'.slice(i % 5)}${i * 37}` })),
  },
];

const two = (ports: PhasePorts) => upstream('first', ports, ['0']) + upstream('Second', ports, ['1']);

export const dynamicCases: readonly PhaseCase[] = [
  {
    name: 'proxy_pass with variables: names, addresses, URIs',
    http: (ports) =>
      `map $arg_to $to { default first; 2 second; 3 127.0.0.1:${ports.live[2]}; dead 127.0.0.1:${ports.dead[0]};
         name nowhere.invalid; bare 127.0.0.1; port second:80; empty ""; }` +
      two(ports) +
      server(
        ports,
        `location / { proxy_pass http://$to; ${KEPT} add_header X-Up "$upstream_addr $proxy_host" always; }
         location /fixed/ { proxy_pass http://$to/base; ${KEPT} }
         location /whole/ { proxy_pass http://$to/base$uri?$args&more; ${KEPT} }
         location /query/ { proxy_pass http://$to?only; ${KEPT} }
         location /scheme/ { proxy_pass $arg_scheme://first; ${KEPT} }
         location ~ ^/re/(.*)$ { proxy_pass http://first/$1; ${KEPT} }`,
      ),
    requests: gets(
      ...['/', '/?to=2', '/?to=3', '/a%20b//c?to=3', '/?to=dead', '/?to=name', '/?to=port', '/?to=empty'],
      ...['/fixed/x?to=2', '/whole/x?to=2', '/query/?to=2', '/scheme/?scheme=http', '/scheme/?scheme=ftp'],
      ...['/scheme/', '/re/one/two?x=1', '/re/'],
    ),
  },
];

export const errorPageCases: readonly PhaseCase[] = [
  {
    name: 'error_page: paths, statuses, inheritance',
    http: (ports) =>
      backend(ports) +
      server(
        ports,
        `error_page 404 /404.html; error_page 500 502 503 =200 /sorry?code=$status; error_page 403 = /status;
         location = /404.html { internal; return 200 "not found: $uri $request_uri $args $request_method"; }
         location = /sorry { add_header X-Sorry $arg_code; return 200 "sorry $args"; }
         location = /status { return 418 "teapot $args"; }
         location /no { return 404; } location /text { return 404 "text of its own"; }
         location /broken { return 500; } location /forbidden { return 403; }
         location /away { error_page 404 https://example.org/lost; return 404; }
         location /away301 { error_page 404 =301 /lost$uri; return 404; }
         location /away308 { error_page 404 =308 http://example.org/$arg_x; return 404; }
         location /moved { error_page 301 http://example.org/far; return 301 /x; }
         location /moved-equal { error_page 308 = http://example.org/far; return 308 /x; }
         location /moved-status { error_page 301 = /status?was=$status; return 301 /x; }
         location /moved-told { error_page 301 =200 /sorry?code=$status; return 301 /x; }
         location /gone-status { error_page 410 = /status?was=$status; return 410; }
         location /moved303 { error_page 301 =303 http://example.org/far; return 301 /x; }
         location /own { error_page 410 /404.html; return 410; } location /inherits-not { error_page 410 /x; return 404; }
         location /dead { proxy_pass http://127.0.0.1:${ports.dead[0]}; }
         location /page-is-missing { error_page 404 /nowhere; return 404; }
         location /proxied { error_page 404 =202 /by-backend?from=$uri; return 404; }
         location /by-backend { proxy_pass http://peers; ${KEPT} add_header X-Tried "$upstream_addr"; }`,
      ),
    requests: [
      ...gets('/no?q=1', '/text', '/missing', '/404.html', '/broken', '/forbidden', '/away', '/away301', '/own'),
      ...gets('/away308?x=1', '/inherits-not', '/dead', '/page-is-missing', '/proxied', '/proxied?a=b', '/sorry'),
      ...gets('/moved', '/moved-equal', '/moved303', '/moved-status', '/moved-told', '/gone-status'),
      { method: 'HEAD', target: '/no' },
      { method: 'HEAD', target: '/proxied' },
      { method: 'POST', target: '/no', body: 'body' },
      { method: 'POST', target: '/proxied', body: 'body' },
      { method: 'DELETE', target: '/proxied' },
    ],
  },
  {
    name: 'error_page: named locations keep method and body',
    http: (ports) =>
      backend(ports) +
      server(
        ports,
        `location / { proxy_pass http://127.0.0.1:${ports.dead[0]}; error_page 502 = @fallback; ${KEPT} }
         location /keep/ { proxy_pass http://127.0.0.1:${ports.dead[0]}; error_page 502 @fallback; ${KEPT} }
         location /text { error_page 404 = @text; return 404; } location /gone { error_page 404 = @nobody; return 404; }
         location /twice { error_page 404 = @refuses; return 404; }
         location @fallback { proxy_pass http://peers; ${KEPT} add_header X-Tried "$upstream_addr|$upstream_status" always; }
         location @text { default_type text/x-lab; return 203 "named $uri $args"; }
         location @refuses { return 403; }`,
      ),
    requests: [
      ...gets('/a%20b?x=%41', '/keep/x', '/text?a=1', '/gone', '/twice', '/@fallback'),
      { method: 'POST', target: '/p', body: 'the body' },
      { method: 'PUT', target: '/keep/p', body: 'in chunks', chunks: [2] },
      { method: 'HEAD', target: '/x' },
    ],
  },
  {
    name: 'error_page for requests that are refused',
    http: (ports) =>
      server(
        ports,
        `client_max_body_size 10; error_page 413 /large; error_page 405 = @method; error_page 400 /bad;
         location = /large { return 200 large; } location = /bad { return 200 bad; } location @method { return 200 method; }
         location / { return 200 fine; } location /files/ { root ${'/nonexistent'}; }`,
      ),
    requests: [
      { method: 'POST', body: 'x'.repeat(11), fresh: true },
      { method: 'POST', body: 'x'.repeat(10), fresh: true },
      { method: 'POST', target: '/files/x', body: 'x' },
      { target: '/%00', fresh: true },
      { target: '/..', fresh: true },
    ],
  },
  {
    name: 'error_page: statuses without a body in place of others, and others in place of them',
    http: (ports) =>
      backend(ports) +
      server(
        ports,
        `location /a { error_page 404 /empty; return 404; } location /b { error_page 404 = /empty; return 404; }
         location /c { error_page 404 =204 /full; return 404; } location /d { error_page 301 /empty; return 301 /x; }
         location /e { error_page 404 =200 /by-backend; return 404; } location /f { error_page 404 =204 /by-backend; return 404; }
         location /h { error_page 404 /by-backend; return 404; }
         location /empty { return 204; } location /full { return 200 full; }
         location /by-backend { proxy_pass http://peers; ${KEPT} }`,
      ),
    requests: ['/a', '/b', '/c', '/d', '/e', '/f', '/h'].flatMap((target) => [
      { target },
      { target, method: 'HEAD' },
      { target, deeds: '0=204' },
      { target, deeds: '0=304' },
      { target, deeds: '0=empty' },
    ]),
  },
  {
    name: 'internal',
    http: (ports) =>
      server(
        ports,
        `location /inside { internal; return 200 inside; } location ~ /also { internal; return 200 also; }
         location / { error_page 402 = /inside/x; error_page 410 = /x/also; return 402; }
         location /gone { error_page 410 /x/also; return 410; }`,
      ),
    requests: gets('/', '/inside', '/inside/x', '/x/also', '/gone'),
  },
];

export const authCases: readonly PhaseCase[] = [
  {
    name: 'auth_request: what is let in, and what is answered',
    http: (ports) =>
      backend(ports) +
      server(
        ports,
        `location / { auth_request /auth; auth_request_set $user $upstream_http_x_user;
           auth_request_set $auth_status $upstream_status;
           proxy_set_header X-User $user; add_header X-Seen "$user $auth_status" always; proxy_pass http://peers; ${KEPT} }
         location = /auth { internal; proxy_pass http://127.0.0.1:${ports.auth}; proxy_pass_request_body off;
           proxy_set_header Content-Length ""; proxy_set_header X-Original-URI $request_uri;
           proxy_set_header X-Sub "$uri $request_method"; }
         location /open/ { auth_request off; proxy_pass http://peers; ${KEPT} }
         location /login/ { auth_request /auth; error_page 401 =200 /form; return 200 unreachable; }
         location /page/ { auth_request /auth; error_page 401 403 = @ask; proxy_pass http://peers; ${KEPT} }
         location = /form { return 200 "log in at $uri"; } location @ask { return 302 /form?to=$request_uri; }
         location /local/ { auth_request /says; proxy_pass http://peers; ${KEPT} }
         location = /says { if ($http_x_key = sesame) { return 204; } return 403; }
         location /nobody/ { auth_request /dead; proxy_pass http://peers; ${KEPT} }
         location = /dead { proxy_pass http://127.0.0.1:${ports.dead[0]}; }`,
      ),
    requests: [
      ...['200', '204', '299', '401', '403', '404', '302', '500', 'close'].flatMap((status) => [
        { fields: [`X-Auth: ${status}`], target: '/a?b=c' },
      ]),
      { fields: ['X-Auth: 200'], method: 'POST', body: 'a body', target: '/post' },
      { fields: ['X-Auth: 200'], method: 'POST', body: 'a longer body', chunks: [3], target: '/post' },
      { fields: ['X-Auth: 401'], method: 'HEAD' },
      ...['/open/', '/login/x', '/page/x', '/form', '/auth', '/nobody/'].map((target) => ({
        target,
        fields: ['X-Auth: 401'],
      })),
      { target: '/local/' },
      { target: '/local/', fields: ['X-Key: sesame'] },
      { target: '/page/', fields: ['X-Auth: 403'] },
    ],
  },
];

export const preaccessCases: readonly PhaseCase[] = [
  {
    name: 'limits answer after return, before anything else; error pages stand in for them',
    http: (ports) =>
      `limit_req_zone $arg_k zone=slow:1m rate=1r/m; limit_conn_zone $server_name zone=conns:1m;` +
      backend(ports) +
      server(
        ports,
        `location / { limit_req zone=slow; proxy_pass http://peers; ${KEPT} add_header X-Limit $limit_req_status always; }
         location /returned { limit_req zone=slow; return 200 always; }
         location /429 { limit_req zone=slow; limit_req_status 429; proxy_pass http://peers; ${KEPT} }
         location /paged { limit_req zone=slow; error_page 503 =429 /late; proxy_pass http://peers; ${KEPT} }
         location /burst { limit_req zone=slow burst=2 nodelay; proxy_pass http://peers; ${KEPT} }
         location = /late { limit_req zone=slow; return 200 "late $limit_req_status"; }
         location /conns { limit_conn conns 1; proxy_pass http://peers; ${KEPT} add_header X-C $limit_conn_status; }`,
      ),
    requests: gets(
      ...['/?k=1', '/?k=1', '/?k=2', '/', '/', '/returned?k=1', '/returned?k=9', '/returned?k=9', '/429?k=1'],
      ...['/paged?k=1', '/burst?k=b', '/burst?k=b', '/burst?k=b', '/burst?k=b', '/conns', '/conns'],
    ),
  },
  {
    name: 'the time for tries begins when a limit has let the request go',
    http: (ports) =>
      `limit_req_zone $server_name zone=slow:1m rate=5r/s;` +
      upstream('peers', ports, ['0 max_fails=0', '1 max_fails=0']) +
      server(
        ports,
        `location / { limit_req zone=slow burst=5; proxy_pass http://peers; ${KEPT}
           proxy_next_upstream http_503; proxy_next_upstream_timeout 100ms; add_header X-Tried $upstream_status always; }`,
      ),
    requests: [{}, { deeds: '*=503' }],
  },
  {
    name: 'real_ip changes who the client is',
    http: (ports) =>
      `set_real_ip_from 127.0.0.0/8; real_ip_header X-Forwarded-For; real_ip_recursive on;
       limit_req_zone $binary_remote_addr zone=who:1m rate=1r/m;` +
      upstream('hashed', ports, ['0', '1', '2'], 'ip_hash;') +
      server(
        ports,
        `location / { proxy_pass http://hashed; proxy_set_header X-Real "$remote_addr $realip_remote_addr"; ${KEPT}
           add_header X-Who "$remote_addr"; }
         location /limited { limit_req zone=who; proxy_pass http://hashed; ${KEPT} }`,
      ),
    requests: [
      ...withField(
        'X-Forwarded-For: 10.0.0.1',
        'X-Forwarded-For: 10.1.0.1, 127.0.0.1',
        'X-Forwarded-For: x',
        'X-Other: 1',
      ),
      ...Array.from({ length: 8 }, (_, i) => ({ fields: [`X-Forwarded-For: 10.${i * 9}.7.1`] })),
      ...['10.9.9.9', '10.9.9.9', '10.9.9.8'].map((from) => ({
        target: '/limited',
        fields: [`X-Forwarded-For: ${from}`],
      })),
    ],
  },
];
