import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TwinStage } from '../harness/httpTwins';
import { nginxIsMissing } from '../harness/nginx';
import {
  answerCases,
  choiceCases,
  locationCases,
  retryCases,
  server,
  type TwinCase,
  wireCases,
} from './httpDifferential.cases';
import { ownRequestCases } from './ownRequests.cases';
import { repeatedBodyCases } from './repeatedBodies.cases';
import { answerOfServerCases } from './serverAnswers.cases';

/*
 * The same file, requests and failures through the installed nginx and through the balancer: the peers chosen, statuses,
 * header fields and bodies have to be the same. Where the balancer is stricter than nginx on purpose, that is not here but
 * in proxyBadRequests.test.ts.
 */

/** One part at most: several are answered with the whole file, where nginx sends them as multipart/byteranges. */
const ranges = [
  ...['bytes=0-0', 'bytes=1-2', 'bytes=1-', 'bytes=-1', 'bytes=-9999999', 'bytes=0-99999999', 'bytes=-0', 'bytes=4-'],
  ...['bytes=3-2', 'bytes=0-0,99999999-', 'bytes=99999999-', 'bytes=', 'bytes=a', 'bytes=1', 'bytes=1-x', 'items=1-2'],
  ...['BYTES=1-2', 'bytes= 1 - 2 ', 'bytes=- 1', 'bytes=99999999999999999999-', 'bytes=0-99999999999999999999'],
  ...['bytes=0-3,', 'bytes=,0-3', 'bytes =0-1', 'bytes=--1', 'bytes=0-,0-', 'bytes=0--1'],
];

const stage = new TwinStage();

beforeAll(() => stage.open());
afterAll(() => stage.close());

function sameFor(cases: readonly TwinCase[]): void {
  it.for(cases.map((each) => [each.name, each] as const))('%s', async ([, { http, requests }]) => {
    expect(await stage.compare(http(stage.ports), requests)).toHaveLength(requests.length);
  });
}

describe.skipIf(nginxIsMissing)('nginx and the balancer do the same', () => {
  describe('choosing servers', () => sameFor(choiceCases));
  describe('when servers fail', () => sameFor(retryCases));
  describe('with servers and locations', () => sameFor(locationCases));
  describe('when they answer themselves', () => sameFor(answerCases));
  describe('on the wire', () => sameFor(wireCases));
  describe('when a long body is sent again', () => sameFor(repeatedBodyCases));
  describe('with requests of their own', () => sameFor(ownRequestCases));
  describe('with what servers answer', () => sameFor(answerOfServerCases));

  it('with files', async () => {
    const root = join(stage.folder, 'www');
    mkdirSync(join(root, 'folder'), { recursive: true });
    mkdirSync(join(root, 'bare'), { recursive: true });
    const files = {
      'index.html': '<p>start</p>',
      'folder/index.html': 'inner',
      'a.txt': 'text',
      'style.css': 'p {}',
      'data.JSON': '{}',
      none: 'no type',
      'empty.txt': '',
      'a b.txt': 'space',
      'big.bin': 'x'.repeat(300_000),
    };
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(root, name), text);
      utimesSync(join(root, name), 1_700_000_000, 1_700_000_000);
    }
    const modified = new Date(1_700_000_000_000).toUTCString();
    const etag = '"6553f100-4"';
    const http = server(
      stage.ports,
      `root ${root}; types { text/css css; text/plain txt; application/json json; text/html html; }
       location /aliased/ { alias ${root}/folder/; }
       location /typed/ { alias ${root}/; default_type text/x-lab; add_header X-File $uri; }
       location = /one { alias ${root}/a.txt; }
       location ~ ^/by-name/(.*)$ { alias ${root}/$1; }
       location ~ ^/one-file/ { alias ${root}/a.txt; }
       location /by-argument/ { root ${root}/$arg_in; index index.html; }
       location /aliased-by-argument/ { alias ${root}/$arg_in/; }
       location = /itself { root $request_filename; }
       location /zipped/ { alias ${root}/; gzip on; gzip_types text/plain; gzip_min_length 1; add_header X-A a; add_header X-B b always; }
       location /other-index/ { alias ${root}/; index nothing.html a.txt; }
       location /varying/ { alias ${root}/; index no$arg_a.html $arg_a.txt index.html; add_header X-A "$uri $args"; }
       location = /varying/a.txt { return 200 "elsewhere $request_method $uri $args $request_filename"; }
       location /absolute/ { alias ${root}/; index none.html /folder/index.html; }
       location /round/ { index /round/; }
       location /before/ { alias ${root}/; if_modified_since before; max_ranges 0; }
       location /off/ { alias ${root}/; if_modified_since off; etag off; max_ranges 1; }
       location /touched/ { alias ${root}/; add_header Last-Modified "Mon, 28 Sep 2009 06:00:00 GMT"; add_header ETag '"own"'; }
       location /bared/ { alias ${root}/; add_header Last-Modified ""; add_header ETag ""; }
       location /try/ { alias ${root}/; try_files $uri $uri/ $uri.txt /folder/index.html?x=1; add_header X-Uri "$uri $args"; }
       location /try-code/ { root ${root}; try_files /none$uri /folder/ =410; }
       location /try-none { try_files /none =404; }
       location /try-named { try_files /none @named; } location @named { return 200 "named $request_method $uri"; }
       location /try-proxied { root ${root}; try_files /a.txt /b; proxy_pass http://127.0.0.1:${stage.ports.live[0]}; proxy_http_version 1.1; }
       location /said { return 200 said; } location /not-said { return 404 said; }`,
    );
    const requests = [
      ...['/', '/a.txt', '/style.css', '/data.JSON', '/none', '/empty.txt', '/a%20b.txt', '/big.bin', '/missing'].map(
        (target) => ({ target }),
      ),
      ...[
        '/folder',
        '/folder?x=1',
        '/folder/',
        '/bare/',
        '/bare',
        '/a.txt/',
        '/aliased/',
        '/aliased/index.html',
        '/one',
      ].map((target) => ({ target })),
      ...['/typed/none', '/typed/a.txt', '/typed/missing', '/other-index/', '/folder/../a.txt', '/index.html?q'].map(
        (target) => ({ target }),
      ),
      ...['/a.txt', '/', '/missing', '/folder', '/empty.txt', '/big.bin'].map((target) => ({ method: 'HEAD', target })),
      { method: 'POST', target: '/a.txt', body: 'x' },
      { method: 'DELETE', target: '/a.txt' },
      { method: 'POST', target: '/missing', body: 'x' },
      { target: '/a.txt', fields: [`If-Modified-Since: ${modified}`] },
      { target: '/a.txt', fields: ['If-Modified-Since: Thu, 01 Jan 2015 00:00:00 GMT'] },
      { target: '/a.txt', fields: [`If-None-Match: ${etag}`] },
      { target: '/a.txt', fields: ['If-None-Match: *'] },
      { target: '/a.txt', fields: ['If-None-Match: "x"'] },
      { target: '/a.txt', version: '1.0' as const },
      ...['/by-name/a.txt', '/by-name/folder/index.html', '/by-name/folder/', '/by-name/folder', '/by-name/none/x']
        .concat(['/one-file/whatever', '/by-argument/index.html?in=folder', '/by-argument/', '/itself'])
        .concat(['/aliased-by-argument/index.html?in=folder', '/aliased-by-argument/?in=folder'])
        .map((target) => ({ target })),
      ...ranges.flatMap((range) => [
        { target: '/big.bin', fields: [`Range: ${range}`] },
        { target: '/a.txt', fields: [`Range: ${range}`] },
      ]),
      ...['/empty.txt', '/missing', '/folder/', '/folder', '/zipped/a.txt', '/zipped/big.bin'].map((target) => ({
        target,
        fields: ['Range: bytes=0-1'],
      })),
      { target: '/zipped/a.txt', fields: ['Range: bytes=0-1', 'Accept-Encoding: gzip'] },
      { target: '/zipped/a.txt', fields: ['Range: bytes=9-'] },
      { method: 'HEAD', target: '/a.txt', fields: ['Range: bytes=1-2'] },
      { method: 'HEAD', target: '/a.txt', fields: ['Range: bytes=9-'] },
      { target: '/a.txt', version: '1.0' as const, fields: ['Range: bytes=1-2'] },
      { target: '/a.txt', fields: ['Range: bytes=1-2', `If-None-Match: ${etag}`] },
      ...[etag, `W/${etag}`, '"x"', modified, 'Thu, 01 Jan 2015 00:00:00 GMT', 'x', '"'].map((condition) => ({
        target: '/a.txt',
        fields: ['Range: bytes=1-2', `If-Range: ${condition}`],
      })),
    ];
    requests.push(
      ...['/varying/?a=a', '/varying/?a=b', '/varying/', '/absolute/', '/round/'].map((target) => ({ target })),
      ...['/try/a.txt', '/try/a', '/try/folder', '/try/nothing?q', '/try-code/x', '/try-none', '/try-named?q'].map(
        (target) => ({
          target,
        }),
      ),
      ...['/try-named', '/try-proxied/x?y', '/try/nothing'].map((target) => ({ method: 'POST', target, body: 'x' })),
      { method: 'POST', target: '/varying/?a=a', body: 'x' },
      { method: 'POST', target: '/varying/', body: 'x' },
      { method: 'HEAD', target: '/varying/?a=b' },
      ...[
        '/a.txt',
        '/before/a.txt',
        '/off/a.txt',
        '/touched/a.txt',
        '/bared/a.txt',
        '/missing',
        '/said',
        '/not-said',
      ].flatMap((target) =>
        [
          ...[
            `If-Match: ${etag}`,
            'If-Match: "x"',
            `If-Match: "x",\t${etag} , "y"`,
            `If-Match: W/${etag}`,
            'If-Match: *',
          ],
          ...[`If-None-Match: W/${etag}`, `If-None-Match: "x", ${etag}`, 'If-None-Match: *', 'If-None-Match: "own"'],
          ...[modified, 'Thu, 01 Jan 2015 00:00:00 GMT', 'Tue, 01 Jan 2030 00:00:00 GMT', 'x'].flatMap((time) => [
            `If-Modified-Since: ${time}`,
            `If-Unmodified-Since: ${time}`,
            `Range: bytes=1-2\r\nIf-Range: ${time}`,
          ]),
          ...['Range: bytes=0-1', `Range: bytes=1-2\r\nIf-Range: ${etag}`, 'Range: bytes=1-2\r\nIf-Range: "own"'],
          'Range: bytes=1-2\r\nIf-Range: Mon, 28 Sep 2009 06:00:00 GMT',
          `If-None-Match: "x"\r\nIf-Modified-Since: ${modified}`,
        ].map((field) => ({ target, fields: [field], fresh: true })),
      ),
    );
    expect(await stage.compare(http, requests)).toHaveLength(requests.length);
  });
});
