import { readdir, readFile } from 'node:fs/promises';
import * as path from 'node:path';
import { message } from '../base/message';
import type { Problem } from '../base/problem';
import { err, ok, type Result } from '../base/result';
import { type LabDefinition, parseLabDefinition } from './labDefinition';

/** A folder with a lab.yaml, readable or not. */
export interface FoundLab {
  readonly folder: string;
  /** From the lab.yaml, or the folder's name where that could not be read. */
  readonly id: string;
  readonly definition: Result<LabDefinition, readonly Problem[]>;
}

/** Labs of a course: every sub-folder that holds a lab.yaml, by name. Broken ones are found too, with their problems. */
export async function findLabs(courseFolder: string): Promise<readonly FoundLab[]> {
  const entries = await readdir(courseFolder, { withFileTypes: true });
  const found = await Promise.all(
    entries
      .filter((entry) => entry.isDirectory())
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((entry) => readLab(path.join(courseFolder, entry.name))),
  );
  return found.filter((lab) => lab !== null);
}

/** The lab in a folder; null if there is no lab.yaml in it. */
export async function readLab(folder: string): Promise<FoundLab | null> {
  const file = path.join(folder, 'lab.yaml');
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return null;
  const definition = parseLabDefinition(text, file, folder);
  return { folder, id: definition.ok ? definition.value.id : path.basename(folder), definition };
}

/** Text of a lab's file, or a problem that names it. */
export async function readLabFile(folder: string, name: string): Promise<Result<string, readonly Problem[]>> {
  const file = path.join(folder, name);
  try {
    return ok(await readFile(file, 'utf8'));
  } catch (error) {
    const span = { file, line: 1, column: 1, endLine: 1, endColumn: 1 };
    const reason = error instanceof Error ? error.message : String(error);
    return err([{ severity: 'error', message: message('This file cannot be read: {reason}', { reason }), span }]);
  }
}
