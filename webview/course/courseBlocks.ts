import type { Block, TabBlock } from '../../src/course/courseView';
import type { Snapshot } from '../../src/measurement/snapshot';
import type { LabState, ListingState, PageState, QuizState, ToWebview } from '../../src/protocol/webview';
import { h, uniqueId } from '../dom';
import { rememberOpen } from '../host';
import { type LabPanel, labPanel } from '../lab/labPanel';
import { type QuizCard, quizCard } from '../quiz/quizCard';
import { t } from '../strings';
import { type CheckFold, checkFold } from './checkFold';
import { foldsQuestions } from './checkRule';
import { type Listing, type ListingBlock, listing, listingKey } from './listing';
import { type MeasuredPicture, measuredPicture } from './measuredDiagram';
import { paintMeasuredLinks } from './measuredLinks';
import { tabStrips } from './tabStrip';
import { htmlBlock, mermaidBlock, problemBlock } from './textBlocks';

/** The course's text with all that lives in it, put into `main`. */
export interface CourseBlocks {
  updateLab(lab: LabState): void;
  snapshot(lab: string, snapshot: Snapshot): void;
  updateListing(listing: ListingState): void;
  updateQuiz(quiz: QuizState): void;
  /** false: no block here can show it. */
  refuse(refusal: Extract<ToWebview, { type: 'refused' }>): boolean;
  /** Puts the reader's measured values into what was just drawn elsewhere, too. */
  paintMeasured(root: ParentNode): void;
}

/** So many questions in a row stand open; more are folded, so that the text breathes. */
const OPEN_QUESTIONS = 3;

export function courseBlocks(page: PageState, main: HTMLElement): CourseBlocks {
  const panels = new Map<string, LabPanel[]>();
  const cards = new Map<string, QuizCard[]>();
  const labs = new Map(page.labs.map((lab) => [lab.id, lab]));
  const listings: { readonly block: ListingBlock; readonly listing: Listing }[] = [];
  let level = 1;
  let inARow = 0;
  let fold: HTMLElement | null = null;
  let check: CheckFold | null = null;
  const checks: CheckFold[] = [];

  const strips = tabStrips();
  const listingOf = (block: ListingBlock): HTMLElement => {
    const made = listing(block, labs.get(block.lab), page.mayRun);
    const state = page.listings.find((candidate) => listingKey(candidate) === listingKey(block));
    if (state !== undefined) made.update(state);
    listings.push({ block, listing: made });
    return made.element;
  };
  const text = (block: TabBlock): HTMLElement => {
    switch (block.kind) {
      case 'html':
        return htmlBlock(block.html);
      case 'listing':
        return listingOf(block);
      case 'problem':
        return problemBlock(block);
    }
  };

  const pictures = new Map<string, MeasuredPicture[]>();
  const diagram = (block: Extract<Block, { kind: 'mermaid' }>): HTMLElement => {
    const { measured } = block;
    const state = measured === undefined ? undefined : labs.get(measured.lab);
    const picture = measured === undefined || state === undefined ? null : measuredPicture(measured, state);
    if (picture !== null && state !== undefined) pictures.set(state.id, [...(pictures.get(state.id) ?? []), picture]);
    return mermaidBlock(block, picture);
  };
  const lab = (block: Extract<Block, { kind: 'lab' }>): HTMLElement | null => {
    const state = labs.get(block.lab);
    if (state === undefined) return null;
    const panel = labPanel(state, page.mayRun, level + 1, block.arm);
    // A lab may stand in several places; ids must not.
    if (panels.has(block.lab)) panel.element.id = uniqueId(`lab-${block.lab}`);
    panels.set(block.lab, [...(panels.get(block.lab) ?? []), panel]);
    return panel.element;
  };
  const quiz = ({ quiz: view }: Extract<Block, { kind: 'quiz' }>): HTMLElement => {
    const card = quizCard(view, page.quizzes.find(({ id }) => id === view.id) ?? null, level + 1);
    if (cards.has(view.id)) card.element.id = uniqueId(`quiz-${view.id}`);
    cards.set(view.id, [...(cards.get(view.id) ?? []), card]);
    return card.element;
  };

  /** What follows the first question of a check belongs to it, up to the next heading. */
  const place = (element: HTMLElement): void => {
    if (check !== null && checks.includes(check)) check.append(element);
    else main.append(element);
  };
  for (const [index, block] of page.course.blocks.entries()) {
    inARow = block.kind === 'quiz' && check === null ? inARow + 1 : 0;
    switch (block.kind) {
      case 'heading': {
        level = block.level;
        const heading = h(`h${level}`, { id: block.anchor, 'data-anchor': block.anchor, tabindex: -1 });
        heading.innerHTML = block.html;
        check = foldsQuestions(block) ? checkFold(block.anchor) : null;
        main.append(heading);
        break;
      }
      case 'mermaid':
        place(diagram(block));
        break;
      case 'lab': {
        const panel = lab(block);
        if (panel !== null) place(panel);
        break;
      }
      case 'quiz': {
        const card = quiz(block);
        if (check !== null) {
          if (!checks.includes(check)) {
            checks.push(check);
            main.append(check.element);
          }
          check.append(card);
          check.setAnswered(block.quiz.id, isAnswered(page.quizzes.find(({ id }) => id === block.quiz.id)));
          break;
        }
        if (inARow === OPEN_QUESTIONS + 1) {
          fold = moreQuestions(questionsFrom(page.course.blocks, index), block.quiz.id);
          main.append(fold);
        }
        (inARow > OPEN_QUESTIONS ? (fold ?? main) : main).append(card);
        break;
      }
      case 'tabs':
        place(
          strips.strip(
            block.tabs.map(({ name, blocks }) => ({
              name,
              content: blocks.flatMap((inner) => inTab(inner, text(inner))),
            })),
          ),
        );
        break;
      case 'html':
      case 'listing':
      case 'problem':
        place(text(block));
        break;
    }
  }
  const paintMeasured = (root: ParentNode) => paintMeasuredLinks(root, labs);
  paintMeasured(main);

  return {
    updateLab(state) {
      labs.set(state.id, state);
      for (const panel of panels.get(state.id) ?? []) panel.update(state, page.mayRun);
      for (const picture of pictures.get(state.id) ?? []) picture.update(state);
      for (const { block, listing } of listings) if (block.lab === state.id) listing.updateLab(state);
      paintMeasured(main);
    },
    snapshot(id, snapshot) {
      for (const panel of panels.get(id) ?? []) panel.snapshot(snapshot);
      for (const picture of pictures.get(id) ?? []) picture.snapshot(snapshot);
    },
    updateListing(state) {
      for (const { block, listing } of listings) if (listingKey(block) === listingKey(state)) listing.update(state);
    },
    updateQuiz(state) {
      for (const card of cards.get(state.id) ?? []) {
        card.update(state);
        paintMeasured(card.element);
      }
      for (const own of checks) if (own.has(state.id)) own.setAnswered(state.id, isAnswered(state));
    },
    refuse(refusal) {
      const concerned = refusal.lab === null ? [] : (panels.get(refusal.lab) ?? []);
      for (const panel of concerned) panel.refuse(refusal);
      const asked = listings.filter(({ block }) => block.lab === refusal.lab);
      const isShown = asked.map(({ listing }) => listing.refuse(refusal)).includes(true);
      return isShown || concerned.length > 0;
    },
    paintMeasured,
  };
}

/** What a lab runs has its own kind of block; beside it, an example must not be taken for one. */
function inTab(block: TabBlock, element: HTMLElement): readonly HTMLElement[] {
  if (block.kind !== 'html') return [element];
  return [element, h('p', { class: 'hint not-run' }, t('Not run here: an example to read and compare.'))];
}

function isAnswered(state: QuizState | undefined): boolean {
  return state !== undefined && state.answer !== null;
}

/** How many questions stand in a row from this block on. */
function questionsFrom(blocks: readonly Block[], index: number): number {
  const end = blocks.findIndex((block, at) => at > index && block.kind !== 'quiz');
  return (end === -1 ? blocks.length : end) - index;
}

function moreQuestions(count: number, key: string): HTMLElement {
  const fold = h('details', { class: 'more-questions' }, h('summary', {}, t('{count} more questions', { count })));
  rememberOpen(fold, `more:${key}`, false);
  return fold;
}
