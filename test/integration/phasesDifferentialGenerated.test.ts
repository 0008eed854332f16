import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { differential, differentialTimeout } from '../harness/fuzz';
import { type TwinRequest, TwinStage } from '../harness/httpTwins';
import { nginxIsMissing } from '../harness/nginx';
import { server } from './httpDifferential.cases';

/*
 * Rewrite phases, maps and error pages that nobody thought of, through nginx and through the balancer. nginx works out the
 * length of a text before its parts; a map in it whose expression captures then disturbs `$1`, so that no text has both.
 */

const stage = new TwinStage();

beforeAll(() => stage.open());
afterAll(() => stage.close());

const LOCATIONS = 6;

const word = fc.constantFrom('a', 'b', 'AB', 'ab-1', '0', 'x y');
const argument = fc.constantFrom('$arg_p', '$arg_q', '$arg_none');
const set = fc.constantFrom('$v0', '$v1', '$v2');
const fact = fc.constantFrom('$uri', '$args', '$request_method', '$http_x_kind', '$host');
const text = fc.oneof(
  fc.array(fc.oneof(word, argument, set, fact, fc.constantFrom('$m0', '$m1', '$m2', '$split')), { maxLength: 3 }),
  fc.array(fc.oneof(word, argument, set, fc.constantFrom('$1', '$2', '$named')), { maxLength: 3 }),
);
/** With braces, so that a name ends where it ends. */
const quoted = text.map(
  (parts) => `"${parts.map((part) => part.replace(/^\$(\D.*)$/, (_, name) => `\${${name}}`)).join('')}"`,
);
const pattern = fc.constantFrom('^a', 'b$', '(a|b)(.*)', '^(?<named>.)', '.', '^$', '(\\d)', '^/l(.)');

const condition = fc.oneof(
  fc.oneof(argument, set, fc.constantFrom('$m0', '$split')).map((variable) => `(${variable})`),
  fc
    .tuple(fc.oneof(argument, set, fact), fc.constantFrom('=', '!='), quoted)
    .map(([variable, operator, value]) => `(${variable} ${operator} ${value})`),
  fc
    .tuple(fc.oneof(argument, set, fact, fc.constant('$m1')), fc.constantFrom('~', '~*', '!~', '!~*'), pattern)
    .map(([variable, operator, expression]) => `(${variable} ${operator} "${expression}")`),
);

const assign = fc.tuple(set, quoted).map(([variable, value]) => `set ${variable} ${value};`);
const answer = fc.oneof(
  fc.tuple(fc.constantFrom(200, 201, 403, 404, 500), quoted).map(([status, body]) => `return ${status} ${body};`),
  fc.constantFrom('return 404;', 'return 403;', 'return 410;', 'return 204;', 'return 301 /l0;', 'return 503;'),
);
const branch = fc
  .tuple(condition, fc.array(assign, { maxLength: 2 }), fc.option(answer))
  .map(([when, steps, last]) => `if ${when} { ${steps.join(' ')} ${last ?? ''} }`);
const steps = fc.array(fc.oneof(assign, branch), { maxLength: 4 }).map((all) => all.join('\n'));

const errorPage = fc
  .tuple(
    fc.constantFrom('403', '404', '410', '500 503', '301'),
    fc.constantFrom('', ' =', ' =200', ' =404', ' =302'),
    fc.oneof(
      fc.nat(LOCATIONS - 1).map((i) => `/l${i}`),
      fc.constantFrom('@named', 'http://example.org/far', '/nowhere', '/l1?p=$status', '/l2/$arg_p'),
    ),
  )
  .map(([statuses, told, to]) => `error_page ${statuses}${told} ${to};`);

const location = fc
  .record({
    steps,
    pages: fc.array(errorPage, { maxLength: 2 }),
    header: fc.option(quoted.map((value) => `add_header X-V ${value} always;`)),
    internal: fc.constantFrom('', '', '', 'internal;'),
  })
  .map(({ steps, pages, header, internal }) => `${pages.join('\n')} ${header ?? ''} ${internal} ${steps}`);

const mapKeys = ['default', '""', 'a', 'AB', '~^(a)(.)', '~*^B', '~(?<named>\\d)', '0', '~.'];
const map = fc.tuple(
  fc.oneof(argument, fact, set),
  fc.subarray(mapKeys),
  fc.array(
    fc.oneof(
      word.map((each) => `"${each}"`),
      argument,
      fc.constantFrom('$uri', '"$arg_p$arg_q"'),
    ),
    {
      minLength: mapKeys.length,
      maxLength: mapKeys.length,
    },
  ),
);

function mapText(i: number, [source, keys, values]: readonly [string, readonly string[], readonly string[]]): string {
  return `map ${source} $m${i} { ${keys.map((key, k) => `${key} ${values[k]};`).join(' ')} }`;
}

const file = fc.record({
  maps: fc.tuple(map, map, map),
  split: fc.tuple(argument, fc.integer({ min: 1, max: 99 })),
  outer: steps,
  pages: fc.array(errorPage, { maxLength: 2 }),
  locations: fc.array(location, { minLength: LOCATIONS, maxLength: LOCATIONS }),
  named: location.map((inside) => inside.replace('internal;', '')),
});

const value = fc.constantFrom('a', 'b', 'ab', 'AB', '0', '1', 'a1', '');
const request: fc.Arbitrary<TwinRequest> = fc
  .record({
    to: fc.oneof(
      { weight: 8, arbitrary: fc.nat(LOCATIONS - 1).map((i) => `/l${i}`) },
      { weight: 1, arbitrary: fc.constantFrom('/nowhere', '/l1/more', '/l2x') },
    ),
    p: fc.option(value),
    q: fc.option(value),
    kind: fc.option(value),
    method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'DELETE'),
  })
  .map(({ to, p, q, kind, method }) => {
    const query = [...(p === null ? [] : [`p=${p}`]), ...(q === null ? [] : [`q=${q}`])].join('&');
    return {
      method,
      target: query === '' ? to : `${to}?${query}`,
      fields: kind === null ? [] : [`X-Kind: ${kind}`],
    };
  });

describe.skipIf(nginxIsMissing)('generated rewrite phases, maps and error pages', () => {
  it('do the same in nginx and in the balancer', { timeout: differentialTimeout(60_000) }, async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(file, fc.array(request, { minLength: 10, maxLength: 25 }), async (made, requests) => {
        const { maps, split, outer, pages, locations, named } = made;
        const end = 'return 200 "$v0|$v1|$v2|$1|$named|$uri|$args";';
        const inside = [
          // Whatever a file only reads has to be set somewhere in it.
          'location /never { set $v0 ""; set $v1 ""; set $v2 ""; if ($uri ~ "(?<named>)") { return 200; } }',
          ...pages,
          outer,
          ...locations.map((each, i) => `location /l${i} { ${each}\n${end} }`),
          `location @named { ${named}\n${end} }`,
        ].join('\n');
        const before = [
          ...maps.map((each, i) => mapText(i, each)),
          `split_clients ${split[0]} $split { ${split[1]}% part; * ""; }`,
        ].join('\n');
        const answers = await stage.compare(before + server(stage.ports, inside), requests);
        if (answers !== null) accepted++;
      }),
      differential(25),
    );
    expect(accepted).toBeGreaterThan(5);
  });
});
