import { basename } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { systemClock } from '../../base/clock';
import type { Disposable } from '../../base/dispose';
import { ReaderError } from '../../base/errors';
import { type Message, message } from '../../base/message';
import { yieldToOtherThreads } from '../../base/threadPriority';
import { serveAsWorker } from '../../base/workerStart';
import type { FromStore, StoreStart, ToStore } from '../../protocol/storeWorker';
import { examineStore, forgetKeys } from './examineStore';
import { readRedisAddress } from './redisAddress';
import { findRedisProgram, RedisProgram } from './redisProgram';
import { StoreServer } from './storeServer';

/** Worker entry: the session store of a run. Started with a StoreStart as workerData; ends when told to, or with its store. */

const port = parentPort;
if (port === null) throw new Error('This file runs as a worker thread only');
const tell = (said: FromStore): void => port.postMessage(said);

yieldToOtherThreads();
const clock = systemClock({ keepAlive: true });
let house: Disposable | null = null;
let started: Promise<void> = Promise.resolve();

async function open(start: StoreStart): Promise<void> {
  if (start.choice.kind === 'url') return useAddress(start.choice.url, start.prefix);
  const program = start.choice.kind === 'auto' ? findRedisProgram(process.env.PATH ?? '') : null;
  if (program === null) return useOwn(start.port, null);
  try {
    await useProgram(program, start.port);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    await useOwn(
      start.port,
      message('{program} could not be used, the lab’s own store serves instead: {detail}', {
        program: basename(program),
        detail,
      }),
    );
  }
}

async function useOwn(declared: number, note: Message | null): Promise<void> {
  const server = await StoreServer.start({ clock, port: declared, password: null });
  house = server;
  const url = `redis://127.0.0.1:${server.port}`;
  tell({ type: 'ready', name: 'built-in', url, port: server.port, isOurs: true, note });
}

async function useProgram(file: string, declared: number): Promise<void> {
  const program = await RedisProgram.start(file, declared, clock);
  house = program;
  // One that dies takes its thread with it: whoever runs the lab sees it as any crash.
  void program.exited.then(() => port?.close());
  const { name, address } = program;
  tell({ type: 'ready', name, url: address.url, port: program.port, isOurs: true, note: null });
}

async function useAddress(text: string, prefix: string): Promise<void> {
  const address = readRedisAddress(text);
  await examineStore(address, prefix, clock);
  // It may be gone by the end; its keys expire by themselves then.
  house = { dispose: () => forgetKeys(address, prefix, clock).catch(() => {}) };
  tell({ type: 'ready', name: address.shown, url: address.url, port: address.port, isOurs: false, note: null });
}

async function end(): Promise<void> {
  await started;
  await house?.dispose();
  port?.close();
}

serveAsWorker<StoreStart, ToStore>(port, {
  preload: () => {},
  begin: (start) => {
    started = open(start).catch((error: unknown) => {
      const text =
        error instanceof ReaderError
          ? error.readerMessage
          : message('{detail}', { detail: error instanceof Error ? error.message : String(error) });
      tell({ type: 'failed', code: error instanceof ReaderError ? error.code : 'store', text });
      port.close();
    });
  },
  // A store has nothing to write down: to end it and to kill it is the same.
  obey: () => void end(),
});
