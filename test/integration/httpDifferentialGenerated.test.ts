import fc from 'fast-check';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { differential, differentialTimeout } from '../harness/fuzz';
import { DEAD, LIVE, type TwinRequest, TwinStage } from '../harness/httpTwins';
import { nginxIsMissing } from '../harness/nginx';
import { server, upstream } from './httpDifferential.cases';

/*
 * Configurations and requests that nobody thought of, through nginx and through the balancer. A failure is shrunk to the
 * smallest configuration and the fewest requests that still differ.
 */

const stage = new TwinStage();

beforeAll(() => stage.open());
afterAll(() => stage.close());

const often = <T>(usual: T, others: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: others });

/** The fail_timeout is longer than any test: what comes back when is for policyDifferentialReturn.test.ts. */
const peer = fc
  .record({
    index: fc.oneof({ weight: 4, arbitrary: fc.nat(LIVE - 1) }, fc.integer({ min: LIVE, max: LIVE + DEAD - 1 })),
    weight: often(
      '',
      fc.integer({ min: 1, max: 5 }).map((weight) => ` weight=${weight}`),
    ),
    maxFails: often(
      '',
      fc.integer({ min: 0, max: 3 }).map((count) => ` max_fails=${count}`),
    ),
    role: often('', fc.constantFrom(' backup', ' down')),
  })
  .map(({ index, weight, maxFails, role }) => `${index}${weight}${maxFails}${role} fail_timeout=60s`);

const policy = fc.constantFrom(
  '',
  '',
  'least_conn;',
  'ip_hash;',
  'hash $request_uri;',
  'hash $http_x_key consistent;',
  'hash $arg_k;',
);

const upstreams = fc
  .record({
    policy,
    peers: fc.array(peer, { minLength: 1, maxLength: 5 }),
    keepalive: often('', fc.constant(' keepalive 4;')),
  })
  .map(({ policy, peers, keepalive }) => ({
    // nginx refuses backups with some policies, and an upstream of backups alone: that is for confDifferential.test.ts.
    peers:
      policy.startsWith('hash') || policy === 'ip_hash;' ? peers.map((each) => each.replace(' backup', '')) : peers,
    more: `${policy}${keepalive}`,
  }))
  .filter(({ peers }) => peers.some((each) => !each.includes('backup')));

const segment = fc.constantFrom('a', 'b', 'api', 'x.gif', 'A', 'v1');
const path = fc.array(segment, { maxLength: 3 }).map((parts) => `/${parts.join('/')}`);
const folder = path.map((each) => (each === '/' ? each : `${each}/`));

const nextUpstream = fc
  .subarray(['error', 'timeout', 'invalid_header', 'http_500', 'http_502', 'http_503', 'http_404', 'non_idempotent'], {
    minLength: 1,
  })
  .map((conditions) => `proxy_next_upstream ${conditions.join(' ')};`);

const setting = fc.oneof(
  nextUpstream,
  fc.integer({ min: 0, max: 3 }).map((tries) => `proxy_next_upstream_tries ${tries};`),
  fc.constantFrom(
    'proxy_next_upstream off;',
    'proxy_http_version 1.1;',
    'proxy_set_header Host $host;',
    'proxy_set_header X-Uri "$uri $request_uri $args";',
    'proxy_set_header X-Real-IP $remote_addr;',
    'proxy_pass_request_headers off;',
    'add_header X-Location $uri always;',
    'add_header X-Only-Good $status;',
    'client_max_body_size 40;',
    'default_type application/x-lab;',
    'limit_req zone=uris;',
    'limit_req zone=keys burst=2 nodelay;',
    'limit_req zone=keys burst=1 nodelay;',
    'limit_req_status 429;',
    'limit_req_dry_run on;',
    'limit_conn busy 1;',
    'limit_conn_status 430;',
  ),
);
/** Of each directive one, but of those that may be repeated. */
const settings = fc
  .uniqueArray(setting, {
    maxLength: 4,
    selector: (text) => (/^(proxy_set|add)_header/.test(text) ? text : (text.split(' ')[0] ?? text)),
  })
  .map((lines) => lines.join(' '));

const answer = fc.oneof(
  { weight: 4, arbitrary: fc.constant('proxy_pass http://peers;') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'return 200 "$uri $args";',
      'return 404;',
      'return 302 /a$request_uri;',
      'return 503 no;',
    ),
  },
);
/** Where a prefix is replaced, the location has to have one. */
const answerWithUri = fc.oneof(
  { weight: 2, arbitrary: answer },
  { weight: 1, arbitrary: path.map((uri) => `proxy_pass http://peers${uri};`) },
);

const locations = fc.uniqueArray(
  fc.oneof(
    fc.tuple(fc.constant(''), fc.oneof(path, folder), answerWithUri, settings),
    fc.tuple(fc.constant('= '), path, answerWithUri, settings),
    fc.tuple(fc.constant('^~ '), fc.oneof(path, folder), answerWithUri, settings),
    fc.tuple(
      fc.constantFrom('~ ', '~* '),
      fc.constantFrom('\\.gif$', '^/a/(.+)$', '/v\\d', 'b', '^/$'),
      answer,
      settings,
    ),
  ),
  {
    maxLength: 5,
    selector: ([modifier, where]) =>
      modifier === '= ' ? `=${where}` : modifier.startsWith('~') ? `~${modifier}${where}` : where,
  },
);

const deed = fc.constantFrom('close', '500', '502', '503', '404', 'chunked', 'empty', '204', 'hop', '304');
const deeds = fc.option(
  fc
    .array(fc.tuple(fc.constantFrom('0', '1', '2', '*'), deed), { minLength: 1, maxLength: 3 })
    .map((all) => all.map(([who, what]) => `${who}=${what}`).join(',')),
  { nil: undefined, freq: 2 },
);
const field = fc.constantFrom(
  'X-Key: one',
  'X-Key: two',
  'Connection: close',
  'Connection: keep-alive',
  'Accept-Encoding: gzip',
  'Cookie: a=b',
  'TE: trailers',
  'X_Dropped: 1',
  'X-Empty:',
);
const query = often('', fc.constantFrom('?k=1', '?k=2&x=%20y', '?', '?a=b?c'));
const target = fc
  .tuple(fc.oneof(path, folder, fc.constantFrom('/a/../b', '//a', '/a%20b', '/./api', '/%61', '/a/%2e%2e/v1')), query)
  .map(([where, args]) => where + args);

const body = fc.string({ maxLength: 60, unit: fc.constantFrom('a', 'b', '\n', 'é') });

const request: fc.Arbitrary<TwinRequest> = fc
  .record({
    method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE'),
    target,
    version: often<'1.0' | '1.1'>('1.1', fc.constant('1.0')),
    host: often('lab.example', fc.constantFrom('Other.Example:80', 'x')),
    fields: fc.uniqueArray(field, { maxLength: 2, selector: (text) => text.split(':')[0] }),
    deeds,
    body: fc.option(body, { nil: undefined, freq: 2 }),
    chunked: fc.boolean(),
  })
  .map(({ deeds, body, chunked, ...rest }) => ({
    ...rest,
    ...(deeds === undefined ? {} : { deeds }),
    ...(body === undefined || rest.method === 'HEAD' ? {} : { body }),
    ...(body !== undefined && rest.method !== 'HEAD' && chunked && rest.version === '1.1' ? { chunks: [7, 30] } : {}),
  }));

describe.skipIf(nginxIsMissing)('nginx and the balancer do the same', () => {
  it(
    'for any configuration and any requests',
    async () => {
      const run = async (
        { peers, more }: { readonly peers: readonly string[]; readonly more: string },
        inServer: string,
        inLocations: readonly (readonly [string, string, string, string])[],
        requests: readonly TwinRequest[],
      ): Promise<void> => {
        const inside = inLocations.map(
          ([modifier, where, what, own]) => `location ${modifier}${where} { ${what} ${own} }`,
        );
        const whole = inLocations.some(([modifier, where]) => modifier === '' && where === '/');
        const http =
          // So slow that nothing runs out while the test runs.
          `limit_req_zone $uri zone=uris:64k rate=1r/m; limit_req_zone $http_x_key zone=keys:64k rate=1r/m;
         limit_conn_zone $uri zone=busy:64k; ` +
          upstream('peers', stage.ports, peers, more) +
          server(
            stage.ports,
            `proxy_request_buffering off; add_header X-Tried $upstream_addr always; ${inServer}
           ${inside.join('\n')} ${whole ? '' : 'location / { proxy_pass http://peers; }'}`,
          );
        // How a body of unknown length is framed may differ, and the field that tells the backend so would not be passed.
        const marked = !http.includes('proxy_pass_request_headers off');
        await stage.compare(http, marked ? requests : requests.map(({ chunks: _, ...rest }) => rest));
      };
      await fc.assert(
        fc.asyncProperty(upstreams, settings, locations, fc.array(request, { minLength: 1, maxLength: 12 }), run),
        differential(40),
      );
    },
    differentialTimeout(120_000),
  );
});
