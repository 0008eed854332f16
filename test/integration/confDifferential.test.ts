import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPlan } from '../../src/balancer/buildPlan';
import { ConfJudges, withModules } from '../harness/confVerdict';
import { differential, differentialTimeout } from '../harness/fuzz';
import { nginxIsMissing } from '../harness/nginx';
import { anyConf } from '../unit/conf/confText';
import { type Case, cases, location, server, stream, upstream } from './confDifferential.cases';
import { tlsCases } from './confDifferential.tlsCases';

/** `nginx -t` and the balancer agree on which files are good, and on the line of the first error. */

let judges: ConfJudges;
beforeAll(() => {
  judges = new ConfJudges();
});
afterAll(() => judges.remove());

function compare({ text: written, stricter, otherLine, since }: Case): void {
  const text = withModules(written);
  const theirs = judges.nginx(text);
  const ours = judges.balancer(text);
  const both = `nginx:\n${theirs.text}\nbalancer:\n${ours.text}\nfile:\n${text}`;
  if (stricter !== undefined) {
    expect(ours.good, both).toBe(false);
    expect(theirs.good, `No longer stricter than nginx; ${both}`).toBe(true);
    return;
  }
  if (since !== undefined && !theirs.good) return;
  expect(ours.good, both).toBe(theirs.good);
  const [line] = theirs.lines;
  if (otherLine === undefined && !theirs.good && line !== undefined) expect(ours.lines, both).toContain(line);
}

describe('nginx is installed where the tests have to be whole', () => {
  test('on CI', () => expect(nginxIsMissing && process.env.CI === 'true').toBe(false));
});

describe.skipIf(nginxIsMissing)('as nginx -t', { timeout: differentialTimeout(60_000) }, () => {
  test('the table is large enough, and each file is in it once', () => {
    expect(cases.length).toBeGreaterThan(400);
    expect(new Set(cases.map((each) => each.text)).size).toBe(cases.length);
  });

  test.each([...cases, ...tlsCases])('$name', compare);

  /** Runs both on many generated files; each nginx takes some 15 ms. */
  function agree(files: fc.Arbitrary<string>, numRuns: number): void {
    fc.assert(
      fc.property(files, (text) => compare({ name: 'generated', text })),
      differential(numRuns),
    );
  }

  const time = fc.oneof(
    fc.stringMatching(/^[0-9]{1,4}(ms|s|m|h|d|w|M|y)?([0-9]{1,3}(ms|s|m|h)?)?$/),
    fc.stringMatching(/^[0-9smhdMy -]{1,6}$/).map((text) => `"${text}"`),
  );
  const size = fc.stringMatching(/^[0-9]{1,6}[kKmMgGx]?$/);

  test('times', () =>
    agree(
      time.map((text) => location(`proxy_read_timeout ${text};`)),
      150,
    ));

  test('sizes', () => {
    agree(
      fc
        .tuple(fc.constantFrom('client_max_body_size', 'grpc_buffer_size'), size)
        .map(([name, text]) => location(`${name} ${text};`)),
      60,
    );
  });

  test('server lines', () => {
    const parameter = fc.oneof(
      fc.constantFrom(
        'down',
        'weight=2',
        'weight=',
        'max_conns=3',
        'max_fails=x',
        'fail_timeout=3s',
        'fail_timeout=1ms',
        'bogus',
      ),
      fc.nat({ max: 9 }).map((n) => `max_fails=${n}`),
    );
    const address = fc.oneof(
      fc.constantFrom('127.0.0.1', 'localhost:1', '[::1]:1', '[::1', '127.0.0.1:', ':1', '127.0.0.1:99999'),
      fc.nat({ max: 70_000 }).map((port) => `127.0.0.1:${port}`),
    );
    const line = fc
      .tuple(address, fc.array(parameter, { maxLength: 3 }))
      .map(([where, rest]) => `server ${[where, ...rest].join(' ')};`);
    agree(
      fc.array(line, { minLength: 1, maxLength: 2 }).map((lines) => upstream(lines.join('\n'))),
      150,
    );
    agree(
      line.map((text) => stream(`upstream u {\n${text}\n}`)),
      60,
    );
  });

  test('locations beside and inside each other', () => {
    const path = fc.constantFrom('/', '/a', '/a/', '/a/b', '/ab', '/b');
    const head = fc.oneof(
      fc
        .tuple(fc.constantFrom('', '= ', '^~ ', '~ ', '~* ', '=', '^~'), path)
        .map(([modifier, text]) => modifier + text),
      fc.constantFrom('@n', '@m'),
    );
    const block: fc.Arbitrary<string> = fc.letrec<{ block: string; inner: string[] }>((tie) => ({
      inner: fc.oneof({ maxDepth: 2 }, fc.constant<string[]>([]), fc.array(tie('block'), { maxLength: 2 })),
      block: fc.tuple(head, tie('inner')).map(([own, inner]) => `location ${own} {\n${inner.join('\n')}\n}`),
    })).block;
    agree(
      fc
        .array(block, { minLength: 1, maxLength: 3 })
        .map((blocks) => server(blocks.join('\n')))
        .filter(oneProblemAtMost),
      150,
    );
  });

  test('values with variables', () => {
    const piece = fc.constantFrom(
      '$host',
      '${uri}',
      '$',
      '${',
      '}',
      '$1',
      'text',
      '$http_x',
      '$no_such',
      '-',
      '${host',
      '$arg_a',
    );
    agree(
      fc
        .array(piece, { minLength: 1, maxLength: 3 })
        .map((parts) => server(`return 200 "${parts.join('')}";`))
        .filter(oneProblemAtMost),
      150,
    );
  });

  const included: Readonly<Record<string, string>> = {
    'listen.inc': 'listen 127.0.0.1:28999;',
    'pass.inc': 'proxy_pass 127.0.0.1:28998;',
    'servers.inc': 'server 127.0.0.1:28998;',
    'bad.inc': 'server 127.0.0.1:28998 weight=heavy;',
  };
  test.each([
    'http { server { include listen.inc; return 200; } }',
    'http { server { include listen.inc; include listen.inc; return 200; } }',
    'stream { server { include listen.inc; include pass.inc; } }',
    'stream { server { include pass.inc; } }',
    'stream { server { include listen.inc; } }',
    'http { upstream u { include servers.inc; } server { listen 127.0.0.1:28999; location / { proxy_pass http://u; } } }',
    'http { upstream u { include bad.inc; } server { listen 127.0.0.1:28999; location / { proxy_pass http://u; } } }',
  ])('what an included file says stands in its place: %s', (text) => {
    for (const [name, content] of Object.entries(included)) writeFileSync(join(judges.folder, name), content);
    compare({ name: text, text: `events { }\n${text}\n` });
  });

  test.each([
    'map $uri $host { default a; }',
    'map $uri $arg_of_mine { default a; }',
    'split_clients $uri $request_id { 50% a; * b; }',
    'map $uri $args { default a; }',
    'server { listen 127.0.0.1:28999; set $host a; return 200; }',
    'server { listen 127.0.0.1:28999; set $Host a; return 200; }',
    'server { listen 127.0.0.1:28999; set $args a=b; return 200; }',
    'server { listen 127.0.0.1:28999; set $limit_rate 1; return 200; }',
    'server { listen 127.0.0.1:28999; set $http_mine a; return 200; }',
    'server { listen 127.0.0.1:28999; set $upstream_addr a; return 200; }',
    'server { listen 127.0.0.1:28999; set $status a; return 200; }',
  ])('a variable that nginx has itself: %s', (text) => {
    compare({ name: text, text: `events { }\nhttp {\n${text}\n}\n` });
  });

  test('anything at all: quotes, braces, comments and escapes', () => {
    // Only the verdict is compared: of several errors each side may meet another one first.
    fc.assert(
      fc.property(anyConf, (text) => {
        const whole = `events { }\nhttp {\n types {\n${text.replaceAll('lab:', 'lob:')}\n }\n}\n`;
        const theirs = judges.nginx(whole);
        expect(judges.balancer(whole).good, `${theirs.text}\n${whole}`).toBe(theirs.good);
      }),
      differential(250),
    );
  });
});

/** With several errors in a file the two sides may name different ones first. */
function oneProblemAtMost(text: string): boolean {
  const plan = readPlan({ path: 'nginx.conf', text }, { notYet: new Set() });
  return plan.ok || plan.error.filter((problem) => problem.severity === 'error').length === 1;
}
