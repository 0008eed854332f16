import { server, type TwinCase, upstream } from './httpDifferential.cases';

/** Servers that are asked something else than the client asked, and what is known of the client's body. */

const KEPT = 'proxy_http_version 1.1; proxy_set_header Connection "";';

export const ownRequestCases: readonly TwinCase[] = [
  {
    name: 'proxy_method',
    http: (ports) =>
      upstream('peers', ports, ['0', '1']) +
      server(
        ports,
        `proxy_method PUT; location / { proxy_pass http://peers; ${KEPT} }
         location /named { proxy_method $arg_m; proxy_pass http://peers; ${KEPT} }
         location /get { proxy_method GET; proxy_pass http://peers; ${KEPT} proxy_next_upstream error; }`,
      ),
    requests: [
      {},
      { method: 'HEAD', target: '/get' },
      { method: 'POST', body: 'abc' },
      { target: '/named?m=delete' },
      { target: '/named?m=POST', method: 'POST', body: 'abc' },
      // Whether it may be repeated goes by what the client asked.
      { target: '/get', method: 'POST', body: 'abc', deeds: '0=close' },
      { target: '/', deeds: '0=close,1=close' },
    ],
  },
  {
    name: 'proxy_set_body and $request_body',
    http: (ports) =>
      upstream('peers', ports, ['0', '1'], 'zone z 64k;') +
      server(
        ports,
        `proxy_set_body "own of $arg_x"; location / { proxy_pass http://peers; ${KEPT} }
         location /wrapped { proxy_set_body "[$request_body]"; proxy_pass http://peers; ${KEPT} }
         location /empty { proxy_set_body ""; proxy_pass http://peers; ${KEPT} }
         location /told { proxy_set_body $request_body; client_body_buffer_size 1k; proxy_pass http://peers; ${KEPT}
           proxy_pass_request_body off; add_header X-Body "<$request_body>"; }
         location /return { return 200 "<$request_body>"; }
         location /error { proxy_intercept_errors on; error_page 404 /page; proxy_pass http://peers; ${KEPT} }
         location = /page { return 200 "<$request_body>"; }`,
      ),
    requests: [
      { target: '/?x=1' },
      { target: '/?x=2', method: 'POST', body: 'abc' },
      { target: '/', method: 'POST', body: 'abc', deeds: '*=close' },
      { target: '/', method: 'PUT', body: 'abc', deeds: '0=close' },
      { target: '/wrapped', method: 'POST', body: 'abc', chunks: [1] },
      { target: '/wrapped' },
      { target: '/wrapped', method: 'POST', body: 'x'.repeat(8000) },
      { target: '/wrapped', method: 'POST', body: 'x'.repeat(70_000) },
      { target: '/empty', method: 'POST', body: 'abc' },
      { target: '/empty' },
      { target: '/told', method: 'POST', body: 'abc' },
      { target: '/told', method: 'POST', body: 'x'.repeat(5000) },
      { target: '/return', method: 'POST', body: 'abc' },
      { target: '/error', method: 'POST', body: 'abc', deeds: '*=404' },
    ],
  },
];
