import { spawn } from 'node:child_process';
import path from 'node:path';

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The command `lab` as scripts use it: what it prints, and how it ends. */
export function lab(...argv: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [path.resolve('dist/cli/lab.js'), ...argv]);
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => {
      out += String(chunk);
    });
    child.stderr.on('data', (chunk) => {
      err += String(chunk);
    });
    child.once('close', (code) => resolve({ code, out, err }));
  });
}

/** What it complained of. Other labs of this machine may have a port; that is told, and no complaint. */
export function complaintsIn({ err }: Ended): readonly string[] {
  return err.split('\n').filter((line) => line !== '' && !line.includes(' was taken, '));
}
