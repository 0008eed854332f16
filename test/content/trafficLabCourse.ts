import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type CourseManifest, parseCourseManifest } from '../../src/course/manifest';
import { parseCourse } from '../../src/course/parseCourse';
import { allBlocks, type ParsedCourse } from '../../src/course/parsedCourse';
import { type LabTexts, readLabTexts } from '../../src/host/labTexts';
import { type ArmNetwork, armNetwork } from '../../src/lab/armNetwork';
import { armNames } from '../../src/lab/labDefinition';
import { type FoundLab, findLabs } from '../../src/lab/labFiles';
import { READING_NAMES } from '../../src/lab/readings';
import type { LabReference } from '../../src/quiz/quizKind';

/** The course as shipped. */
export const folder = path.resolve(import.meta.dirname, '../../labs/traffic-lab');

export function fileText(name: string): string {
  return readFileSync(path.join(folder, name), 'utf8');
}

export function manifest(): CourseManifest {
  const parsed = parseCourseManifest(fileText('course.yaml'), 'course.yaml');
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

export function labs(): Promise<readonly FoundLab[]> {
  return findLabs(folder);
}

export function references(found: readonly FoundLab[]): readonly LabReference[] {
  return found.map((lab) => {
    if (!lab.definition.ok) throw new Error(JSON.stringify(lab.definition.error));
    const { servers } = lab.definition.value;
    return {
      id: lab.id,
      arms: armNames(lab.definition.value),
      servers: servers.map((server) => server.id),
      readings: READING_NAMES,
    };
  });
}

export async function documentIn(language: string): Promise<ParsedCourse> {
  const name = `course.${language}.md`;
  const found = await labs();
  const texts = await readLabTexts(found);
  return parseCourse(fileText(name), name, {
    labs: references(found),
    labFile: (lab, file) => texts.get(lab)?.get(file) ?? null,
    labNetwork: (lab, arm) => networkOf(found, texts, lab, arm),
  });
}

function networkOf(found: readonly FoundLab[], texts: LabTexts, id: string, arm: string): ArmNetwork | null {
  const definition = found.find((lab) => lab.id === id)?.definition;
  return definition?.ok === true ? armNetwork(definition.value, arm, (file) => texts.get(id)?.get(file) ?? null) : null;
}

/** The network of an arm and, of the lab's servers, those that it starts with. */
export async function networkIn(
  id: string,
  arm: string,
): Promise<ArmNetwork & { readonly servers: readonly string[] }> {
  const found = await labs();
  const network = networkOf(found, await readLabTexts(found), id, arm);
  if (network === null) throw new Error(`${id} has no arm ${arm} that can be read`);
  return { ...network, servers: references(found).find((lab) => lab.id === id)?.servers ?? [] };
}

export function htmlOf(course: ParsedCourse): string {
  return allBlocks(course.blocks)
    .map((block) => ('html' in block ? block.html : ''))
    .join('\n');
}
