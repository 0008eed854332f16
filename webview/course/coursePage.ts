import type { Snapshot } from '../../src/measurement/snapshot';
import type { LabState, PageState, QuizState, ToWebview } from '../../src/protocol/webview';
import { fill, h, setText, uniqueId } from '../dom';
import { type Place, savedPlace, savePlace, send } from '../host';
import { type LabPanel, labPanel } from '../lab/labPanel';
import { problemList } from '../problems';
import { type QuizCard, quizCard } from '../quiz/quizCard';
import { say, t } from '../strings';
import { plainButton } from '../ui';
import { contents } from './contents';
import { goToPlace, holdPlace, placeIn } from './place';
import { htmlBlock, mermaidBlock, problemBlock } from './textBlocks';

/** The whole page in one language. A new language or a new course makes a new one. */
export interface CoursePage {
  readonly element: HTMLElement;
  /** After the element is in the document: takes up the reader's place. */
  attach(): void;
  updateLab(lab: LabState): void;
  snapshot(lab: string, snapshot: Snapshot): void;
  updateQuiz(quiz: QuizState): void;
  refuse(refusal: Extract<ToWebview, { type: 'refused' }>): void;
  reveal(anchor: string): void;
  dispose(): void;
}

export function coursePage(page: PageState): CoursePage {
  const { course } = page;
  const labs = new Map<string, LabPanel[]>();
  const quizzes = new Map<string, QuizCard[]>();
  const main = h('main', { id: 'course', class: 'course', tabindex: -1 });
  const notice = h('div', { class: 'page-notice', role: 'alert' });

  if (course.problems.length > 0) main.append(h('div', { class: 'block-problem' }, problemList(course.problems)));
  if (!course.blocks.some((block) => block.kind === 'heading' && block.level === 1))
    main.append(h('h1', {}, course.title));
  let level = 1;
  for (const block of course.blocks) {
    switch (block.kind) {
      case 'html':
        main.append(htmlBlock(block.html));
        break;
      case 'heading': {
        level = block.level;
        const heading = h(`h${level}`, { id: block.anchor, 'data-anchor': block.anchor, tabindex: -1 });
        heading.innerHTML = block.html;
        main.append(heading);
        break;
      }
      case 'mermaid':
        main.append(mermaidBlock(block));
        break;
      case 'lab': {
        const state = page.labs.find((lab) => lab.id === block.lab);
        if (state === undefined) break;
        const panel = labPanel(state, page.mayRun, level + 1, block.arm);
        // A lab may stand in several places; ids must not.
        if (labs.has(block.lab)) panel.element.id = uniqueId(`lab-${block.lab}`);
        labs.set(block.lab, [...(labs.get(block.lab) ?? []), panel]);
        main.append(panel.element);
        break;
      }
      case 'quiz': {
        const card = quizCard(block.quiz, page.quizzes.find((quiz) => quiz.id === block.quiz.id) ?? null, level + 1);
        if (quizzes.has(block.quiz.id)) card.element.id = uniqueId(`quiz-${block.quiz.id}`);
        quizzes.set(block.quiz.id, [...(quizzes.get(block.quiz.id) ?? []), card]);
        main.append(card.element);
        break;
      }
      case 'problem':
        main.append(problemBlock(block));
        break;
    }
  }

  const focusOn = (anchor: string) => {
    const target = document.getElementById(anchor);
    if (target === null) return;
    target.scrollIntoView({ block: 'start' });
    if (!target.hasAttribute('tabindex')) target.tabIndex = -1;
    target.focus({ preventScroll: true });
  };
  const list = contents(course.blocks, focusOn);

  let told: string | null = null;
  let pending = false;
  let letGo = () => {};
  let width = window.innerWidth;
  let kept: Place | null = null;
  const onScroll = () => {
    // Text that is laid out anew at another width moves under the reader, and the browser says "scroll" to that, too.
    if (pending || window.innerWidth !== width) return;
    pending = true;
    requestAnimationFrame(() => {
      pending = false;
      const place = placeIn(main);
      kept = place;
      savePlace(place);
      list.setCurrent(place.anchor);
      if (place.anchor === null || place.anchor === told) return;
      told = place.anchor;
      send({ type: 'section', anchor: place.anchor });
    });
  };
  const onResize = () => {
    if (window.innerWidth === width) return;
    width = window.innerWidth;
    if (kept === null) return;
    letGo();
    goToPlace(main, kept);
    letGo = holdPlace(main, kept);
  };
  /** Links inside the course move the focus too, so that the keyboard goes on from there. */
  const onClick = (event: Event) => {
    const link = (event.target as Element | null)?.closest?.('a[href^="#"]');
    const anchor = link?.getAttribute('href')?.slice(1);
    if (!anchor) return;
    event.preventDefault();
    focusOn(decodeURIComponent(anchor));
  };

  const element = h(
    'div',
    { class: 'page', lang: page.language },
    h('a', { class: 'skip', href: '#course' }, t('Skip to the text')),
    topBar(page),
    notice,
    h('div', { class: 'columns' }, list.element, main),
  );
  element.addEventListener('click', onClick);
  window.addEventListener('scroll', onScroll, { passive: true });
  window.addEventListener('resize', onResize, { passive: true });

  return {
    element,
    attach() {
      const place = savedPlace();
      if (place !== null) {
        goToPlace(main, place);
        letGo = holdPlace(main, place);
      }
      onScroll();
    },
    updateLab(lab) {
      for (const panel of labs.get(lab.id) ?? []) panel.update(lab, page.mayRun);
    },
    snapshot(lab, snapshot) {
      for (const panel of labs.get(lab) ?? []) panel.snapshot(snapshot);
    },
    updateQuiz(quiz) {
      for (const card of quizzes.get(quiz.id) ?? []) card.update(quiz);
    },
    refuse(refusal) {
      const panels = refusal.lab === null ? [] : (labs.get(refusal.lab) ?? []);
      for (const panel of panels) panel.refuse(refusal);
      if (panels.length > 0) return;
      fill(
        notice,
        h('p', {}, say(refusal.message)),
        refusal.problems.length > 0 ? problemList(refusal.problems) : null,
        plainButton({ class: 'link' }, () => fill(notice), t('Dismiss')),
      );
    },
    reveal(anchor) {
      letGo();
      focusOn(anchor);
    },
    dispose() {
      letGo();
      window.removeEventListener('scroll', onScroll);
      window.removeEventListener('resize', onResize);
    },
  };
}

function topBar(page: PageState): HTMLElement {
  const title = h('span', { class: 'course-name' });
  setText(title, page.course.title);
  return h(
    'header',
    { class: 'top-bar' },
    title,
    h(
      'div',
      { class: 'languages', role: 'group', 'aria-label': t('Language of the course') },
      page.languages.map(({ id, name }) =>
        plainButton(
          { lang: id, 'data-language': id, 'aria-pressed': String(id === page.language) },
          () => {
            if (id !== page.language) send({ type: 'setLanguage', language: id });
          },
          name,
        ),
      ),
    ),
  );
}
