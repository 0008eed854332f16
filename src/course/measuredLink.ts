import type { Token } from 'markdown-it';
import { type Message, message } from '../base/message';
import type { LabReference } from '../quiz/quizKind';

/**
 * A link to what the reader measured: `[text](measured:lab/arm/reading)`, or as a ratio `…/over/other-arm`, the arm's
 * reading divided by the other arm's. An arm may be one under a scenario: `round-robin@one-slow`. Its words stand until the reader has run the arms; then the page shows the value.
 */
export interface MeasuredTarget {
  readonly lab: string;
  readonly arm: string;
  readonly reading: string;
  /** null: the reading as it is. */
  readonly over: string | null;
}

const SCHEME = 'measured:';
const form = /^measured:([a-z0-9-]+)\/([a-z0-9@-]+)\/([A-Za-z][\w.]*)(?:\/over\/([a-z0-9@-]+))?$/;

export function isMeasured(href: string): boolean {
  return href.startsWith(SCHEME);
}

/** null: not of the form. */
export function measuredTarget(href: string): MeasuredTarget | null {
  const [, lab, arm, reading, over] = form.exec(href) ?? [];
  if (lab === undefined || arm === undefined || reading === undefined) return null;
  return { lab, arm, reading, over: over ?? null };
}

/** What is wrong with such a link; null: nothing. */
export function wrongMeasured(href: string, labs: readonly LabReference[]): Message | null {
  const target = measuredTarget(href);
  if (target === null) {
    return message('A measured value is written “measured:lab/arm/reading” or “measured:lab/arm/reading/over/arm”.');
  }
  const lab = labs.find((candidate) => candidate.id === target.lab);
  if (lab === undefined) return message('There is no lab “{lab}” in this course.', { lab: target.lab });
  for (const arm of [target.arm, target.over]) {
    if (arm === null || lab.arms.length === 0 || lab.arms.includes(arm)) continue;
    return message('The lab “{lab}” has no arm “{arm}”.', { lab: lab.id, arm });
  }
  if (lab.readings !== undefined && !lab.readings.includes(target.reading)) {
    return message('No run has a reading “{reading}”.', { reading: target.reading });
  }
  return null;
}

/** Turns the link into one to the lab that the page can find and put the value in. */
export function linkToLab(link: Token, { lab, arm, reading, over }: MeasuredTarget): void {
  link.attrs = [
    ['class', 'measured'],
    ['href', `#lab-${lab}`],
    ['data-lab', lab],
    ['data-arm', arm],
    ['data-reading', reading],
    ...(over === null ? [] : [['data-over', over] as [string, string]]),
  ];
}
