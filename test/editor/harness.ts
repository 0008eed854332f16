import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Browser, chromium, type FrameLocator, type Locator, type Page } from 'playwright-core';
import { root } from '../../.ci/commands.mjs';
import { findChromium } from '../../.ci/prepare.mjs';
import { type CodeServer, startCodeServer } from '../../.ci/vscode.mjs';

/** The browser to drive, or null where there is none; then the editor tests are skipped, and counted as such. */
export const browserPath = findChromium();

export const resultsFolder = path.join(root, 'test-results');

export interface EditorOptions {
  /** Screenshots go to test-results/<name>/. */
  readonly name: string;
  readonly locale?: 'en' | 'ko';
  /** Folder of a built extension, or a .vsix file. */
  readonly extension?: string;
  /** Folders of further extensions. */
  readonly beside?: readonly string[];
  /** On top of the harness's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** The folder it opens; a fresh empty one if not named. */
  readonly folder?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly viewport?: { readonly width: number; readonly height: number };
  /** Whether the folder is trusted, without being asked for it. */
  readonly trusted?: boolean;
}

/** VS Code opens a folder that nobody was asked about in restricted mode. */
const restricted = { 'security.workspace.trust.enabled': true, 'security.workspace.trust.startupPrompt': 'never' };

/** A VS Code window in a browser, with nothing kept from any other. */
export class Editor {
  /** Messages of the browser's console at error level, less those that a healthy VS Code writes too. */
  readonly consoleErrors: string[] = [];
  readonly page: Page;
  readonly userDataDir: string;
  readonly #server: CodeServer;
  readonly #browser: Browser;
  readonly #screens: string;
  readonly #ownFolder: string | null;
  #shots = 0;

  private constructor(
    page: Page,
    server: CodeServer,
    browser: Browser,
    extension: string,
    screens: string,
    ownFolder: string | null,
  ) {
    this.page = page;
    this.userDataDir = server.userDataDir;
    this.#server = server;
    this.#browser = browser;
    this.#screens = screens;
    this.#ownFolder = ownFolder;
    page.on('console', (entry) => {
      if (entry.type() === 'error' && !isUsual(entry.text(), extension))
        this.consoleErrors.push(entry.text().slice(0, 1_000));
    });
    page.on('pageerror', (error) => {
      this.consoleErrors.push(String(error));
    });
  }

  /** Starts VS Code on a free port and waits until its window is there. */
  static async open(options: EditorOptions): Promise<Editor> {
    if (browserPath === null) throw new Error('No Chromium found');
    const extension = options.extension ?? root;
    const ownFolder = options.folder === undefined ? mkdtempSync(path.join(tmpdir(), 'traffic-lab-folder-')) : null;
    const server = await startCodeServer({
      folder: options.folder ?? ownFolder ?? root,
      locale: options.locale ?? 'en',
      extension,
      beside: options.beside ?? [],
      settings: { ...(options.trusted === false ? restricted : {}), ...options.settings },
      trusted: options.trusted ?? true,
      // A Korean time zone or system would make the course Korean in an English editor.
      env: { TZ: 'UTC', LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', ...options.env },
    });
    let browser: Browser | undefined;
    try {
      browser = await chromium.launch({ executablePath: browserPath, args: browserFlags });
      const page = await browser.newPage({ viewport: options.viewport ?? { width: 1400, height: 1000 } });
      page.setDefaultTimeout(45_000);
      const screens = path.join(resultsFolder, options.name);
      rmSync(screens, { recursive: true, force: true });
      mkdirSync(screens, { recursive: true });
      const editor = new Editor(page, server, browser, extension, screens, ownFolder);
      await page.goto(server.url);
      await editor.#ready();
      return editor;
    } catch (error) {
      await browser?.close();
      await server.stop();
      throw error;
    }
  }

  async #ready(): Promise<void> {
    await this.page.locator('.monaco-workbench .statusbar').waitFor({ timeout: 45_000 });
  }

  /**
   * Runs a command by its title as the palette shows it. A palette that opened before the extension was registered
   * never comes to show its commands, and one from which something takes the focus closes: it is opened again.
   */
  async runCommand(title: string): Promise<void> {
    await this.#chooseCommand(title);
    await this.page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
  }

  async #chooseCommand(title: string): Promise<void> {
    const widget = this.page.locator('.quick-input-widget');
    const row = widget.locator('.monaco-list-row').filter({ has: this.page.getByText(title, { exact: true }) });
    for (let attempt = 0; attempt < 15; attempt++) {
      try {
        await this.page.keyboard.press('F1');
        await widget.locator('input').fill(`>${title}`, { timeout: 3_000 });
        await row.first().click({ timeout: 3_000 });
        return;
      } catch {
        await this.page.keyboard.press('Escape');
      }
    }
    throw new Error(`The palette never showed the command "${title}"`);
  }

  /** What the visible webview shows. */
  webview(): FrameLocator {
    return this.page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame');
  }

  /** Picks a theme from VS Code's list, by the label it has there. */
  async chooseTheme(label: string): Promise<void> {
    await this.#chooseCommand('Preferences: Color Theme');
    const widget = this.page.locator('.quick-input-widget');
    const input = widget.getByPlaceholder(/^Select Color Theme/);
    await input.waitFor();
    const row = widget.locator('.monaco-list-row').filter({ has: this.page.getByText(label, { exact: true }) });
    // The list may still be on its way when the input is there: what was typed into it is lost then.
    for (let attempt = 0; attempt < 5 && !(await row.isVisible()); attempt++) {
      await input.fill(label);
      await row.waitFor({ timeout: 2_000 }).catch(() => {});
    }
    await row.click();
    await widget.waitFor({ state: 'hidden' });
  }

  /** An entry of the status bar by a part of its text. */
  statusBarItem(text: string | RegExp): Locator {
    return this.page.locator('.statusbar-item').filter({ hasText: text });
  }

  /** Reloads the window as a reader does: page and extension host start anew, after VS Code has kept what it keeps. */
  async reload(): Promise<void> {
    const loaded = this.page.waitForEvent('load');
    await this.runCommand('Developer: Reload Window');
    await loaded;
    await this.#ready();
  }

  /** A picture of the whole window: test-results/<name>/01-<step>.png. */
  async screenshot(step: string): Promise<void> {
    this.#shots += 1;
    const number = String(this.#shots).padStart(2, '0');
    await this.page.screenshot({ path: path.join(this.#screens, `${number}-${step}.png`) });
  }

  /** Ends browser and server and removes their files. */
  async close(): Promise<void> {
    await this.#browser.close();
    await this.#server.stop();
    if (this.#ownFolder !== null) rmSync(this.#ownFolder, { recursive: true, force: true });
  }
}

const browserFlags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Errors that VS Code writes of itself: without a network its look-ups (marketplace, fonts) fail, and the parts of it
 * that would have to be compiled are left out (see .ci/vscode.mjs); a reload cancels what it was doing. Whatever names our extension is none of these.
 */
function isUsual(text: string, extension: string): boolean {
  if (text.includes(extension)) return false;
  return /Failed to load resource|net::ERR_|vsda|marketplace|open-vsx|authentication provider 'github'|\[lifecycle\]|Canceled: Canceled|IndexedDB database '[\w-]+' is closed|code-server-[\d.]+-lean.node_modules.code-server/i.test(
    text,
  );
}
