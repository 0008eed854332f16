// `npm start`: opens the course. On a desktop with VS Code that is the reader's own `code`; elsewhere VS Code for the
// browser, on 127.0.0.1 only, until Ctrl-C. Either opens a marked folder, in which the extension opens the course by
// itself.
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { bilingual, findProgram, PrepareError, root, run, runMain, say } from './commands.mjs';
import { ensureBuilt, ensurePackages } from './prepare.mjs';
import { portTaken, startCodeServer } from './vscode.mjs';

const usage = `npm start -- [--port N] [--locale ko|en] [--browser]

  --port N        port of VS Code for the browser (default ${defaultPort()}; 0: any)
  --locale ko|en  language of the editor and of the course (default: the language of this terminal)
  --browser       VS Code for the browser, even where the command "code" is on PATH`;

/**
 * Fixed, since the browser keeps what the reader did by address, port included; and below the ports that systems give
 * to outgoing connections.
 */
function defaultPort() {
  return 28000;
}

function readOptions() {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        port: { type: 'string' },
        locale: { type: 'string' },
        browser: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }));
  } catch (error) {
    throw new PrepareError(`${error.message}\n\n${usage}`);
  }
  if (values.port !== undefined && !(/^\d{1,5}$/.test(values.port) && Number(values.port) <= 65_535)) {
    throw new PrepareError(`--port ${values.port}: 0 … 65535\n\n${usage}`);
  }
  const terminal = /^ko/i.test(process.env.LC_ALL || process.env.LC_MESSAGES || process.env.LANG || '') ? 'ko' : 'en';
  const locale = values.locale ?? terminal;
  if (locale !== 'ko' && locale !== 'en') throw new PrepareError(`--locale ${locale}: ko, en\n\n${usage}`);
  const port = values.port === undefined ? null : Number(values.port);
  return { port, locale, browser: values.browser || port !== null, help: values.help };
}

/** The folder whose marker file makes the extension open the course when the window opens. */
function markedFolder() {
  const folder = path.join(root, '.cache', 'welcome');
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, '.traffic-lab'), '');
  return folder;
}

/** The reader's own VS Code, where there is one and a screen to show it on. */
function desktopCode() {
  // In a terminal of VS Code on a remote machine `code` speaks to that window, and knows nothing of development paths.
  if (process.env.VSCODE_IPC_HOOK_CLI || process.env.SSH_CONNECTION) return null;
  const hasScreen =
    process.platform !== 'linux' ||
    Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY || process.env.WSL_DISTRO_NAME);
  return hasScreen ? findProgram(['code']) : null;
}

await runMain(async () => {
  const { port, locale, browser, help } = readOptions();
  if (help) return say(usage);
  await ensurePackages();
  await ensureBuilt();
  const folder = markedFolder();
  const code = browser ? null : desktopCode();
  if (code === null) return serve(folder, locale, port);
  const args = ['--new-window', `--extensionDevelopmentPath=${root}`, '--locale', locale, folder];
  if ((await run(code, args)) !== 0) throw new PrepareError(`${code} ${args.join(' ')}`);
  say(
    bilingual(
      'VS Code 창에서 코스가 열립니다. 열리지 않으면 명령 팔레트에서 "Traffic Lab: 코스 열기"를 실행하세요.',
      'The course opens in a VS Code window. If it does not, run "Traffic Lab: Open Course" from the command palette.',
    ),
  );
});

async function serve(folder, locale, wantedPort) {
  const port = wantedPort ?? ((await isFree(defaultPort())) ? defaultPort() : 0);
  // The browser keeps what the reader did by address, port included; so the server's share of it is kept by port, too.
  // It must not be touched where another `npm start` is using it.
  if (port !== 0 && !(await isFree(port))) throw portTaken();
  const userDataDir = port === 0 ? null : path.join(root, '.cache', 'vscode', String(port));
  const server = await startCodeServer({ folder, locale, extension: root, port, userDataDir });
  process.stdout.write(
    `\n  ${bilingual('브라우저에서 이 주소를 여세요. 끝내려면 Ctrl-C를 누르세요.', 'Open this address in a browser. Ctrl-C ends it.').replace('\n', '\n  ')}\n\n  ${server.url}\n\n`,
  );
  const signal = new Promise((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(name, () => resolve(name));
  });
  const ended = await Promise.race([signal, server.exited.then(() => null)]);
  await server.stop();
  if (ended === null)
    throw new PrepareError(
      bilingual('VS Code 서버가 예기치 않게 끝났습니다.', 'The VS Code server ended unexpectedly.'),
    );
}

function isFree(port) {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
