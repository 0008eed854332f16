import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

/** The nginx of this machine, the judge of differential tests; null where there is none. */
export const nginxBinary: string | null = findNginx();

/** For `describe.skipIf`: without nginx a differential test has no judge. On CI it must have one. */
export const nginxIsMissing: boolean = nginxBinary === null;
if (nginxIsMissing && process.env.CI === 'true') throw new Error('nginx is not installed, and CI=true demands it');

/** Inside `http {}`: temporary files go under the prefix, where any user may write. */
export const httpTempPaths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  .map((name) => `${name}_temp_path temp_${name};`)
  .join(' ');

const streamModule = '/usr/lib/nginx/modules/ngx_stream_module.so';

export interface RunningNginx {
  /** Its temporary directory; relative paths in the configuration (logs) start here. */
  readonly prefix: string;
  /** What it wrote to standard error so far: its error log. */
  log(): string;
  read(file: string): string;
  /** Ends it and removes the prefix. */
  stop(): Promise<void>;
}

/**
 * Runs nginx as one process on a temporary prefix, and resolves once its listeners accept. `conf` is a whole file without
 * daemon, master_process, pid and error_log; the stream module is loaded where `conf` needs it. Rejects with what nginx
 * said where it does not start.
 */
export async function startNginx(conf: string, options: { readonly logLevel?: string } = {}): Promise<RunningNginx> {
  if (nginxBinary === null) throw new Error('nginx is not installed');
  const prefix = mkdtempSync(join(tmpdir(), 'traffic-lab-nginx-'));
  writeFileSync(join(prefix, 'nginx.conf'), conf);
  const level = options.logLevel ?? 'notice';
  const globals = `${moduleFor(conf)}daemon off; master_process off; pid nginx.pid; error_log stderr ${level};`;
  const child = spawn(nginxBinary, ['-p', `${prefix}/`, '-e', 'stderr', '-c', 'nginx.conf', '-g', globals], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => {
    log += text;
  });
  // A test runner that gives up on a test ends without stop(): nginx must not outlive it.
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  const stop = async () => {
    await end(child);
    process.off('exit', killAtExit);
    rmSync(prefix, { recursive: true, force: true });
  };
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`nginx ended with ${code}:\n${log}\n${conf}`)));
      // The "OS:" notice comes when the listeners are open.
      child.stderr.on('data', () => log.includes(' OS: ') && resolve());
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { prefix, log: () => log, read: (file) => readFileSync(join(prefix, file), 'utf8'), stop };
}

/**
 * What `nginx -t` says of a whole configuration file: whether it is good, and the text it printed. `files` lie beside it,
 * by relative path.
 */
export async function testConf(
  conf: string,
  files: Readonly<Record<string, string>> = {},
): Promise<{ readonly good: boolean; readonly output: string }> {
  if (nginxBinary === null) throw new Error('nginx is not installed');
  const prefix = mkdtempSync(join(tmpdir(), 'traffic-lab-nginx-'));
  try {
    for (const [file, text] of Object.entries({ ...files, 'nginx.conf': conf })) {
      mkdirSync(dirname(join(prefix, file)), { recursive: true });
      writeFileSync(join(prefix, file), text);
    }
    const args = [
      '-t',
      '-p',
      `${prefix}/`,
      '-e',
      'stderr',
      '-c',
      'nginx.conf',
      '-g',
      `${moduleFor(conf)}pid nginx.pid;`,
    ];
    const child = spawn(nginxBinary, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let output = '';
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (text: string) => {
      output += text;
    });
    const [code] = (await once(child, 'close')) as [number | null];
    return { good: code === 0, output };
  } finally {
    rmSync(prefix, { recursive: true, force: true });
  }
}

/**
 * Ports of 127.0.0.1 that are free and lie below those the system gives out, so that what is closed on purpose stays
 * closed while other tests run.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let port = 15_000 + (process.pid % 250) * 64; ports.length < count && port < 32_000; port += 1)
    if (await isFree(port)) ports.push(port);
  return ports;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  // One that comes while nginx is about to wait for its first event is noted but not acted on before the next.
  const again = setInterval(() => child.kill('SIGTERM'), 100);
  await exited;
  clearInterval(again);
}

function moduleFor(conf: string): string {
  const needed = /^\s*stream\s*\{/m.test(conf) && !/^\s*load_module\b/m.test(conf) && existsSync(streamModule);
  return needed ? `load_module ${streamModule}; ` : '';
}

function findNginx(): string | null {
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    '/usr/sbin',
    '/usr/local/sbin',
    '/usr/local/nginx/sbin',
  ];
  for (const folder of folders) {
    const file = join(folder, 'nginx');
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not here.
    }
  }
  return null;
}
