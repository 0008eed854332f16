import type { TwinPorts, TwinRequest } from '../harness/httpTwins';
import { server, type TwinCase, upstream } from './httpDifferential.cases';

/** Bodies longer than anybody would keep in memory, of requests that another server gets, too. */

const KEPT = 'proxy_http_version 1.1; proxy_set_header Connection "";';
const TRIED = 'add_header X-Tried $upstream_addr always; add_header X-Statuses $upstream_status always;';

const long = Array.from({ length: 30_000 }, (_, i) => `line ${i}`).join('\n');

const three = (ports: TwinPorts, options = 'max_fails=0') =>
  upstream(
    'peers',
    ports,
    ['0', '1', '2'].map((each) => `${each} ${options}`),
  );

const put = (target: string, deeds: string, more: TwinRequest = {}): TwinRequest => ({
  method: 'PUT',
  target,
  deeds,
  body: long,
  ...more,
});

export const repeatedBodyCases: readonly TwinCase[] = [
  {
    name: 'bodies in a file until a server takes them',
    http: (ports) =>
      three(ports) +
      server(
        ports,
        `${TRIED} proxy_next_upstream error http_503; client_max_body_size 2m;
         location / { proxy_pass http://peers; ${KEPT} }
         location /old { proxy_pass http://peers; proxy_http_version 1.0; proxy_set_header Connection ""; }
         location /any { proxy_pass http://peers; ${KEPT} proxy_next_upstream error non_idempotent; }`,
      ),
    requests: [
      put('/', '0=close'),
      put('/', '*=503'),
      put('/', '0=503,1=close,2=503', { chunks: [70_000, 1, 20_000] }),
      put('/', '0=close,1=close,2=close'),
      put('/', '*=close', { method: 'POST' }),
      put('/any', '0=close,1=close', { method: 'POST' }),
      put('/old', '0=close,2=close', { chunks: [9000] }),
      put('/', '', { fresh: true }),
    ],
  },
  {
    name: 'not with proxy_request_buffering off, once anything was sent',
    http: (ports) =>
      three(ports) +
      server(
        ports,
        `${TRIED} proxy_next_upstream error http_503 non_idempotent; proxy_request_buffering off;
         location / { proxy_pass http://peers; ${KEPT} }`,
      ),
    requests: [
      put('/', '*=close', { fresh: true }),
      put('/', '*=503', { fresh: true }),
      put('/', '0=503', { body: 'short' }),
    ],
  },
  {
    name: 'for the server that an error page leads to',
    http: (ports) =>
      three(ports) +
      upstream('others', ports, ['2']) +
      server(
        ports,
        `error_page 502 504 = @others; proxy_next_upstream off; location / { proxy_pass http://peers; ${KEPT} }
         location @others { proxy_pass http://others; ${KEPT} ${TRIED} }`,
      ),
    requests: [
      put('/', '0=close', { method: 'POST' }),
      put('/', '0=close,1=close', { method: 'POST', chunks: [50_000] }),
    ],
  },
];
