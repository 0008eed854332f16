/** Types of vscode.mjs, for the editor tests. */
export interface CodeServer {
  /** "http://127.0.0.1:PORT/", which leads to the folder it was started with. */
  readonly url: string;
  readonly port: number;
  readonly userDataDir: string;
  /** The server process ended, asked to or not. */
  readonly exited: Promise<unknown>;
  /** Ends the server and everything it started; removes a fresh user data folder. */
  stop(): Promise<void>;
}

export interface CodeServerOptions {
  readonly folder: string;
  readonly locale?: 'en' | 'ko';
  readonly extension?: string | null;
  readonly beside?: readonly string[];
  readonly port?: number;
  readonly userDataDir?: string | null;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  /** false: it is left to the settings whether folders are trusted. */
  readonly trusted?: boolean;
}

export function cacheFolder(): string;
export function ensureCodeServer(): Promise<string>;
export function startCodeServer(options: CodeServerOptions): Promise<CodeServer>;
