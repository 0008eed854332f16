import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createServer } from 'node:net';
import { basename, delimiter, join } from 'node:path';
import type { Clock } from '../../base/clock';
import type { Disposable } from '../../base/dispose';
import { ReaderError } from '../../base/errors';
import { listenOnLoopback } from '../listen';
import { examineStore } from './examineStore';
import { type RedisAddress, readRedisAddress } from './redisAddress';

const PROGRAMS = ['redis-server', 'valkey-server'] as const;
/** A port that was free may be taken by the time the program binds it. */
const TRIES = 3;
const START_LIMIT_MS = 5_000;
const TAIL_CHARACTERS = 600;

/** The first of redis-server and valkey-server on a PATH; null: there is none. */
export function findRedisProgram(searchPath: string): string | null {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  for (const name of PROGRAMS) {
    for (const folder of searchPath.split(delimiter).filter((entry) => entry !== '')) {
      const file = join(folder, name + suffix);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        // Not there, or not to be run.
      }
    }
  }
  return null;
}

/** A Redis (or Valkey) of the machine, started for one run on a loopback port, without persistence. */
export class RedisProgram implements Disposable {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly address: RedisAddress;
  readonly port: number;
  /** "redis-server 7.0.15". */
  readonly name: string;

  constructor(child: ChildProcess, exited: Promise<void>, address: RedisAddress, name: string) {
    this.#child = child;
    this.#exited = exited;
    this.address = address;
    this.port = address.port;
    this.name = name;
  }

  /** Resolved when the program has ended, by itself or not. */
  get exited(): Promise<void> {
    return this.#exited;
  }

  /** Rejects with what the program said where it does not come up. */
  static async start(file: string, port: number, clock: Clock): Promise<RedisProgram> {
    let failure: unknown = null;
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      try {
        return await startOn(file, await freePort(attempt === 0 ? port : 0), clock);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  /** Ends it as a crash would: nothing is written, every connection is cut. */
  async dispose(): Promise<void> {
    killOnLeash(this.#child);
    await this.#exited;
  }
}

async function startOn(file: string, port: number, clock: Clock): Promise<RedisProgram> {
  const child = spawnOnLeash(file, [
    ...['--port', String(port), '--bind', '127.0.0.1', '--protected-mode', 'yes', '--daemonize', 'no'],
    ...['--save', '', '--appendonly', 'no', '--maxmemory', '64mb', '--maxmemory-policy', 'noeviction'],
  ]);
  let tail = '';
  const listen = (text: string): void => {
    tail = (tail + text).slice(-TAIL_CHARACTERS);
  };
  child.stdout?.setEncoding('utf8').on('data', listen);
  child.stderr?.setEncoding('utf8').on('data', listen);
  let over = false;
  const exited = new Promise<void>((resolve) => {
    const ended = (): void => {
      over = true;
      child.stdin?.destroy();
      resolve();
    };
    child.once('exit', ended);
    child.once('error', (error) => {
      listen(error.message);
      ended();
    });
  });
  const address = readRedisAddress(`redis://127.0.0.1:${port}`);
  const deadline = clock.now() + START_LIMIT_MS;
  while (!over && clock.now() < deadline) {
    try {
      const { version } = await examineStore(address, 'traffic-lab:', clock);
      // Who answers is ours only if ours is alive: another server may hold the port.
      if (!over) {
        const name = basename(file).replace(/\.exe$/, '');
        return new RedisProgram(child, exited, address, version === null ? name : `${name} ${version}`);
      }
    } catch (error) {
      const soon = error instanceof ReaderError && error.code === 'redis-down';
      if (!soon) {
        killOnLeash(child);
        throw error;
      }
      await new Promise<void>((resolve) => clock.setTimeout(resolve, 10));
    }
  }
  killOnLeash(child);
  await exited;
  throw new Error(`${basename(file)} did not start: ${tail.trim()}`);
}

/**
 * Starts a program that must not outlive us, whatever becomes of us: a shell waits beside it for the end of our pipe,
 * which the system closes for whoever dies, and then kills it. Windows has no such shell, and hardly a redis-server.
 */
function spawnOnLeash(file: string, args: readonly string[]): ChildProcess {
  const stdio = ['pipe', 'pipe', 'pipe'] as const;
  if (process.platform === 'win32') return spawn(file, [...args], { stdio: [...stdio], windowsHide: true });
  // A background job of the shell would read from /dev/null: file descriptor 3 keeps our pipe.
  const script =
    'exec 3<&0; "$@" 3<&- & program=$!; { cat <&3 >/dev/null; kill -9 $program; } 2>/dev/null & wait $program; exit $?';
  return spawn('/bin/sh', ['-c', script, 'sh', file, ...args], { stdio: [...stdio] });
}

function killOnLeash(child: ChildProcess): void {
  if (process.platform === 'win32') child.kill('SIGKILL');
  else child.stdin?.destroy();
}

async function freePort(wanted: number): Promise<number> {
  const server = createServer();
  const port = await listenOnLoopback(server, wanted);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
