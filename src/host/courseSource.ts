import { readFile, stat } from 'node:fs/promises';
import * as path from 'node:path';
import type { Catalog } from '../base/message';
import { message, renderMessage } from '../base/message';
import type { Problem } from '../base/problem';
import { err, ok, type Result } from '../base/result';
import { type Glossary, NO_GLOSSARY, parseGlossary } from '../course/glossary';
import { type CourseManifest, parseCourseManifest } from '../course/manifest';
import { parseCourse } from '../course/parseCourse';
import type { ParsedCourse } from '../course/parsedCourse';
import { armNetwork } from '../lab/armNetwork';
import { armNames } from '../lab/labDefinition';
import { type FoundLab, findLabs } from '../lab/labFiles';
import { READING_NAMES } from '../lab/readings';
import { highlighted } from './highlight';
import { type LabTexts, readLabTexts } from './labTexts';

/** A course folder: its manifest and its labs; the documents are read language by language. */
export interface CourseFolder {
  readonly folder: string;
  readonly manifest: CourseManifest;
  readonly labs: readonly FoundLab[];
  readonly texts: LabTexts;
}

/** Reads a course folder. A broken lab is kept with its problems; a broken course.yaml is no course. */
export async function readCourseFolder(folder: string): Promise<Result<CourseFolder, readonly Problem[]>> {
  const file = path.join(folder, 'course.yaml');
  const text = await readText(file);
  if (!text.ok) return text;
  const manifest = parseCourseManifest(text.value, file);
  if (!manifest.ok) return manifest;
  const labs = await findLabs(folder);
  return ok({ folder, manifest: manifest.value, labs, texts: await readLabTexts(labs) });
}

/** Reads the course's document in a language; one that cannot be read is an empty document that says so. */
export async function readCourseDocument(
  course: CourseFolder,
  language: string,
  catalog: Catalog,
): Promise<ParsedCourse> {
  const file = path.join(course.folder, `course.${language}.md`);
  const text = await readText(file);
  const glossary = await readGlossary(course.folder, language);
  const document = parseCourse(text.ok ? text.value : '', file, {
    labs: course.labs.map((lab) => ({
      id: lab.id,
      // A broken lab is shown as such where the course embeds it, not as an unknown one.
      arms: lab.definition.ok ? armNames(lab.definition.value) : [],
      servers: lab.definition.ok ? lab.definition.value.servers.map(({ id }) => id) : [],
      readings: READING_NAMES,
    })),
    glossary: glossary.terms,
    highlight: highlighted,
    labFile: (lab, name) => course.texts.get(lab)?.get(name) ?? null,
    labNetwork: (id, arm) => {
      const lab = course.labs.find((found) => found.id === id);
      if (lab === undefined || !lab.definition.ok) return null;
      return armNetwork(lab.definition.value, arm, (name) => course.texts.get(id)?.get(name) ?? null);
    },
    render: (words) => renderMessage(words, catalog),
  });
  const problems = [...glossary.problems, ...document.problems];
  if (text.ok) return { ...document, problems };
  return { ...document, title: course.manifest.title[language] ?? course.manifest.id, problems: text.error };
}

/** A course need not have one. */
async function readGlossary(folder: string, language: string): Promise<Glossary> {
  const file = path.join(folder, 'glossary.yaml');
  const isThere = await stat(file).then(
    () => true,
    () => false,
  );
  if (!isThere) return NO_GLOSSARY;
  const text = await readText(file);
  return text.ok ? parseGlossary(text.value, file, language) : { terms: [], problems: text.error };
}

async function readText(file: string): Promise<Result<string, readonly Problem[]>> {
  try {
    return ok(await readFile(file, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const span = { file, line: 1, column: 1, endLine: 1, endColumn: 1 };
    return err([{ severity: 'error', message: message('This file cannot be read: {reason}', { reason }), span }]);
  }
}
