import { readdir, readFile, stat } from 'node:fs/promises';
import * as path from 'node:path';
import type { FoundLab } from '../lab/labFiles';

/** Texts of the labs' own files by lab id and file name: what a course may list. Read once, with the course. */
export type LabTexts = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Bytes; a longer file is none that a text would list. */
const LONGEST = 256 * 1024;

export async function readLabTexts(labs: readonly FoundLab[]): Promise<LabTexts> {
  return new Map(await Promise.all(labs.map(async (lab) => [lab.id, await textsIn(lab.folder)] as const)));
}

async function textsIn(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  const texts = await Promise.all(files.map(async (name) => [name, await textOf(path.join(folder, name))] as const));
  return new Map(texts.flatMap(([name, text]) => (text === null ? [] : [[name, text] as const])));
}

/** null: too long, or no text. */
async function textOf(file: string): Promise<string | null> {
  if ((await stat(file)).size > LONGEST) return null;
  const text = await readFile(file, 'utf8');
  return text.includes('\u0000') ? null : text;
}
