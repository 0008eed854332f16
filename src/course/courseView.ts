import type { Problem } from '../base/problem';
import type { QuizViewBase } from '../quiz/quizKind';

/** A course document in one language, as the page shows it. HTML is safe: made by markdown-it with html off. */
export interface CourseView {
  readonly title: string;
  readonly blocks: readonly Block[];
  /** What the words marked `data-term` mean, by the order of the glossary. */
  readonly glossary: readonly { readonly id: string; readonly term: string; readonly html: string }[];
  /** Problems of the course file that have no place of their own. */
  readonly problems: readonly Problem[];
}

/** Whose numbers a diagram carries, and where. */
export interface MeasuredDiagram {
  readonly lab: string;
  /** Perhaps under a scenario: "round-robin@one-slow". */
  readonly arm: string;
  /** The diagram's source with places in it that are to be filled with room for numbers, then with the numbers. */
  readonly template: readonly DiagramPart[];
  /** `name`: the first line of its label; `stands`: the nodes of the lab whose numbers it carries together. */
  readonly nodes: readonly { readonly id: string; readonly name: string; readonly stands: readonly string[] }[];
  /** By the ids of the diagram's own nodes. */
  readonly edges: readonly { readonly id: string; readonly from: string; readonly to: string }[];
}

export type DiagramPart = string | { readonly edge: string } | { readonly node: string };

/** What may stand in a tab. */
export type TabBlock = Extract<Block, { readonly kind: 'html' | 'listing' | 'problem' }>;

export type Block =
  /** Headings, paragraphs, lists, tables, alerts, code: one run of Markdown between special blocks. */
  | { readonly kind: 'html'; readonly html: string }
  | {
      readonly kind: 'heading';
      readonly level: number;
      readonly anchor: string;
      readonly html: string;
      readonly text: string;
    }
  /** `title` and `description` come from accTitle / accDescr in the source; `measured`: it carries a lab's numbers. */
  | {
      readonly kind: 'mermaid';
      readonly id: string;
      readonly source: string;
      readonly title: string;
      readonly description: string;
      readonly measured?: MeasuredDiagram;
    }
  | { readonly kind: 'lab'; readonly lab: string; readonly arm: string | null }
  | { readonly kind: 'quiz'; readonly quiz: QuizViewBase }
  /**
   * A file of a lab as the reader has it, or the block of it that the heads lead to, from the outside in; `arm` runs it,
   * null: the arm that uses the file.
   */
  | {
      readonly kind: 'listing';
      readonly lab: string;
      readonly file: string;
      readonly heads: readonly string[];
      readonly arm: string | null;
    }
  /** The same thing done in several ways: one is shown at a time. Names are unique within the strip. */
  | {
      readonly kind: 'tabs';
      readonly tabs: readonly { readonly name: string; readonly blocks: readonly TabBlock[] }[];
    }
  /** A block that could not be read: shown in place, with file and line; the rest of the course works. */
  | { readonly kind: 'problem'; readonly problems: readonly Problem[]; readonly source: string };
