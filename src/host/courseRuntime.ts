import type { Problem } from '../base/problem';
import { ok, type Result } from '../base/result';
import { CoursePanel } from './coursePanel';
import { CourseSession, type CourseSessionOptions } from './courseSession';
import { readCourseFolder } from './courseSource';

/**
 * Everything that is needed only once a course is opened. A bundle of its own (esbuild.config.mjs): reading it takes longer
 * than the editor should wait for an activation.
 */

/** Reads the course in a folder and opens it; the problems if there is none in it that can be read. */
export async function openSession(
  folder: string,
  options: Omit<CourseSessionOptions, 'course'>,
): Promise<Result<CourseSession, readonly Problem[]>> {
  const course = await readCourseFolder(folder);
  return course.ok ? ok(await CourseSession.open({ ...options, course: course.value })) : course;
}

export function createPanel(...options: ConstructorParameters<typeof CoursePanel>): CoursePanel {
  return new CoursePanel(...options);
}
