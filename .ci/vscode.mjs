// A real VS Code without a desktop: code-server from npm is VS Code in a browser. It is installed into a cache folder,
// not into this project, so that a contributor's `npm ci` stays small; it needs Node 24, which node_modules has.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { bilingual, PrepareError, root, run, say, withLock } from './commands.mjs';
import { node24, npmEnvironment } from './prepare.mjs';

const version = '4.139.1';

/**
 * What comes with VS Code and no lesson, test or reader of the course has a use for. Their declarations alone are 400 KB,
 * which the window asks for a dozen times while it starts. Those that can run in the browser have to stay: VS Code for the
 * browser has a list of them of its own.
 */
const unusedExtensions = [
  ...['copilot', 'git', 'github', 'microsoft-authentication', 'php-language-features', 'terminal-suggest'],
  ...['debug-auto-launch', 'debug-server-ready', 'ms-vscode.js-debug', 'ms-vscode.js-debug-companion'],
  ...['grunt', 'gulp', 'jake', 'tunnel-forwarding'],
];

/** TRAFFIC_LAB_CACHE, else ~/.cache/traffic-lab, else .cache in the project: the first that can be written. */
export function cacheFolder() {
  const wanted = process.env.TRAFFIC_LAB_CACHE || path.join(os.homedir(), '.cache', 'traffic-lab');
  for (const folder of [path.resolve(wanted), path.join(root, '.cache')]) {
    try {
      fs.mkdirSync(folder, { recursive: true });
      fs.accessSync(folder, fs.constants.W_OK);
      return folder;
    } catch {}
  }
  throw new PrepareError(
    bilingual(
      `캐시 폴더에 쓸 수 없습니다: ${wanted}. 쓸 수 있는 폴더를 TRAFFIC_LAB_CACHE로 지정하세요.`,
      `The cache folder cannot be written: ${wanted}. Name one that can in TRAFFIC_LAB_CACHE.`,
    ),
  );
}

/**
 * Installs code-server once (about 12 s, 360 MB) and gives the path of its entry script. Whole or not at all: it is
 * made beside its place and renamed, under a lock.
 * @throws {PrepareError} where the installation fails
 */
export async function ensureCodeServer() {
  const cache = cacheFolder();
  const name = `code-server-${version}-lean`;
  const place = path.join(cache, name);
  const entry = path.join(place, 'node_modules', 'code-server', 'out', 'node', 'entry.js');
  if (fs.existsSync(entry)) return entry;
  await withLock(`${place}.lock`, async () => {
    if (fs.existsSync(entry)) return;
    // Under the lock, whatever is half made was left by a run that was cut off.
    for (const other of fs.readdirSync(cache)) {
      if (other.startsWith(`${name}.tmp-`)) fs.rmSync(path.join(cache, other), { recursive: true, force: true });
    }
    const temporary = fs.mkdtempSync(`${place}.tmp-`);
    try {
      await installCodeServer(temporary);
      fs.rmSync(place, { recursive: true, force: true });
      fs.renameSync(temporary, place);
    } catch (error) {
      fs.rmSync(temporary, { recursive: true, force: true });
      throw error;
    }
  });
  return entry;
}

async function installCodeServer(folder) {
  say(
    `Installing VS Code for the browser (code-server ${version}, once, about 360 MB, into ${path.dirname(folder)}) …`,
  );
  // With a package.json of its own npm does not climb to a folder above; without install scripts nothing is compiled.
  fs.writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n');
  const codeServer = path.join(folder, 'node_modules', 'code-server');
  const vscode = path.join(codeServer, 'lib', 'vscode');
  const quietly = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await npm(folder, ['install', ...quietly, `code-server@${version}`]);
  await npm(vscode, ['install', '--omit=dev', ...quietly]);
  const unused = [
    ...unusedExtensions.map((name) => path.join('extensions', name)),
    ...['node_modules/@github', 'node_modules/@vscode/copilot-api'],
  ];
  for (const part of unused) fs.rmSync(path.join(vscode, part), { recursive: true, force: true });
}

async function npm(cwd, args) {
  const env = npmEnvironment({ PATH: `${path.dirname(node24)}${path.delimiter}${process.env.PATH ?? ''}` });
  if ((await run('npm', args, { cwd, env, quiet: true })) === 0) return;
  throw new PrepareError(
    bilingual(
      '브라우저용 VS Code(code-server)를 npm에서 설치하지 못했습니다. 위의 오류와 디스크 여유 공간(설치 중 600 MB)을 확인하세요. 네트워크가 막혀 있으면 프록시나 사내 레지스트리를 설정한 뒤 다시 실행하거나, 데스크톱 VS Code를 설치하고 code 명령을 PATH에 두세요.',
      'VS Code for the browser (code-server) could not be installed from npm; see the error above, and the free disk space (600 MB while installing). On a closed network set a proxy or your own registry and run the command again, or install VS Code for the desktop and put its command "code" on PATH.',
    ),
  );
}

/** Settings that keep everything but the lesson out of the way. */
const quietSettings = {
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
  'chat.commandCenter.enabled': false,
  'security.workspace.trust.enabled': false,
  'extensions.ignoreRecommendations': true,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  // Whatever opens a port on the machine would bring a message that stands before the editor.
  'remote.otherPortsAttributes': { onAutoForward: 'silent' },
};

/**
 * VS Code in Korean without the marketplace's language pack: a pack of our own, without any translation of the
 * editor's own words, and the record that the editor keeps of installed packs. `vscode.env.language` is then "ko".
 */
function addKorean(userDataDir, extensionsDir) {
  const id = 'traffic-lab.korean-stub';
  const folder = path.join(extensionsDir, `${id}-1.0.0`);
  fs.mkdirSync(folder, { recursive: true });
  const translations = path.join(folder, 'main.i18n.json');
  fs.writeFileSync(translations, JSON.stringify({ version: '1.0.0', contents: {} }));
  fs.writeFileSync(
    path.join(folder, 'package.json'),
    JSON.stringify({
      name: 'korean-stub',
      publisher: 'traffic-lab',
      version: '1.0.0',
      engines: { vscode: '*' },
      contributes: {
        localizations: [
          {
            languageId: 'ko',
            languageName: 'Korean',
            localizedLanguageName: '한국어',
            translations: [{ id: 'vscode', path: './main.i18n.json' }],
          },
        ],
      },
    }),
  );
  fs.writeFileSync(
    path.join(userDataDir, 'languagepacks.json'),
    JSON.stringify({
      ko: {
        hash: 'traffic-lab-korean-stub',
        label: '한국어',
        extensions: [{ extensionIdentifier: { id, uuid: '00000000-0000-4000-8000-000000000000' }, version: '1.0.0' }],
        translations: { vscode: translations },
      },
    }),
  );
}

/**
 * The environment of a terminal inside VS Code or code-server would make the new one talk to that one; and what
 * code-server keeps of itself (heartbeat, logs) goes beside the rest, not into the reader's own code-server.
 */
function serverEnvironment(home, extra = {}) {
  const env = { ...process.env, PATH: `${path.dirname(node24)}${path.delimiter}${process.env.PATH ?? ''}` };
  env.XDG_DATA_HOME = path.join(home, 'data');
  // Sockets that VS Code forgets when it is ended; a socket's path can be about a hundred characters long.
  if (home.length < 50) env.XDG_RUNTIME_DIR = home;
  for (const key of Object.keys(env)) {
    if (
      /^(VSCODE_|CODE_SERVER_|CS_|ELECTRON_)/.test(key) ||
      ['PORT', 'PASSWORD', 'HASHED_PASSWORD', 'NODE_OPTIONS'].includes(key)
    ) {
      delete env[key];
    }
  }
  return { ...env, ...extra };
}

/**
 * Starts VS Code on 127.0.0.1.
 *
 * - `folder`: what it opens. `locale`: "en" or "ko". `port`: 0 for any.
 * - `extension`: a folder with a built extension, linked in, or a .vsix file, installed. `beside`: more of them.
 * - `userDataDir`: kept if named, else a fresh one that `stop` removes.
 * - `settings`: on top of the quiet ones; of a kept userDataDir the reader's own stay.
 * - `env`: on top of this process's own environment. `trusted`: false leaves it to the settings whether folders are trusted.
 *
 * @returns {Promise<import('./vscode.mjs').CodeServer>} its address and how to stop it
 * @throws {PrepareError} where the port is taken or VS Code does not start
 */
export async function startCodeServer({
  folder,
  locale = 'en',
  extension = null,
  beside = [],
  port = 0,
  userDataDir = null,
  settings = {},
  env = {},
  trusted = true,
}) {
  const entry = await ensureCodeServer();
  const home = userDataDir ?? fs.mkdtempSync(path.join(os.tmpdir(), 'traffic-lab-vscode-'));
  const extensionsDir = path.join(home, 'extensions');
  const clean = () => {
    if (userDataDir === null) fs.rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };
  try {
    fs.mkdirSync(home, { recursive: true });
    prepareHome(home, extensionsDir, locale, settings);
    const common = [
      '--user-data-dir',
      home,
      '--extensions-dir',
      extensionsDir,
      '--config',
      path.join(home, 'config.yaml'),
    ];
    const extensions = extension === null ? beside : [extension, ...beside];
    for (const each of extensions) await addExtension(entry, common, home, path.resolve(each));
    return await launch(entry, common, { folder, locale, port, home, env, trusted, clean });
  } catch (error) {
    clean();
    throw error;
  }
}

function prepareHome(home, extensionsDir, locale, settings) {
  // Which extensions there are is said anew at every start; with a record of the last start nobody would look.
  fs.rmSync(extensionsDir, { recursive: true, force: true });
  fs.mkdirSync(extensionsDir, { recursive: true });
  fs.mkdirSync(path.join(home, 'User'), { recursive: true });
  fs.writeFileSync(path.join(home, 'config.yaml'), 'auth: none\n');
  const file = path.join(home, 'User', 'settings.json');
  if (!fs.existsSync(file)) fs.writeFileSync(file, `${JSON.stringify({ ...quietSettings, ...settings }, null, 2)}\n`);
  fs.rmSync(path.join(home, 'languagepacks.json'), { force: true });
  if (locale === 'ko') addKorean(home, extensionsDir);
}

async function addExtension(entry, common, home, extension) {
  if (extension.endsWith('.vsix')) {
    const code = await run(node24, [entry, ...common, '--install-extension', extension], {
      env: serverEnvironment(home),
      quiet: true,
    });
    if (code !== 0) throw new PrepareError(`VS Code refused to install ${extension}.`);
    return;
  }
  const { publisher, name, version: own } = JSON.parse(fs.readFileSync(path.join(extension, 'package.json'), 'utf8'));
  fs.symlinkSync(
    extension,
    path.join(home, 'extensions', `${publisher}.${name}-${own}`),
    process.platform === 'win32' ? 'junction' : 'dir',
  );
}

async function launch(entry, common, { folder, locale, port, home, env, trusted, clean }) {
  const args = [
    entry,
    ...common,
    ...['--auth', 'none', '--bind-addr', `127.0.0.1:${port}`, '--locale', locale, '--ignore-last-opened'],
    ...[
      '--disable-telemetry',
      '--disable-update-check',
      '--disable-getting-started-override',
      ...(trusted ? ['--disable-workspace-trust'] : []),
    ],
    path.resolve(folder),
  ];
  // A group of its own: Ctrl-C reaches only us, and we then stop the server and whatever it started, in order.
  const child = spawn(node24, args, {
    cwd: home,
    env: serverEnvironment(home, env),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
  });
  const killGroup = (signal) => {
    try {
      if (process.platform === 'win32') child.kill(signal);
      else process.kill(-child.pid, signal);
    } catch {}
  };
  const killNow = () => killGroup('SIGKILL');
  process.once('exit', killNow);
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const stop = async () => {
    killGroup('SIGTERM');
    const timer = setTimeout(killNow, 5_000);
    await exited;
    clearTimeout(timer);
    // The server is gone; an extension host that it left would be in its group.
    killNow();
    process.removeListener('exit', killNow);
    clean();
  };
  try {
    const actual = await listeningPort(child);
    return { url: `http://127.0.0.1:${actual}/`, port: actual, userDataDir: home, exited, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The port that the server says it listens on. Its output is read on after that, so that it never blocks. */
function listeningPort(child) {
  return new Promise((resolve, reject) => {
    let output = '';
    const read = (chunk) => {
      if (output.length < 100_000) output += chunk;
      const found = /HTTP server listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(output);
      if (found !== null) resolve(Number(found[1]));
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    child.once('error', reject);
    child.once('exit', () => {
      reject(output.includes('EADDRINUSE') ? portTaken() : new PrepareError(`VS Code did not start:\n${output}`));
    });
  });
}

export function portTaken() {
  return new PrepareError(
    bilingual(
      '그 포트는 이미 사용 중입니다. npm start -- --port 0 으로 빈 포트를 쓸 수 있습니다.',
      'That port is in use already. npm start -- --port 0 takes a free one.',
    ),
  );
}
