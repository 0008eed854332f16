// What has to stand before anything of this project runs: npm packages, Debian packages, an up-to-date build.
// Uses nothing but Node 20 itself, since on a fresh clone there is nothing else. Everything it says goes to standard
// error, so that `npm run -s lab -- … --json` stays clean.
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** Prints a line of progress for whoever waits. */
export function say(text) {
  process.stderr.write(`${text}\n`);
}

/** A failure that the reader can do something about: printed without a stack. */
export class PrepareError extends Error {}

/** Runs `main`, and turns its failure into a message and exit code 1. */
export async function runMain(main) {
  try {
    await main();
  } catch (error) {
    say(error instanceof PrepareError ? `\n${error.message}` : error instanceof Error ? error.stack : String(error));
    process.exitCode = 1;
  }
}

/** True in Korean surroundings; messages come in both languages, the reader's own first. */
function bilingual(ko, en) {
  const locale =
    process.env.LC_ALL || process.env.LC_MESSAGES || process.env.LANG || Intl.DateTimeFormat().resolvedOptions().locale;
  return /^ko/i.test(locale) ? `${ko}\n${en}` : `${en}\n${ko}`;
}

export { bilingual };

const children = new Set();
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** A signal to this process alone (the end of a CI job) has to reach what it started; then this ends too. */
function forward(signal) {
  for (const child of children) child.kill(signal);
  process.exit(1);
}

function track(child) {
  if (children.size === 0) for (const signal of signals) process.on(signal, forward);
  children.add(child);
  child.once('close', () => {
    children.delete(child);
    if (children.size === 0) for (const signal of signals) process.removeListener(signal, forward);
  });
}

/**
 * Runs a command to its end and gives its exit code (1 where a signal ended it). `quiet` keeps its output back and
 * shows it only where the command fails; otherwise standard output joins standard error.
 */
export function run(command, args, { cwd = root, env = process.env, quiet = false } = {}) {
  return new Promise((resolve, reject) => {
    const windowsScript = process.platform === 'win32' && !/\.exe$|^node$/.test(command);
    const child = spawn(command, args, {
      cwd,
      env,
      shell: windowsScript,
      stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', process.stderr, process.stderr],
    });
    track(child);
    const kept = [];
    child.stdout?.on('data', (chunk) => kept.push(chunk));
    child.stderr?.on('data', (chunk) => kept.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code !== 0 && kept.length > 0) process.stderr.write(Buffer.concat(kept));
      resolve(code ?? 1);
    });
  });
}

/** Full path of a program on PATH (or in `more`), or null. */
export function findProgram(names, more = []) {
  const extensions = process.platform === 'win32' ? ['.exe', '.cmd', ''] : [''];
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  for (const name of names) {
    for (const folder of folders) {
      for (const extension of extensions) {
        const file = path.join(folder, name + extension);
        if (folder !== '' && isExecutable(file)) return file;
      }
    }
  }
  return more.find(isExecutable) ?? null;
}

function isExecutable(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/**
 * Runs `work` while holding a lock file, so that two commands started at once do not write the same thing. The lock
 * of a process that is gone is taken over.
 */
export async function withLock(file, work) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const token = `${process.pid} ${randomUUID()}`;
  let told = false;
  for (;;) {
    try {
      fs.writeFileSync(file, token, { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const holder = readIfThere(file);
    if (holder === null) continue;
    const pid = Number.parseInt(holder, 10);
    // The holder touches its lock every second: an old one is left over, whoever has its process number by now.
    const isStale = Date.now() - mtime(file) > 30_000 || (!Number.isNaN(pid) && !isAlive(pid));
    if (isStale) {
      // Renaming is atomic, so only one of several waiting processes clears a stale lock, and never a fresh one.
      const aside = `${file}.${randomUUID()}`;
      try {
        fs.renameSync(file, aside);
        if (fs.readFileSync(aside, 'utf8') !== holder) fs.linkSync(aside, file);
      } catch {}
      fs.rmSync(aside, { force: true });
      continue;
    }
    if (!told) say(`waiting for process ${pid}, which prepares the same thing (${file}) …`);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const release = () => {
    if (readIfThere(file) === token) fs.rmSync(file, { force: true });
  };
  process.once('exit', release);
  const heartbeat = setInterval(() => {
    const now = new Date();
    if (readIfThere(file) === token) fs.utimesSync(file, now, now);
  }, 1_000).unref();
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    release();
    process.removeListener('exit', release);
  }
}

function readIfThere(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

function mtime(file) {
  try {
    return fs.statSync(file).mtimeMs;
  } catch {
    return 0;
  }
}

// ---- npm packages -------------------------------------------------------------------------------------------------

const modules = path.join(root, 'node_modules');
const node24 = path.join(modules, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

/** Environment for an npm of our own inside an `npm run`: without what describes the outer one. */
export function npmEnvironment(extra = {}) {
  const env = { ...process.env, ...extra };
  for (const key of Object.keys(env)) {
    if (
      /^npm_(package_|lifecycle_|command$|config_(local_prefix|global_prefix|prefix|omit|include|production|ignore_scripts|json|workspace)$)/i.test(
        key,
      )
    ) {
      delete env[key];
    }
  }
  delete env.NODE_ENV;
  return env;
}

/**
 * Brings node_modules to the state of package-lock.json with `npm ci` where it is not, and puts its Node 24 first on
 * PATH for everything started from here on.
 * @throws {PrepareError} where the installation fails
 */
export async function ensurePackages() {
  const lockText = fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8');
  const stamp = path.join(modules, '.traffic-lab-lock');
  const wanted = createHash('sha256').update(lockText).digest('hex');
  const isReady = () => readIfThere(stamp) === wanted && fs.existsSync(node24);
  if (!isReady()) {
    await withLock(path.join(root, '.cache', 'packages.lock'), async () => {
      if (isReady()) return;
      if (!(isInstalled(JSON.parse(lockText)) && fs.existsSync(node24))) await installPackages();
      fs.writeFileSync(stamp, wanted);
    });
  }
  process.env.PATH = `${path.dirname(node24)}${path.delimiter}${path.join(modules, '.bin')}${path.delimiter}${process.env.PATH ?? ''}`;
}

/** Whether npm's own record of node_modules has the lock file's version of every package that is not optional. */
function isInstalled(lock) {
  const record = readIfThere(path.join(modules, '.package-lock.json'));
  if (record === null) return false;
  const installed = JSON.parse(record).packages ?? {};
  return Object.entries(lock.packages).every(
    ([place, { version, optional }]) => place === '' || optional === true || installed[place]?.version === version,
  );
}

async function installPackages() {
  say('Installing npm packages (npm ci) …');
  const code = await run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], {
    env: npmEnvironment(),
    quiet: true,
  });
  if (code === 0 && spawnSync(node24, ['--version']).status === 0) return;
  throw new PrepareError(
    code === 0
      ? bilingual(
          'npm ci는 끝났지만 node 패키지의 Node 24를 실행할 수 없습니다. npm 설정에 ignore-scripts가 켜져 있다면 끄고 다시 실행하십시오.',
          "npm ci went through, but the Node 24 of the package 'node' does not run. Where npm's setting ignore-scripts is on, switch it off and run the command again.",
        )
      : bilingual(
          'npm 패키지를 설치하지 못했습니다. 위의 오류를 확인하십시오. 네트워크가 막혀 있으면 프록시나 사내 레지스트리를 설정한 뒤(npm config set proxy …, npm config set registry …) 같은 명령을 다시 실행하십시오.',
          'The npm packages could not be installed; see the error above. On a closed network set a proxy or your own registry (npm config set proxy …, npm config set registry …), then run the same command again.',
        ),
  );
}

// ---- build --------------------------------------------------------------------------------------------------------

const outputs = [
  'extension.js',
  'workers/balancer.js',
  'workers/backend.js',
  'workers/traffic.js',
  'cli/lab.js',
  'cli/balancer.js',
  'webview/page.js',
  'webview/page.css',
].map((name) => path.join(root, 'dist', name));

const inputs = ['src', 'webview', 'esbuild.config.mjs', '.ci/mermaidStubs.mjs', 'package.json', 'package-lock.json'].map((name) => path.join(root, name));
  path.join(root, name),
);

/** Newest change below a file or folder, ms since the epoch. */
function newest(place) {
  const stat = fs.statSync(place, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return fs.readdirSync(place).reduce((latest, name) => Math.max(latest, newest(path.join(place, name))), stat.mtimeMs);
}

/** Whether every output of the build is there and younger than every source. */
export function isBuilt() {
  return Math.min(...outputs.map(mtime)) > Math.max(...inputs.map(newest));
}

/**
 * Builds dist/ where it is missing or older than the sources.
 * @throws {PrepareError} where the build fails
 */
export async function ensureBuilt() {
  if (isBuilt()) return;
  await withLock(path.join(root, '.cache', 'build.lock'), async () => {
    if (isBuilt()) return;
    if ((await run('node', ['esbuild.config.mjs'])) !== 0) {
      throw new PrepareError(
        bilingual('빌드하지 못했습니다. 위의 오류를 확인하십시오.', 'The build failed; see the errors above.'),
      );
    }
  });
}

// ---- Debian packages ----------------------------------------------------------------------------------------------

/** Debian package -> whether what we use of it is there, from wherever it came. */
const debianPackages = {
  chromium: () => findChromium() !== null,
  nginx: () => findProgram(['nginx'], ['/usr/sbin/nginx']) !== null,
  'libnginx-mod-stream': () => fs.existsSync('/usr/lib/nginx/modules/ngx_stream_module.so'),
  haproxy: () => findProgram(['haproxy'], ['/usr/sbin/haproxy']) !== null,
  'redis-server': () => findProgram(['redis-server', 'valkey-server']) !== null,
  'fonts-noto-cjk': () => {
    const fonts = spawnSync('fc-list', [':lang=ko', 'family'], { encoding: 'utf8' });
    return fonts.status === 0 && fonts.stdout.trim() !== '';
  },
};

/** Everything the tests want of the system. */
export const testPackages = Object.keys(debianPackages);

/** A Chromium-like browser that playwright can drive, or null. */
export function findChromium() {
  return findProgram(
    ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    [
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
      'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
    ],
  );
}

/**
 * Installs what is missing of the named Debian packages, where this is root on a machine with apt-get; no service of
 * theirs is started. Gives the names of those still missing: what needs them is skipped, and a skip is counted.
 */
export async function ensureDebianPackages(names) {
  const missing = () => names.filter((name) => !debianPackages[name]());
  const wanted = missing();
  if (wanted.length === 0) return [];
  if (process.getuid?.() === 0 && findProgram(['apt-get']) !== null) {
    say(`Installing Debian packages: ${wanted.join(' ')} …`);
    await withoutServices(wanted, async () => {
      const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
      const quiet = true;
      await run('apt-get', ['update', '-q'], { env, quiet });
      const install = ['install', '-y', '-q', '--no-install-recommends'];
      // All at once is quicker; one by one still brings the others where one of them cannot be had.
      if ((await run('apt-get', [...install, ...wanted], { env, quiet })) === 0) return;
      for (const name of wanted) await run('apt-get', [...install, name], { env, quiet });
    });
  }
  const left = missing();
  if (left.length > 0) {
    say(
      bilingual(
        `없는 패키지: ${left.join(' ')}. 이것이 필요한 테스트는 건너뜁니다. 설치하려면: sudo apt-get install ${left.join(' ')}`,
        `Not here: ${left.join(' ')}. Tests that need them are skipped. To have them: sudo apt-get install ${left.join(' ')}`,
      ),
    );
  }
  return left;
}

/** Keeps packages that are being installed from starting their servers, now (policy-rc.d) and at the next boot. */
async function withoutServices(names, work) {
  const policy = '/usr/sbin/policy-rc.d';
  let isOurs = false;
  try {
    fs.writeFileSync(policy, '#!/bin/sh\nexit 101\n', { flag: 'wx', mode: 0o755 });
    isOurs = true;
  } catch {
    // The machine has a policy of its own already.
  }
  const remove = () => {
    if (isOurs) fs.rmSync(policy, { force: true });
  };
  process.once('exit', remove);
  try {
    await work();
  } finally {
    remove();
    process.removeListener('exit', remove);
  }
  for (const service of ['nginx', 'haproxy', 'redis-server'].filter((name) => names.includes(name))) {
    if (fs.existsSync('/run/systemd/system'))
      spawnSync('systemctl', ['disable', '--now', service], { stdio: 'ignore' });
    else if (!isOurs) spawnSync('service', [service, 'stop'], { stdio: 'ignore' });
  }
}
