import type { ParsedBlock } from './parsedCourse';

/** A section of the document for the tree; `labs` and `quizzes` are those that stand in it, not those of subsections. */
export interface OutlineSection {
  readonly anchor: string;
  /** 2 to 6; the document's title (level 1) is no section. */
  readonly level: number;
  readonly title: string;
  readonly labs: readonly string[];
  readonly quizzes: readonly string[];
  readonly children: readonly OutlineSection[];
}

interface Open {
  readonly section: OutlineSection;
  readonly labs: string[];
  readonly quizzes: string[];
  readonly children: OutlineSection[];
}

/** Nests the headings by level. A skipped level (2 to 4) nests all the same. */
export function outlineOf(blocks: readonly ParsedBlock[]): readonly OutlineSection[] {
  const sections: OutlineSection[] = [];
  const path: Open[] = [];
  for (const block of blocks) {
    if (block.kind === 'heading' && block.level > 1) {
      while ((path.at(-1)?.section.level ?? 0) >= block.level) path.pop();
      const opened = open(block.anchor, block.level, block.text);
      (path.at(-1)?.children ?? sections).push(opened.section);
      path.push(opened);
    } else if (block.kind === 'lab') {
      const labs = path.at(-1)?.labs;
      if (labs !== undefined && !labs.includes(block.lab)) labs.push(block.lab);
    } else if (block.kind === 'quiz') {
      path.at(-1)?.quizzes.push(block.quiz.id);
    }
  }
  return sections;
}

function open(anchor: string, level: number, title: string): Open {
  const labs: string[] = [];
  const quizzes: string[] = [];
  const children: OutlineSection[] = [];
  return { section: { anchor, level, title, labs, quizzes, children }, labs, quizzes, children };
}
