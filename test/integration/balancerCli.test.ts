import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, watch, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

/** The command as a test suite written for nginx would use it: started, signalled, its files and its log read. */

let built = '';
let program = '';
beforeAll(async () => {
  built = mkdtempSync(join(tmpdir(), 'balancer-built-'));
  program = join(built, 'balancer.cjs');
  await build({
    entryPoints: ['src/balancer/cli.ts'],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    outfile: program,
    logLevel: 'error',
    mainFields: ['module', 'main'],
  });
});
afterAll(() => rmSync(built, { recursive: true, force: true }));

let folder = '';
let backend: Server;
const children: ChildProcess[] = [];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'balancer-cli-'));
  mkdirSync(join(folder, 'logs'));
  backend = createServer((request, response) => response.end(`served ${request.url}`));
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    }
  }
  backend.closeAllConnections();
  await new Promise((resolve) => backend.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port;

/** A port that nobody has right now. */
async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function writeConf(port: number, extra = ''): void {
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log debug;
events { }
http {
    server {
        listen 127.0.0.1:${port};
        location / { proxy_pass http://127.0.0.1:${portOf(backend)}; }
        ${extra}
    }
}
`,
  );
}

interface Running {
  readonly child: ChildProcess;
  readonly exit: Promise<number | null>;
  stderr(): string;
}

function start(...argv: string[]): Running {
  const child = spawn(process.execPath, [program, ...argv], { stdio: ['ignore', 'ignore', 'pipe'] });
  children.push(child);
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, exit, stderr: () => stderr };
}

/** Resolves once a file of the folder satisfies the test; looks again whenever something in the folder changes. */
function fileHas(name: string, holds: (text: string) => boolean): Promise<string> {
  const path = join(folder, name);
  return new Promise((resolve) => {
    const look = () => {
      const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
      if (!holds(text)) return;
      watcher.close();
      resolve(text);
    };
    const watcher = watch(folder, look);
    look();
  });
}

const pidFile = () => fileHas('nginx.pid', (text) => text.endsWith('\n'));
const logged = (text: string) => fileHas('error.log', (log) => log.includes(text));
const serve = () => start('-p', `${folder}/`, '-c', 'nginx.conf', '-e', 'error.log');

async function get(port: number, path = '/'): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } });
  return response.text();
}

describe('serving', () => {
  test('the pid file is there once the listeners accept, and holds the process that serves', async () => {
    const port = await freePort();
    writeConf(port);
    const running = serve();
    expect(Number(await pidFile())).toBe(running.child.pid);
    expect(await get(port, '/orders')).toBe('served /orders');
    running.child.kill('SIGTERM');
    expect(await running.exit).toBe(0);
    expect(existsSync(join(folder, 'nginx.pid'))).toBe(false);
    expect(running.stderr()).toBe('');
  });

  test('log lines have nginx’s form, and none is an alert', async () => {
    writeConf(await freePort());
    const running = serve();
    await pidFile();
    running.child.kill('SIGINT');
    expect(await running.exit).toBe(0);
    const lines = readFileSync(join(folder, 'error.log'), 'utf8').trimEnd().split('\n');
    for (const line of lines) expect(line).toMatch(/^\d{4}(\/\d\d){2} \d\d(:\d\d){2} \[[a-z]+\] \d+#\d+: ./);
    expect(lines.filter((line) => line.includes('[alert]'))).toEqual([]);
  });

  test('a taken port: the reason on standard error and in the log, status 1, no pid file', async () => {
    writeConf(portOf(backend));
    const running = serve();
    expect(await running.exit).toBe(1);
    expect(running.stderr()).toMatch(
      /^nginx: \[emerg\] bind\(\) to 127\.0\.0\.1:\d+ failed \(98: Address already in use\)/m,
    );
    expect(readFileSync(join(folder, 'error.log'), 'utf8')).toContain('[emerg]');
    expect(existsSync(join(folder, 'nginx.pid'))).toBe(false);
  });

  test('a log that cannot be opened: -t says so, and nothing starts', async () => {
    const port = await freePort();
    writeConf(port, `access_log ${folder}/nowhere/access.log;`);
    for (const more of [['-t'], []]) {
      const running = start('-p', folder, '-c', 'nginx.conf', ...more);
      expect(await running.exit).toBe(1);
      expect(running.stderr()).toContain(
        `nginx: [emerg] open() "${folder}/nowhere/access.log" failed (2: No such file or directory)`,
      );
    }
    await expect(get(port)).rejects.toThrow();
  });

  test('each level has the error logs it says, else the outer level’s', async () => {
    const port = await freePort();
    writeConf(
      port,
      `error_log server.log info;
       location = /server { return 400; } location = /own { error_log own.log; root nowhere; }
       location = /high { error_log high.log crit; root nowhere; }`,
    );
    const running = serve();
    await pidFile();
    await Promise.all(['/own', '/high', '/else/'].map((path) => get(port, path)));
    await fetch(`http://127.0.0.1:${port}/server`, { method: 'POST', body: 'x'.repeat(2_000_000) }).catch(() => null);
    const read = (name: string) => readFileSync(join(folder, name), 'utf8');
    expect(read('own.log')).toMatch(/^[^\n]*\[error\] [^\n]*"GET \/own HTTP[^\n]*\n$/);
    expect(read('high.log')).toBe('');
    expect(read('server.log')).toContain('too large body');
    expect(read('error.log')).toContain('start worker process');
    expect(read('error.log')).not.toContain('client:');
    running.child.kill('SIGTERM');
    expect(await running.exit).toBe(0);
  });

  test('a bad file: the reason in the log as well', async () => {
    writeFileSync(join(folder, 'nginx.conf'), 'events { }\nhttp {\n  nonsense;\n}\n');
    const running = start('-p', folder, '-c', 'nginx.conf', '-e', 'first.log');
    expect(await running.exit).toBe(1);
    expect(readFileSync(join(folder, 'first.log'), 'utf8')).toMatch(
      /\[emerg\] \d+#\d+: unknown directive "nonsense" in .*nginx\.conf:3$/m,
    );
  });

  test('a pid file that cannot be written: status 1, nothing left listening', async () => {
    const port = await freePort();
    writeConf(port);
    rmSync(join(folder, 'nginx.pid'), { force: true });
    mkdirSync(join(folder, 'nginx.pid'));
    const running = serve();
    expect(await running.exit).toBe(1);
    expect(running.stderr()).toContain('[emerg] open()');
    await expect(get(port)).rejects.toThrow();
  });
});

describe('signals', () => {
  test('HUP serves the new configuration, without a gap in what listens', async () => {
    const port = await freePort();
    writeConf(port);
    const running = serve();
    await pidFile();
    writeConf(port, 'location /new { return 200 "new"; }');
    running.child.kill('SIGHUP');
    await logged(`] ${running.child.pid}#${running.child.pid}: reconfigured`);
    expect(await get(port, '/new')).toBe('new');
    expect(await get(port, '/old')).toBe('served /old');
    running.child.kill('SIGTERM');
    expect(await running.exit).toBe(0);
  });

  test('HUP with a bad file is logged, and the old configuration serves on', async () => {
    const port = await freePort();
    writeConf(port);
    const running = serve();
    await pidFile();
    writeFileSync(join(folder, 'nginx.conf'), 'events { }\nhttp { bogus 1; }\n');
    running.child.kill('SIGHUP');
    await logged(
      `[emerg] ${running.child.pid}#${running.child.pid}: unknown directive "bogus" in ${folder}/nginx.conf:2`,
    );
    expect(await get(port, '/still')).toBe('served /still');
    running.child.kill('SIGTERM');
    expect(await running.exit).toBe(0);
  });

  test('HUP with a log that cannot be opened keeps the old configuration, its log and its pid file', async () => {
    const port = await freePort();
    writeConf(port);
    const running = serve();
    await pidFile();
    const conf = join(folder, 'nginx.conf');
    const good = readFileSync(conf, 'utf8');
    writeFileSync(conf, good.replace('error.log debug', 'nowhere/error.log').replace('/nginx.pid', '/moved.pid'));
    running.child.kill('SIGHUP');
    await logged(`open() "${folder}/nowhere/error.log" failed (2: No such file or directory)`);
    expect(await get(port, '/still')).toBe('served /still');
    expect(existsSync(join(folder, 'moved.pid'))).toBe(false);

    writeFileSync(conf, good.replace('/nginx.pid', '/moved.pid'));
    running.child.kill('SIGHUP');
    await logged('reconfigured');
    expect(readFileSync(join(folder, 'moved.pid'), 'utf8')).toBe(`${running.child.pid}\n`);
    expect(existsSync(join(folder, 'nginx.pid'))).toBe(false);
    running.child.kill('SIGTERM');
    expect(await running.exit).toBe(0);
    expect(existsSync(join(folder, 'moved.pid'))).toBe(false);
  });

  test('QUIT lets the request that runs end', async () => {
    const port = await freePort();
    writeConf(port);
    let answer: (() => void) | undefined;
    const arrived = new Promise<void>((resolve) => {
      backend.removeAllListeners('request');
      backend.on('request', (_request, response) => {
        answer = () => response.end('late');
        resolve();
      });
    });
    const running = serve();
    await pidFile();
    const pending = get(port);
    await arrived;
    running.child.kill('SIGQUIT');
    await logged('gracefully shutting down');
    answer?.();
    expect(await pending).toBe('late');
    expect(await running.exit).toBe(0);
  });

  test('USR1 opens the log anew, so that a rotated one is let go', async () => {
    writeConf(await freePort());
    const running = serve();
    await pidFile();
    renameSync(join(folder, 'error.log'), join(folder, 'error.log.1'));
    running.child.kill('SIGUSR1');
    await fileHas('error.log', () => existsSync(join(folder, 'error.log')));
    running.child.kill('SIGTERM');
    expect(await running.exit).toBe(0);
    expect(readFileSync(join(folder, 'error.log'), 'utf8')).toContain('exit');
  });

  test('-s reaches the process of the pid file', async () => {
    writeConf(await freePort());
    const running = serve();
    await pidFile();
    const sender = start('-p', folder, '-c', 'nginx.conf', '-s', 'stop');
    expect(await sender.exit).toBe(0);
    expect(await running.exit).toBe(0);
  });
});

describe('daemon on', () => {
  test('the command returns when the one in the background serves', async () => {
    const port = await freePort();
    writeConf(port);
    const path = join(folder, 'nginx.conf');
    writeFileSync(path, readFileSync(path, 'utf8').replace('daemon off;\n', ''));
    const starter = serve();
    expect(await starter.exit).toBe(0);
    const pid = Number(readFileSync(join(folder, 'nginx.pid'), 'utf8'));
    expect(pid).not.toBe(starter.child.pid);
    expect(await get(port, '/x')).toBe('served /x');
    process.kill(pid, 'SIGTERM');
    // The log's last line is written when nothing listens any more.
    await fileHas('error.log', (log) => log.trimEnd().endsWith(': exit'));
    await expect(get(port)).rejects.toThrow();
  });

  test('the command fails as the one in the background fails', async () => {
    writeConf(portOf(backend));
    const path = join(folder, 'nginx.conf');
    writeFileSync(path, readFileSync(path, 'utf8').replace('daemon off;\n', ''));
    const starter = serve();
    expect(await starter.exit).toBe(1);
    expect(starter.stderr()).toContain('[emerg]');
  });
});
