// What runs in a benchmark: nginx, HAProxy, this balancer, npm proxies, load generators. One process each, on one core's
// worth of threads (nginx: one worker; HAProxy: nbthread 1), since Node has one.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { findProgram, root, run, say } from '../../../.ci/commands.mjs';
import { cacheFolder } from '../../../.ci/vscode.mjs';

const sbin = ['/usr/sbin', '/usr/local/sbin'];
const program = (name) =>
  findProgram(
    [name],
    sbin.map((folder) => path.join(folder, name)),
  );
export const nginx = program('nginx');
export const haproxy = program('haproxy');
export const wrk = program('wrk');
export const h2load = program('h2load');

const running = new Set();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a server and waits until its port accepts. */
async function serve(command, args, port, options = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], ...options });
  running.add(child);
  let said = '';
  let ended = false;
  child.stderr.on('data', (chunk) => {
    said = (said + chunk).slice(-4_000);
  });
  child.once('exit', () => {
    ended = true;
    running.delete(child);
  });
  while (!(await accepts(port))) {
    if (ended) throw new Error(`${command} ${args.join(' ')} ended:\n${said}`);
    await pause(20);
  }
  return {
    pid: child.pid,
    async stop() {
      if (ended) return;
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 3_000);
      await exited;
      clearTimeout(timer);
    },
  };
}

export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'traffic-lab-bench-'));
process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
let files = 0;

function file(text) {
  files += 1;
  const name = path.join(folder, `conf${files}`);
  fs.writeFileSync(name, text);
  return name;
}

/** A file of zeros to be served. */
export function zeros(bytes) {
  const name = path.join(folder, `zeros${bytes}`);
  fs.writeFileSync(name, '');
  fs.truncateSync(name, bytes);
  return { folder, name: path.basename(name) };
}

const streamModule = '/usr/lib/nginx/modules/ngx_stream_module.so';

export function startNginx(conf, port) {
  const load = /^stream/m.test(conf) && fs.existsSync(streamModule) ? `load_module ${streamModule};` : '';
  const globals = `daemon off; master_process off; pid ${folder}/nginx${port}.pid; error_log stderr crit; worker_rlimit_nofile 20000;`;
  return serve(nginx, ['-p', folder, '-e', 'stderr', '-c', file(`${load}\n${conf}`), '-g', globals], port);
}

export function startBalancer(conf, port) {
  const cli = path.join(root, 'dist/cli/balancer.js');
  const globals = `daemon off; pid ${folder}/balancer${port}.pid; error_log stderr crit;`;
  // Young objects in 24 MB at most: as quick, and 30 MB less for idle connections.
  const options = ['--max-semi-space-size=8'];
  return serve(process.execPath, [...options, cli, '-p', `${folder}/`, '-c', file(conf), '-g', globals], port);
}

export function startHaproxy(conf, port) {
  return serve(haproxy, ['-db', '-f', file(`global\n  nbthread 1\n  maxconn 8000\n${conf}\n`)], port);
}

/** Installs the npm proxies into the cache, once per list of versions. Returns where they are. */
export async function installPeers() {
  const source = path.join(root, 'test/bench/peers');
  const wanted = fs.readFileSync(path.join(source, 'package.json'), 'utf8');
  const place = path.join(
    cacheFolder(),
    `bench-peers-${createHash('sha256').update(wanted).digest('hex').slice(0, 12)}`,
  );
  const stamp = path.join(place, '.installed');
  fs.mkdirSync(place, { recursive: true });
  for (const name of fs.readdirSync(source)) {
    if (name !== 'node_modules') fs.copyFileSync(path.join(source, name), path.join(place, name));
  }
  if (!fs.existsSync(stamp)) {
    say('Installing the npm proxies to compare with …');
    const code = await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'], {
      cwd: place,
      quiet: true,
    });
    if (code !== 0) throw new Error('the npm proxies could not be installed');
    fs.writeFileSync(stamp, '');
  }
  return place;
}

export function startPeer(place, name, port, target) {
  return serve(process.execPath, [path.join(place, `${name}.mjs`), String(port), String(target)], port, { cwd: place });
}

/** Version lines of what is compared. */
export function versions(peers) {
  const said = (command, args) => {
    const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
    return (
      `${stdout}${stderr}`
        .split('\n')
        .find((line) => line.trim() !== '')
        ?.trim() ?? ''
    );
  };
  const of = (name) =>
    JSON.parse(fs.readFileSync(path.join(peers, 'node_modules', name, 'package.json'), 'utf8')).version;
  return [
    nginx === null ? 'no nginx' : said(nginx, ['-v']),
    haproxy === null ? 'no HAProxy' : said(haproxy, ['-v']),
    ...(peers === null
      ? []
      : ['http-proxy-3', 'fast-proxy', '@fastify/http-proxy'].map((name) => `${name} ${of(name)}`)),
  ];
}

/** Runs a program to its end and gives its output. Not spawnSync: what else runs here goes on. */
export function output(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    child.stderr.on('data', (chunk) => {
      text += chunk;
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      running.delete(child);
      if (code === 0) resolve(text);
      else reject(new Error(`${command} ended with ${code}:\n${text}`));
    });
  });
}

/** Resident memory of a process now and at most so far, MB (Linux). */
export function memory(pid) {
  const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
  const of = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024;
  return { now: of('VmRSS'), peak: of('VmHWM') };
}

/** Processor time a process has used so far, seconds (Linux; its clock ticks are hundredths). */
export function cpuSeconds(pid) {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) / 100;
}
