// What has to stand before anything of this project runs: npm packages, Debian packages, an up-to-date build.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { bilingual, findProgram, mtime, PrepareError, readIfThere, root, run, say, withLock } from './commands.mjs';

// ---- npm packages -------------------------------------------------------------------------------------------------

const modules = path.join(root, 'node_modules');
/** The Node that everything but the first install runs on. */
export const node24 = path.join(modules, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

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
          'npm ci는 끝났지만 node 패키지의 Node 24를 실행할 수 없습니다. npm 설정에 ignore-scripts가 켜져 있다면 끄고 다시 실행하세요.',
          "npm ci went through, but the Node 24 of the package 'node' does not run. Where npm's setting ignore-scripts is on, switch it off and run the command again.",
        )
      : bilingual(
          'npm 패키지를 설치하지 못했습니다. 위의 오류를 확인하세요. 네트워크가 막혀 있으면 프록시나 사내 레지스트리를 설정한 뒤(npm config set proxy …, npm config set registry …) 같은 명령을 다시 실행하세요.',
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

const inputs = [
  'src',
  'webview',
  'esbuild.config.mjs',
  '.ci/mermaidStubs.mjs',
  'package.json',
  'package-lock.json',
].map((name) => path.join(root, name));

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
        bilingual('빌드하지 못했습니다. 위의 오류를 확인하세요.', 'The build failed; see the errors above.'),
      );
    }
  });
}

// ---- Debian packages ----------------------------------------------------------------------------------------------

/** Debian package -> whether what we use of it is there, from wherever it came. */
const debianPackages = {
  'chromium-headless-shell': () => findChromium() !== null,
  nginx: () => findProgram(['nginx'], ['/usr/sbin/nginx']) !== null,
  'libnginx-mod-stream': () => fs.existsSync('/usr/lib/nginx/modules/ngx_stream_module.so'),
  wrk: () => findProgram(['wrk']) !== null,
  'nghttp2-client': () => findProgram(['h2load']) !== null,
  haproxy: () => findProgram(['haproxy'], ['/usr/sbin/haproxy']) !== null,
  'redis-server': () => findProgram(['redis-server', 'valkey-server']) !== null,
  'fonts-noto-cjk': () => {
    const fonts = spawnSync('fc-list', [':lang=ko', 'family'], { encoding: 'utf8' });
    return fonts.status === 0 && fonts.stdout.trim() !== '';
  },
};

/** Where the system has no such package, this one does as well. */
const substitutes = { 'chromium-headless-shell': 'chromium' };

/** What makes the load of `npm run bench`; no test needs it. */
const loadPackages = ['wrk', 'nghttp2-client'];
/** Everything the tests want of the system. */
export const testPackages = Object.keys(debianPackages).filter((name) => !loadPackages.includes(name));
/** Everything the benchmark of the balancer wants of the system. */
export const benchPackages = ['nginx', 'libnginx-mod-stream', 'haproxy', ...loadPackages];

/** A Chromium-like browser that playwright can drive, or null. Without windows it takes a tenth less processor time. */
export function findChromium() {
  return findProgram(
    ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
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
      for (const name of wanted) {
        const code = await run('apt-get', [...install, name], { env, quiet });
        const other = substitutes[name];
        if (code !== 0 && other !== undefined) await run('apt-get', [...install, other], { env, quiet });
      }
    });
  }
  const left = missing();
  if (left.length > 0) {
    say(
      bilingual(
        `없는 패키지: ${left.join(' ')}. 이것이 필요한 것은 실행하지 않습니다. 설치하려면: sudo apt-get install ${left.join(' ')}`,
        `Not here: ${left.join(' ')}. What needs them does not run. To have them: sudo apt-get install ${left.join(' ')}`,
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
