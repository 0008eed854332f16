import { constants } from 'node:fs';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import * as path from 'node:path';
import type { LabDefinition } from '../lab/labDefinition';
import type { ConfSource } from '../protocol/balancerWorker';

/**
 * The reader's own copies of a lab's files, in the extension's storage: made when a file is first opened, run from then
 * on, never overwritten but by an explicit restore. The extension's own files stay as they were installed.
 */
export class WorkingCopy {
  /** Folder of the copies: one folder for each lab. */
  readonly root: string;

  constructor(storageFolder: string, courseId: string) {
    this.root = path.join(storageFolder, 'labs', courseId);
  }

  /** Where the reader's copy of a lab's file is, or would be. */
  pathOf(lab: LabDefinition, file: string): string {
    return path.join(this.root, lab.id, file);
  }

  /** Makes the copy, of the file of that name or of another, if there is none. Returns its path. */
  async ensure(lab: LabDefinition, file: string, original = file): Promise<string> {
    const copy = this.pathOf(lab, file);
    await mkdir(path.dirname(copy), { recursive: true });
    try {
      await copyFile(path.join(lab.folder, original), copy, constants.COPYFILE_EXCL);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    return copy;
  }

  /** Puts the original back. */
  async restore(lab: LabDefinition, file: string): Promise<void> {
    const copy = this.pathOf(lab, file);
    await mkdir(path.dirname(copy), { recursive: true });
    await copyFile(path.join(lab.folder, file), copy);
  }

  /** The copy, or null if there is none and the original is what runs. */
  async read(lab: LabDefinition, file: string): Promise<ConfSource | null> {
    const copy = this.pathOf(lab, file);
    const text = await readFile(copy, 'utf8').catch(() => null);
    return text === null ? null : { path: copy, text };
  }

  /** The lab and file that a path is the copy of; null: none. */
  identify(file: string): { readonly lab: string; readonly file: string } | null {
    const relative = path.relative(this.root, file);
    const parts = relative.split(path.sep);
    const [lab, name] = parts;
    return parts.length === 2 && lab !== undefined && lab !== '..' && name !== undefined ? { lab, file: name } : null;
  }
}
