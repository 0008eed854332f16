import type { Token } from 'markdown-it';
import { type Message, message, renderMessage } from '../base/message';
import type { Problem, Span } from '../base/problem';
import type { Quiz } from '../quiz/quiz';
import type { LabReference } from '../quiz/quizKind';
import type { TabBlock } from './courseView';
import { closeFences, type Fence, infoWord, isBlockFence } from './fences';
import type { GlossaryTerm } from './glossary';
import { collectHeadings, type Heading } from './headings';
import { type InlineRules, inspectInline } from './inspectInline';
import { readLab } from './labBlock';
import { type LabFileText, readListing } from './listingBlock';
import { courseMarkdown } from './markdown';
import { TermMarker } from './markTerms';
import type { LabNetworkOf } from './measuredDiagram';
import { readMermaid } from './mermaidBlock';
import { outlineOf } from './outline';
import { isTabBlock, type ParsedBlock, type ParsedCourse } from './parsedCourse';
import { readQuiz } from './quizBlock';
import { tabName, tabsFrom, wrongTab } from './tabs';

export interface ParseCourseOptions {
  /** The labs of the course folder. */
  readonly labs: readonly LabReference[];
  /** Texts of the labs' files, for listings; by default no lab has any. */
  readonly labFile?: LabFileText;
  /** Networks of the labs' arms, for diagrams with measured numbers; by default none is known. */
  readonly labNetwork?: LabNetworkOf;
  /** A listing as safe HTML, by the language its fence names; by default in one colour. */
  readonly highlight?: (code: string, language: string) => string;
  /** Words to explain where they first appear in a section; by default none. */
  readonly glossary?: readonly GlossaryTerm[];
  /** The reader's language, for the few words that are the parser's own (titles of alerts). English by default. */
  readonly render?: (text: Message) => string;
  /** Address the page can load an image of the course folder from; null: no such file. By default the path itself. */
  readonly resolveImage?: (path: string) => string | null;
}

/**
 * Reads a course document. Never throws: a block that cannot be read becomes a problem block in its place, the rest works,
 * and `problems` lists everything that is wrong, each at its line and column of `file`.
 */
export function parseCourse(markdown: string, file: string, options: ParseCourseOptions): ParsedCourse {
  return new CourseReader(markdown, file, options).read();
}

class CourseReader {
  readonly #md;
  readonly #file: string;
  readonly #options: ParseCourseOptions;
  readonly #lines: readonly string[];
  readonly #unclosed: ReadonlySet<number>;
  readonly #tokens: readonly Token[];
  readonly #headings: ReadonlyMap<Token, Heading>;
  readonly #anchors: Set<string>;
  readonly #env = {};
  #blocks: ParsedBlock[] = [];
  readonly #problems: Problem[] = [];
  readonly #quizzes = new Map<string, Quiz>();
  readonly #diagrams = new Set<string>();
  readonly #terms: TermMarker;
  /** Labs that a measured value links to, and where. */
  readonly #measured: { readonly lab: string; readonly span: Span }[] = [];

  constructor(markdown: string, file: string, options: ParseCourseOptions) {
    this.#md = courseMarkdown(options.render ?? renderMessage, options.highlight ?? null);
    this.#file = file;
    this.#options = options;
    this.#terms = new TermMarker(options.glossary ?? []);
    const { lines, unclosed } = closeFences(
      markdown
        .replace(/^\uFEFF/, '')
        .replace(/\r\n?/g, '\n')
        .split('\n'),
    );
    this.#lines = lines;
    this.#unclosed = unclosed;
    this.#tokens = this.#md.parse(lines.join('\n'), this.#env);
    const found = collectHeadings(this.#tokens, (line, text, severity) =>
      this.#report(this.#lineSpan(line), text, severity),
    );
    this.#headings = found.headings;
    this.#anchors = found.anchors;
  }

  read(): ParsedCourse {
    for (let at = 0; at < this.#tokens.length; ) {
      const tabs = tabsFrom(this.#tokens, at);
      const end = tabs.length > 0 ? at + tabs.length : endOfElement(this.#tokens, at);
      if (tabs.length > 0) this.#readTabs(tabs);
      else this.#readElement(this.#tokens.slice(at, end));
      at = end;
    }
    const title = this.#blocks.find((block) => block.kind === 'heading' && block.level === 1);
    const labs = this.#blocks.flatMap((block) => (block.kind === 'lab' ? [block.lab] : []));
    for (const { lab, span } of this.#measured) {
      if (labs.includes(lab)) continue;
      this.#report(span, message('The lab “{lab}” stands nowhere in this document.', { lab }), 'error');
    }
    return {
      title: title?.kind === 'heading' ? title.text : '',
      blocks: this.#blocks,
      outline: outlineOf(this.#blocks),
      quizzes: this.#quizzes,
      labs: [...new Set(labs)],
      anchors: this.#anchors,
      glossary: (this.#options.glossary ?? []).map((term) => this.#explain(term)),
      problems: [...this.#problems].sort((a, b) => a.span.line - b.span.line || a.span.column - b.span.column),
    };
  }

  /** One element of the top level: a heading, a paragraph, a whole list, a fence. */
  #readElement(tokens: readonly Token[]): void {
    const first = tokens[0];
    if (first === undefined) return;
    const heading = this.#headings.get(first);
    if (heading?.role === 'anchor') return;
    if (first.type === 'fence' && isBlockFence(infoWord(first))) {
      this.#readFence(first);
      return;
    }
    this.#inspect(tokens);
    if (heading !== undefined) {
      this.#terms.beginSection();
      const inline = tokens[1];
      const html = this.#md.renderer.render(inline === undefined ? [] : [inline], this.#md.options, this.#env);
      this.#blocks.push({ kind: 'heading', level: heading.level, anchor: heading.anchor, html, text: heading.text });
      return;
    }
    this.#terms.mark(tokens);
    this.#pushHtml(this.#md.renderer.render([...tokens], this.#md.options, this.#env));
    for (const token of tokens) if (token.type === 'fence') this.#checkListing(token);
  }

  #readTabs(fences: readonly Token[]): void {
    const names: string[] = [];
    const tabs: Extract<ParsedBlock, { kind: 'tabs' }>['tabs'][number][] = [];
    for (const fence of fences) {
      const wrong = wrongTab(fence, names);
      if (wrong !== null) {
        const { line, source } = this.#fenceOf(fence);
        this.#pushProblems([{ severity: 'error', message: wrong, span: this.#lineSpan(line - 1) }], source);
        continue;
      }
      const name = tabName(fence) ?? '';
      names.push(name);
      tabs.push({ name, blocks: this.#apart(() => this.#readElement([fence])) });
    }
    const [first] = fences;
    if (fences.length === 1 && tabs.length === 1 && first !== undefined) {
      const text = message('A strip of tabs has at least two, one right after the other.');
      this.#report(this.#lineSpan(this.#fenceOf(first).line - 1), text, 'warning');
    }
    if (tabs.length > 0) this.#blocks.push({ kind: 'tabs', tabs });
  }

  /** The blocks that `read` makes, which are no part of the document's own row. */
  #apart(read: () => void): readonly TabBlock[] {
    const own = this.#blocks;
    this.#blocks = [];
    read();
    const made = this.#blocks.filter(isTabBlock);
    this.#blocks = own;
    return made;
  }

  #pushHtml(html: string): void {
    const last = this.#blocks.at(-1);
    if (last?.kind === 'html') this.#blocks[this.#blocks.length - 1] = { kind: 'html', html: last.html + html };
    else if (html !== '') this.#blocks.push({ kind: 'html', html });
  }

  #readFence(token: Token): void {
    const fence = this.#fenceOf(token);
    if (this.#unclosed.has(fence.line - 1)) {
      this.#pushProblems([this.#notClosed(fence)], fence.source);
      return;
    }
    switch (infoWord(token)) {
      case 'lab': {
        const lab = readLab(fence, this.#options.labs);
        if (lab.ok) this.#blocks.push(lab.value);
        else this.#pushProblems(lab.error, fence.source);
        return;
      }
      case 'listing': {
        const listing = readListing(fence, this.#options.labs, this.#options.labFile ?? (() => null));
        const tab = tabName(token) === null ? wrongTab(token, []) : null;
        if (tab !== null) this.#report(this.#lineSpan(fence.line - 1), tab, 'warning');
        if (listing.ok) this.#blocks.push(listing.value);
        else this.#pushProblems(listing.error, fence.source);
        return;
      }
      case 'quiz': {
        const quiz = readQuiz(fence, {
          labs: this.#options.labs,
          asked: this.#quizzes,
          renderInline: (markdown, at) => this.#renderInline(markdown, at),
        });
        if (quiz.ok) {
          this.#quizzes.set(quiz.value.id, quiz.value);
          this.#blocks.push({ kind: 'quiz', quiz: quiz.value });
        } else this.#pushProblems(quiz.error, fence.source);
        return;
      }
      default: {
        const diagram = readMermaid(fence, this.#options.labs, this.#options.labNetwork ?? (() => null));
        if (!diagram.ok) this.#pushProblems(diagram.error, fence.source);
        else if (this.#diagrams.has(diagram.value.id) || this.#anchors.has(diagram.value.id)) {
          // The page finds a diagram by its id, as it finds a heading by its anchor.
          const text = message('Something else in this document is called “{id}”.', { id: diagram.value.id });
          this.#pushProblems(
            [{ severity: 'error', message: text, span: this.#lineSpan(fence.line - 1) }],
            fence.source,
          );
        } else {
          this.#diagrams.add(diagram.value.id);
          const { measured } = diagram.value;
          if (measured !== undefined) {
            this.#measured.push({ lab: measured.lab, span: this.#find('%% measured:', token.map ?? [0, 1]) });
          }
          this.#blocks.push(diagram.value);
        }
      }
    }
  }

  /** A listing is shown whatever it is; but one that is not closed, or that was meant as a block, is worth a word. */
  #checkListing(token: Token): void {
    const fence = this.#fenceOf(token);
    const wrongly = token.level === 0 ? null : tabName(token);
    const wrong =
      wrongly === null
        ? wrongTab(token, [])
        : message('Tabs stand by themselves, not inside a list, a quotation or a table.');
    if (wrong !== null) this.#report(this.#lineSpan(fence.line - 1), wrong, 'warning');
    if (this.#unclosed.has(fence.line - 1)) this.#pushProblems([this.#notClosed(fence)], '');
    else if (isBlockFence(infoWord(token))) {
      const text = message('A {block} block stands by itself, not inside a list, a quotation or a table.', {
        block: infoWord(token),
      });
      this.#pushProblems([{ severity: 'error', message: text, span: this.#lineSpan(fence.line - 1) }], fence.source);
    }
  }

  #notClosed(fence: Fence): Problem {
    return {
      severity: 'error',
      message: message('This block is never closed.'),
      span: this.#lineSpan(fence.line - 1),
      hint: message('Put a line of ``` after its last line.'),
    };
  }

  #fenceOf(token: Token): Fence {
    const [from, to] = token.map ?? [0, 0];
    const firstLine = token.content.split('\n')[0] ?? '';
    const written = this.#lines[from + 1] ?? '';
    return {
      file: this.#file,
      line: from + 1,
      content: token.content,
      indent: firstLine !== '' && written.endsWith(firstLine) ? written.length - firstLine.length : 0,
      source: this.#lines.slice(from, to).join('\n'),
    };
  }

  /** Links, images and HTML of every run of text in the element. */
  #inspect(tokens: readonly Token[]): void {
    let map: readonly [number, number] = [0, 1];
    for (const token of tokens) {
      if (token.map !== null) map = token.map;
      if (token.type !== 'inline' || token.children === null) continue;
      const lines = map;
      inspectInline(
        token.children,
        this.#inlineRules((needle) => this.#find(needle, lines)),
      );
    }
  }

  #explain({ id, term, text, span }: GlossaryTerm): ParsedCourse['glossary'][number] {
    const tokens = this.#md.parseInline(text, this.#env);
    const children = tokens.flatMap((token) => token.children ?? []);
    // It is shown in passing, where nothing could be clicked.
    if (children.some((child) => child.type === 'link_open' || child.type === 'image')) {
      this.#report(span, message('The explanation of a term has no links and no images.'), 'error');
      return { id, term, html: this.#md.utils.escapeHtml(text) };
    }
    return { id, term, html: this.#renderInline(text, () => span) };
  }

  #renderInline(markdown: string, at: () => Span): string {
    const tokens = this.#md.parseInline(markdown.trim(), this.#env);
    for (const token of tokens) inspectInline(token.children ?? [], this.#inlineRules(at));
    return this.#md.renderer.render(tokens, this.#md.options, this.#env);
  }

  #inlineRules(place: (needle: string) => Span): InlineRules {
    return {
      anchors: this.#anchors,
      labs: this.#options.labs,
      onMeasured: (lab, needle) => this.#measured.push({ lab, span: place(needle) }),
      resolveImage: this.#options.resolveImage ?? ((path) => path),
      report: (text, severity, needle) => this.#report(place(needle), text, severity),
    };
  }

  /** Where the text stands in the lines; their beginning, if it is not written there literally (reference links). */
  #find(needle: string, [from, to]: readonly [number, number]): Span {
    for (let line = from; line < to; line++) {
      const column = needle === '' ? -1 : (this.#lines[line] ?? '').indexOf(needle);
      if (column !== -1) return { ...this.#lineSpan(line), column: column + 1, endColumn: column + 1 + needle.length };
    }
    return this.#lineSpan(from);
  }

  /** The whole of a line, counted from 0. */
  #lineSpan(line: number): Span {
    const length = (this.#lines[line] ?? '').length;
    return { file: this.#file, line: line + 1, column: 1, endLine: line + 1, endColumn: Math.max(2, length + 1) };
  }

  #report(span: Span, text: Message, severity: 'error' | 'warning'): void {
    this.#problems.push({ severity, message: text, span });
  }

  #pushProblems(problems: readonly Problem[], source: string): void {
    this.#problems.push(...problems);
    this.#blocks.push({ kind: 'problem', problems, source });
  }
}

/** Index after the element that begins at `start`: after its closing token, if it has one. */
function endOfElement(tokens: readonly Token[], start: number): number {
  let depth = 0;
  for (let at = start; at < tokens.length; at++) {
    depth += tokens[at]?.nesting ?? 0;
    if (depth <= 0) return at + 1;
  }
  return tokens.length;
}
