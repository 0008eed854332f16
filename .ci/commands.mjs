// What every script here needs: running a command, saying how it goes, failing with a message that helps, and a lock.
// Uses nothing but Node 20 itself, since on a fresh clone there is nothing else. Everything said goes to standard
// error, so that `npm run -s lab -- … --json` stays clean.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
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

/** A message in both languages, that of the terminal first. */
export function bilingual(ko, en) {
  const locale =
    process.env.LC_ALL || process.env.LC_MESSAGES || process.env.LANG || Intl.DateTimeFormat().resolvedOptions().locale;
  return /^ko/i.test(locale) ? `${ko}\n${en}` : `${en}\n${ko}`;
}

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

/** Text of a file, or null. */
export function readIfThere(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

/** Last change of a file, ms since the epoch; 0 where there is none. */
export function mtime(file) {
  try {
    return fs.statSync(file).mtimeMs;
  } catch {
    return 0;
  }
}
