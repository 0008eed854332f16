import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ErrorLog } from '../../../src/balancer/cli/errorLog';
import { machineFiles } from '../../../src/balancer/cli/files';
import { parseCommandLine } from '../../../src/balancer/cli/options';
import { run } from '../../../src/balancer/cli/run';
import type { Clock } from '../../../src/base/clock';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'balancer-cli-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function command(...argv: string[]) {
  let out = '';
  let err = '';
  const terminal = {
    cwd: folder,
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
  };
  const status = await run(argv, terminal, () => Promise.reject(new Error('This must not begin to serve')));
  return { status, out, err };
}

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('the command line', () => {
  const parse = (...argv: string[]) => {
    const line = parseCommandLine(argv, '/here');
    return line.ok ? line.value : line.error;
  };

  test('paths are relative to the prefix, the prefix to the current folder', () => {
    expect(parse('-p', 'site', '-c', 'a.conf', '-e', 'e.log')).toMatchObject({
      action: 'serve',
      prefix: '/here/site/',
      confPath: '/here/site/a.conf',
      errorLog: '/here/site/e.log',
    });
    expect(parse()).toMatchObject({ prefix: '/here/', confPath: '/here/conf/nginx.conf', errorLog: null });
    expect(parse('-p', '/x/', '-c', '/y/a.conf', '-e', 'stderr')).toMatchObject({
      prefix: '/x/',
      confPath: '/y/a.conf',
      errorLog: 'stderr',
    });
  });

  test('options may be glued together and to their values', () => {
    expect(parse('-tq', '-c/a.conf', '-gdaemon off;')).toMatchObject({
      action: 'test',
      quiet: true,
      confPath: '/a.conf',
      globals: 'daemon off;',
    });
    expect(parse('-t', '-T')).toMatchObject({ action: 'dump' });
    expect(parse('-t', '-V')).toMatchObject({ action: 'configuration' });
    expect(parse('-s', 'reload')).toMatchObject({ action: 'signal', signal: 'reload' });
  });

  test.each([
    [['-x'], 'invalid option: "x"'],
    [['conf'], 'invalid option: "conf"'],
    [['-c'], 'option "-c" requires file name'],
    [['-p'], 'option "-p" requires directory name'],
    [['-s', 'now'], 'invalid option: "-s now"'],
  ])('%j is refused', (argv, expected) => {
    expect(parse(...argv)).toBe(expected);
  });
});

describe('-t', () => {
  test('a good file', async () => {
    const path = write('nginx.conf', 'events { }\n');
    expect(await command('-t', '-c', path)).toEqual({
      status: 0,
      out: '',
      err: `nginx: the configuration file ${path} syntax is ok\nnginx: configuration file ${path} test is successful\n`,
    });
    expect(await command('-tq', '-c', path)).toEqual({ status: 0, out: '', err: '' });
  });

  test('a bad file: every problem, in nginx’s form, with what to do', async () => {
    const path = write('nginx.conf', 'evnts { }\nhttp { listn 80; }\n');
    const { status, err } = await command('-t', '-p', folder, '-c', 'nginx.conf');
    expect(status).toBe(1);
    expect(err.split('\n').filter((line) => line.startsWith('nginx:'))).toEqual([
      `nginx: [emerg] unknown directive "evnts" in ${path}:1`,
      `nginx: [emerg] no "events" section in configuration in ${path}:1`,
      `nginx: [emerg] unknown directive "listn" in ${path}:2`,
      `nginx: configuration file ${path} test failed`,
    ]);
    expect(err).toContain('column 1: Did you mean "events"?');
  });

  test('a missing file', async () => {
    const path = join(folder, 'none.conf');
    expect(await command('-t', '-c', path)).toEqual({
      status: 1,
      out: '',
      err: `nginx: [emerg] open() "${path}" failed (2: No such file or directory)\nnginx: configuration file ${path} test failed\n`,
    });
  });

  test('-T prints every file that was read', async () => {
    const included = write('part.conf', 'worker_processes 1;\n');
    const path = write('nginx.conf', 'include part.conf;\nevents { }\n');
    const { status, out } = await command('-T', '-c', path);
    expect(status).toBe(0);
    expect(out).toBe(
      `# configuration file ${path}:\ninclude part.conf;\nevents { }\n\n# configuration file ${included}:\nworker_processes 1;\n\n`,
    );
  });

  test('-g comes before the file', async () => {
    const path = write('nginx.conf', 'events { }\ndaemon on;\n');
    const { err } = await command('-t', '-c', path, '-g', 'daemon off;');
    expect(err).toContain(`nginx: [emerg] "daemon" directive is duplicate in ${path}:2\n`);
  });
});

describe('-v and -V', () => {
  test('go to standard error', async () => {
    expect(await command('-v')).toMatchObject({
      status: 0,
      out: '',
      err: expect.stringMatching(/^nginx version: \S+\n$/),
    });
  });

  test('-V tells what is there and what is not, as nginx would be configured', async () => {
    const { err } = await command('-V');
    const [version, sni, configured] = err.split('\n');
    // What test suites look for before they try names in TLS.
    expect(sni).toBe('TLS SNI support enabled');
    expect(version).toMatch(/^nginx version: /);
    expect(configured).toMatch(/^configure arguments: /);
    const words = (configured ?? '').split(' ');
    expect(words).toContain('--with-stream');
    expect(words).toContain('--with-http_v2_module');
    expect(words).toContain('--without-http_fastcgi_module');
    expect(words).not.toContain('--without-http_proxy_module');
    expect(words).not.toContain('--with-http_stub_status_module');
  });
});

describe('-s', () => {
  test('without a pid file', async () => {
    write('nginx.conf', 'events { }\n');
    const { status, err } = await command('-s', 'quit', '-p', folder, '-c', 'nginx.conf');
    expect(status).toBe(1);
    expect(err).toBe(`nginx: [error] open() "${folder}/logs/nginx.pid" failed (2: No such file or directory)\n`);
  });

  test('with a pid file that holds none', async () => {
    write('nginx.conf', 'events { }\npid the.pid;\n');
    write('the.pid', 'soon\n');
    const { status, err } = await command('-s', 'stop', '-p', folder, '-c', 'nginx.conf');
    expect(status).toBe(1);
    expect(err).toBe(`nginx: [error] invalid PID number "soon" in "${folder}/the.pid"\n`);
  });
});

describe('the error log', () => {
  const clock: Clock = {
    now: () => 0,
    wallNow: () => new Date(2026, 0, 31, 7, 8, 9).getTime(),
    setTimeout: () => ({ cancel: () => undefined }),
    setInterval: () => ({ cancel: () => undefined }),
  };

  test('has nginx’s form, and only lines of its level or worse', () => {
    const log = new ErrorLog(clock, `${folder}/`, 12);
    log.use([{ path: 'e.log', level: 'warn' }]);
    log.write('notice', 'not this');
    log.write('warn', 'this');
    log.write('emerg', 'and this');
    log.close();
    expect(readFileSync(join(folder, 'e.log'), 'utf8')).toBe(
      '2026/01/31 07:08:09 [warn] 12#12: this\n2026/01/31 07:08:09 [emerg] 12#12: and this\n',
    );
  });

  test('a full disk does not stop anything', () => {
    const log = new ErrorLog(clock, folder, 12);
    log.use([{ path: '/dev/full', level: 'debug' }]);
    expect(() => log.write('emerg', 'lost')).not.toThrow();
    log.close();
  });
});

test('patterns of include match as a shell’s do', () => {
  mkdirSync(join(folder, 'conf.d'));
  for (const name of ['b.conf', 'a.conf', '.hidden.conf', 'c.txt']) write(`conf.d/${name}`, '');
  const match = (pattern: string) =>
    machineFiles.match(join(folder, pattern)).map((path) => path.slice(folder.length + 1));
  expect(match('conf.d/*.conf')).toEqual(['conf.d/a.conf', 'conf.d/b.conf']);
  expect(match('*/?.txt')).toEqual(['conf.d/c.txt']);
  expect(match('conf.d/[!b].conf')).toEqual(['conf.d/a.conf']);
  expect(match('none/*.conf')).toEqual([]);
  expect(match('none.conf')).toEqual(['none.conf']);
});
