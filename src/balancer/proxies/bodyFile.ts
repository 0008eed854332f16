import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const READ_BYTES = 64 * 1024;

/**
 * A request's body on disk, so that it can be sent again however long it is. It has lost its name by the time it is open:
 * the system takes it back with the process at the latest. Written and read at once, as nginx does with its temporary
 * files; what was just written is read from memory.
 */
export class BodyFile {
  length = 0;
  readonly #descriptor: number;

  /** Throws what the system says. */
  constructor() {
    const path = join(tmpdir(), `traffic-lab-body-${randomUUID()}`);
    this.#descriptor = openSync(path, 'wx+', 0o600);
    unlinkSync(path);
  }

  append(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      const written = writeSync(this.#descriptor, chunk, at, chunk.length - at, this.length);
      at += written;
      this.length += written;
    }
  }

  /** A piece of what is there from `at` on. */
  read(at: number): Buffer {
    const piece = Buffer.allocUnsafe(Math.min(READ_BYTES, this.length - at));
    return piece.subarray(0, readSync(this.#descriptor, piece, 0, piece.length, at));
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
