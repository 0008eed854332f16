import type { Problem } from '../base/problem';
import type { Quiz } from '../quiz/quiz';
import type { OptionOrder } from '../quiz/quizKind';
import type { Block, CourseView, TabBlock } from './courseView';
import type { OutlineSection } from './outline';

/** A course document, read: what the page shows, what the tree lists, and the questions with their keys. */
export interface ParsedCourse {
  /** Text of the first-level heading; empty if there is none. */
  readonly title: string;
  readonly blocks: readonly ParsedBlock[];
  readonly outline: readonly OutlineSection[];
  readonly quizzes: ReadonlyMap<string, Quiz>;
  /** Ids of the labs that the document embeds, each once, in order of appearance. */
  readonly labs: readonly string[];
  readonly glossary: CourseView['glossary'];
  /** Every anchor a link may lead to. */
  readonly anchors: ReadonlySet<string>;
  /** All problems of the file, in order of their lines, those of problem blocks among them. */
  readonly problems: readonly Problem[];
}

/** As Block, but a question still has its key: this never leaves the host. */
export type ParsedBlock = Exclude<Block, { readonly kind: 'quiz' }> | { readonly kind: 'quiz'; readonly quiz: Quiz };

export function isTabBlock(block: ParsedBlock): block is TabBlock {
  return block.kind === 'html' || block.kind === 'listing' || block.kind === 'problem';
}

/** Every block, those inside tabs among them. */
export function allBlocks(blocks: readonly ParsedBlock[]): readonly ParsedBlock[] {
  return blocks.flatMap((block): readonly ParsedBlock[] =>
    block.kind === 'tabs' ? [block, ...block.tabs.flatMap((tab) => tab.blocks)] : [block],
  );
}

/** The course as the page may see it. `orderOf` gives the order of options of each question, once per reader. */
export function viewCourse(course: ParsedCourse, orderOf: (quizId: string) => OptionOrder): CourseView {
  const inPlace = new Set(
    allBlocks(course.blocks).flatMap((block) => (block.kind === 'problem' ? block.problems : [])),
  );
  return {
    title: course.title,
    blocks: course.blocks.map((block) =>
      block.kind === 'quiz' ? { kind: 'quiz', quiz: block.quiz.view(orderOf(block.quiz.id)) } : block,
    ),
    glossary: course.glossary,
    problems: course.problems.filter((problem) => !inPlace.has(problem)),
  };
}
