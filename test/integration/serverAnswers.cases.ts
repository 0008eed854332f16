import type { TwinPorts, TwinRequest } from '../harness/httpTwins';
import { server, type TwinCase, upstream } from './httpDifferential.cases';

/** Configurations that make something else of what a server answers, and what is asked of each. */

const KEPT = 'proxy_http_version 1.1; proxy_set_header Connection ""; proxy_request_buffering off;';

const one = (ports: TwinPorts, inside: string) => upstream('peers', ports, ['0', '1']) + server(ports, inside);

/** Asks for it; the server says these fields, with this status. */
const said = (target: string, deeds: string, ...fields: string[]): TwinRequest => ({
  target,
  deeds,
  fields: fields.map((field) => `X-Say: ${field}`),
});

const led = (target: string, to: string, more: TwinRequest = {}): TwinRequest => ({
  ...said(target, '*=200', `X-Accel-Redirect: ${to}`),
  ...more,
});

export const answerOfServerCases: readonly TwinCase[] = [
  {
    name: 'proxy_redirect by default, written out, off, and inherited',
    http: (ports) =>
      one(
        ports,
        `location / { proxy_pass http://peers; ${KEPT} }
         location /uri/ { proxy_pass http://peers/inner/; ${KEPT}
           location /uri/nested/ { proxy_pass http://peers/other/; ${KEPT} } }
         location = /exact { proxy_pass http://peers/inner; ${KEPT} proxy_redirect default; proxy_redirect http://x/ /y/; }
         location /off/ { proxy_pass http://peers/inner/; ${KEPT} proxy_redirect off;
           location /off/on/ { proxy_pass http://peers; ${KEPT} proxy_redirect http://peers/ /z/; }
           location /off/off/ { proxy_pass http://peers; ${KEPT} } }
         location ~ ^/pattern { proxy_pass http://peers; ${KEPT} }`,
      ),
    requests: [
      ...['/', '/uri/', '/uri/nested/', '/exact', '/off/', '/off/on/', '/off/off/', '/pattern'].flatMap((target) => [
        said(target, '*=302', 'Location: http://peers/inner/there?x=1', 'Refresh: 7; url=http://peers/inner/there'),
        said(target, '*=301', 'Location: http://x/there', 'Refresh: 7; URL=http://x/'),
      ]),
      said('/', '*=201', 'Location: http://peers'),
      said('/', '*=302', 'Location: /own'),
      said('/', '*=302', 'Location: HTTP://peers/own', 'Refresh: 7'),
    ],
  },
  {
    name: 'proxy_redirect with variables and regular expressions',
    http: (ports) =>
      one(
        ports,
        `set $some here;
         location / { proxy_pass http://peers; ${KEPT}
           proxy_redirect http://a/$some/ /$some$uri/; proxy_redirect ~^http://b/([^/]+)/(?<rest>.*)$ https://$1.lab/$rest;
           proxy_redirect ~*C+D /$some/c; proxy_redirect http://e "";  add_header X-Rest "$rest"; }
         location /variable/ { proxy_pass http://$arg_to; ${KEPT} }`,
      ),
    requests: [
      ...['http://a/here/x', 'http://a/there/x', 'http://b/one/two/three', 'http://b/one', 'ccd', 'http://e/f'].map(
        (to) => said('/path', '*=302', `Location: ${to}`, `Refresh: 0;url=${to}`),
      ),
      said('/variable/?to=peers', '*=302', 'Location: http://peers/x'),
    ],
  },
  {
    name: 'fields that are hidden and passed',
    http: (ports) =>
      one(
        ports,
        `proxy_hide_header X-Secret; proxy_hide_header X-Both; proxy_pass_header x-both; proxy_pass_header X-Accel-Charset;
         location / { proxy_pass http://peers; ${KEPT} }
         location /own { proxy_pass http://peers; ${KEPT} proxy_hide_header x-OTHER; }
         location /more { proxy_pass http://peers; ${KEPT} proxy_pass_header X-Pad; proxy_pass_header X-Accel-Expires; }`,
      ),
    requests: ['/', '/own', '/more'].map((target) =>
      said(
        target,
        '*=200',
        ...['X-Secret: 1', 'X-Both: 2', 'X-Other: 3', 'X-Pad: 4', 'X-Accel-Charset: utf-8', 'X-Accel-Expires: 5'],
      ),
    ),
  },
  {
    name: 'errors of servers that are answered otherwise',
    http: (ports) =>
      one(
        ports,
        `proxy_intercept_errors on; error_page 404 /page; error_page 401 @named; error_page 302 =200 /page; error_page 503 /again;
         location / { proxy_pass http://peers; ${KEPT} add_header X-Statuses $upstream_status always; }
         location = /page { return 200 "page of $upstream_status for $request_method $uri"; }
         location = /again { proxy_pass http://peers/inner; ${KEPT} add_header X-Statuses $upstream_status always; }
         location @named { return 403 "named $uri"; }
         location /off { proxy_intercept_errors off; proxy_pass http://peers; ${KEPT} }
         location /next { proxy_pass http://peers; ${KEPT} proxy_next_upstream http_404; }`,
      ),
    requests: [
      ...['404', '401', '302', '503', '500', '403'].map((status) => said('/', `*=${status}`)),
      said('/', '*=401', 'WWW-Authenticate: Bearer realm="lab"', 'X-Gone: 1'),
      { target: '/', method: 'POST', body: 'abc', deeds: '*=404' },
      { target: '/', method: 'POST', body: 'abc', deeds: '*=503' },
      { target: '/', method: 'HEAD', deeds: '*=404' },
      said('/off', '*=404'),
      said('/next', '*=404'),
      said('/next', '0=404'),
    ],
  },
  {
    name: 'X-Accel-Redirect',
    http: (ports) =>
      one(
        ports,
        `location / { proxy_pass http://peers; ${KEPT} }
         location /ignored { proxy_pass http://peers; ${KEPT} proxy_ignore_headers X-Accel-Redirect Expires; }
         location /passed { proxy_pass http://peers; ${KEPT} proxy_pass_header X-Accel-Redirect; proxy_ignore_headers X-Accel-Redirect; }
         location /inner/ { internal; default_type text/x-inner; return 200 "$request_method $uri?$args $upstream_http_x_accel_redirect"; }
         location @named { return 200 "named $request_method $uri"; }
         location /again/ { proxy_pass http://peers/; ${KEPT} proxy_set_header X-Say ""; proxy_set_header X-Do ""; }
         location /round { proxy_pass http://peers; ${KEPT} }`,
      ),
    requests: [
      ...[
        '/inner/x',
        '/inner/a%20b?q=1',
        '/inner/a?%3f',
        '@named',
        '@nobody',
        '/nothing/../x',
        '..',
        '/inner/.%2e/x',
      ].map((to) => led('/', to)),
      led('/', '/inner/x', { method: 'POST', body: 'abc' }),
      led('/', '@named', { method: 'POST', body: 'abc' }),
      led('/', '/inner/x', { method: 'HEAD' }),
      led('/', '/again/x', { method: 'POST', body: 'abc' }),
      led('/', '/round'),
      led('/ignored', '/inner/x'),
      led('/passed', '/inner/x'),
      said(
        '/',
        '*=404',
        ...['X-Accel-Redirect: /inner/x', 'Content-Type: text/own', 'Set-Cookie: a=1', 'Set-Cookie: b=2', 'X-Gone: 1'],
        ...['Cache-Control: no-cache', 'Expires: never', 'Content-Disposition: inline', 'Last-Modified: then'],
      ),
    ],
  },
];
