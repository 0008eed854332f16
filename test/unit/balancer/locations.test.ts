import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPlan } from '../../../src/balancer/buildPlan';
import { namedLocation, selectLocation } from '../../../src/balancer/locations';
import { compileServerName, type ServerName, selectServer } from '../../../src/balancer/servers';
import { renderMessage } from '../../../src/base/message';

function locationsOf(body: string) {
  const plan = readPlan(
    { path: 'f', text: `events { }\nhttp { server { listen 127.0.0.1:8080; ${body} } }` },
    { notYet: new Set() },
  );
  if (!plan.ok) throw new Error(plan.error.map((problem) => renderMessage(problem.message)).join('\n'));
  return plan.value.http?.servers[0]?.locations ?? [];
}

/** The location's path or expression as written; "301 …" for a redirect. */
function chosen(body: string, path: string): string | null {
  const choice = selectLocation(locationsOf(body), path);
  if (choice === null) return null;
  const { match } = choice.location;
  const name = match.kind === 'named' ? match.name : match.kind === 'regex' ? match.source : match.path;
  return choice.redirect ? `301 ${name}` : name;
}

describe('selectLocation', () => {
  const documented =
    'location = / { } location / { } location /documents/ { } location ^~ /images/ { } location ~* \\.(gif|jpg|jpeg)$ { }';

  // The five requests of the documentation of `location`, and more.
  test.each<[string, string, string | null]>([
    [documented, '/', '/'],
    [documented, '/index.html', '/'],
    [documented, '/documents/document.html', '/documents/'],
    [documented, '/images/1.gif', '/images/'],
    [documented, '/documents/1.jpg', '\\.(gif|jpg|jpeg)$'],
    [documented, '/documents/1.JPG', '\\.(gif|jpg|jpeg)$'],
    ['location /a { }', '/b', null],
    ['location /a { }', '/ab', '/a'],
    ['location /a { } location /abc { }', '/abd', '/a'],
    ['location ~ x { } location ~ xy { }', '/xy', 'x'],
    ['location ~ X { }', '/x', null],
    ['location = /x { } location ~ x { }', '/x', '/x'],
    ['location ^~ /a { location /a/b { } } location ~ c { }', '/a/b/c', '/a/b'],
    ['location /a { location ^~ /a/b { } } location ~ c { }', '/a/b/c', 'c'],
    ['location /a { location ~ b { } } location ~ c { }', '/a/b/c', 'b'],
    ['location /a { location = /a/b { } } location ~ b { }', '/a/b', '/a/b'],
    ['location /a { location ~ z { } }', '/a/b', '/a'],
    ['location ~ ^/a { location ~ b$ { } }', '/ab', 'b$'],
    ['location ~ ^/a { location ~ b$ { } }', '/ac', '^/a'],
    ['location @x { }', '@x', null],
    ['location /p/ { proxy_pass http://127.0.0.1:1; }', '/p', '301 /p/'],
    ['location /p/ { proxy_pass http://127.0.0.1:1; }', '/p/', '/p/'],
    ['location /p/ { return 200; }', '/p', null],
    ['location /p/ { proxy_pass http://127.0.0.1:1; } location = /p { }', '/p', '/p'],
    ['location /p/ { proxy_pass http://127.0.0.1:1; } location /p { }', '/p', '/p'],
    ['location /p/ { proxy_pass http://127.0.0.1:1; } location / { } location ~ p { }', '/p', '301 /p/'],
  ])('%s: %s', (body, path, expected) => {
    expect(chosen(body, path)).toBe(expected);
  });

  test('gives the captures of the expression', () => {
    const choice = selectLocation(locationsOf('location ~ ^/users/(?<id>\\d+)/(.*)$ { }'), '/users/42/orders');
    expect(choice?.captures?.groups?.id).toBe('42');
    expect(choice?.captures?.[2]).toBe('orders');
  });

  test('named locations are found by name only', () => {
    expect(namedLocation(locationsOf('location @x { } location /y { }'), '@x')?.match).toEqual({
      kind: 'named',
      name: '@x',
    });
    expect(namedLocation(locationsOf('location /y { }'), '/y')).toBeNull();
  });

  const path = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 4 }).map((parts) => `/${parts.join('/')}`);

  test('of plain prefixes, the longest that matches, whatever their order', () => {
    fc.assert(
      fc.property(fc.uniqueArray(path, { maxLength: 6 }), path, (prefixes, requested) => {
        const expected = [...prefixes]
          .filter((prefix) => requested.startsWith(prefix))
          .sort((a, b) => b.length - a.length)[0];
        expect(chosen(prefixes.map((prefix) => `location ${prefix} { }`).join(' '), requested)).toBe(expected ?? null);
      }),
    );
  });

  test('an exact location wins over everything', () => {
    fc.assert(
      fc.property(fc.uniqueArray(path, { maxLength: 4 }), path, (others, requested) => {
        const body = `location ~ ^/ { } ${others.map((other) => `location ^~ ${other} { }`).join(' ')} location = ${requested} { }`;
        const choice = selectLocation(locationsOf(body), requested);
        expect(choice?.location.match.kind).toBe('exact');
      }),
    );
  });
});

interface Named {
  readonly id: string;
  readonly names: readonly ServerName[];
}

function named(id: string, ...names: string[]): Named {
  return {
    id,
    names: names.map((text) => {
      const name = compileServerName(text);
      if (!name.ok) throw new Error(renderMessage(name.error));
      return name.value;
    }),
  };
}

describe('selectServer', () => {
  const servers = [
    named('default'),
    named('regex', '~^www\\d\\.example\\.org$', '~^(?<user>\\w+)\\.users\\.test$'),
    named('trailing', 'www.example.*', 'mail.*'),
    named('leading', '*.example.org', '*.deep.example.org'),
    named('dot', '.dot.test'),
    named('exact', 'www.example.org', 'Example.ORG'),
    named('second', 'www.example.org'),
  ] as const;

  test.each([
    ['www.example.org', 'exact'],
    ['WWW.EXAMPLE.ORG', 'exact'],
    ['www.example.org.', 'exact'],
    ['example.org', 'exact'],
    ['a.example.org', 'leading'],
    ['a.b.example.org', 'leading'],
    ['x.deep.example.org', 'leading'],
    ['www.example.com', 'trailing'],
    ['mail.anything.at.all', 'trailing'],
    ['www1.example.org', 'leading'],
    ['www1.example.net', 'default'],
    ['ann.users.test', 'regex'],
    ['dot.test', 'dot'],
    ['a.dot.test', 'dot'],
    ['nothing.test', 'default'],
    ['', 'default'],
  ])('%s: %s', (host, expected) => {
    expect(selectServer<Named>(servers, host, servers[0]).server.id).toBe(expected);
  });

  test('the longest wildcard wins, whatever the order', () => {
    const short = named('short', '*.org');
    const long = named('long', '*.example.org');
    for (const order of [
      [short, long],
      [long, short],
    ]) {
      expect(selectServer(order, 'a.example.org', short).server.id).toBe('long');
    }
  });

  test('captures are handed on', () => {
    expect(selectServer<Named>(servers, 'ann.users.test', servers[0]).captures?.groups?.user).toBe('ann');
  });

  test.each(['a.*.b', '*a', 'a*', '*.a.*', '~(', '~', 'a..b'])('%s is refused', (text) => {
    expect(compileServerName(text).ok).toBe(false);
  });
});
