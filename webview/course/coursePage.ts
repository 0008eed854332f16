import type { Snapshot } from '../../src/measurement/snapshot';
import type {
  LabState,
  ListingState,
  PageState,
  PageView,
  ProgressState,
  QuizState,
  ReviewState,
  ToWebview,
} from '../../src/protocol/webview';
import { fill, h, setAttribute, setHidden, setText, uniqueId } from '../dom';
import { type Place, savedPlace, savePlace, send } from '../host';
import { problemList } from '../problems';
import { say, t } from '../strings';
import { button, plainButton } from '../ui';
import { contents } from './contents';
import { courseBlocks } from './courseBlocks';
import { glossaryTips } from './glossary';
import { goToPlace, holdPlace, placeIn, sectionsInView } from './place';
import { progressView } from './progressView';
import { reviewView } from './reviewView';

/** The whole page in one language. A new language or a new course makes a new one. */
export interface CoursePage {
  readonly element: HTMLElement;
  /** After the element is in the document: takes up the reader's place. */
  attach(): void;
  updateLab(lab: LabState): void;
  snapshot(lab: string, snapshot: Snapshot): void;
  updateListing(listing: ListingState): void;
  updateQuiz(quiz: QuizState): void;
  refuse(refusal: Extract<ToWebview, { type: 'refused' }>): void;
  reveal(anchor: string): void;
  setView(view: PageView): void;
  updateReview(review: ReviewState | null): void;
  updateProgress(progress: ProgressState): void;
  dispose(): void;
}

export function coursePage(page: PageState): CoursePage {
  const { course } = page;
  const main = h('main', { id: 'course', class: 'course', tabindex: -1 });
  const notice = h('div', { class: 'page-notice', role: 'alert' });

  if (course.problems.length > 0) main.append(h('div', { class: 'block-problem' }, problemList(course.problems)));
  if (!course.blocks.some((block) => block.kind === 'heading' && block.level === 1))
    main.append(h('h1', {}, course.title));
  const blocks = courseBlocks(page, main);
  const terms = glossaryTips(course.glossary, main);

  main.append(courseEnd(), terms.element);

  const focusOn = (anchor: string) => {
    const target = document.getElementById(anchor);
    if (target === null) return;
    if (main.contains(target)) turnToCourse();
    for (
      let folded = target.closest('details');
      folded !== null;
      folded = folded.parentElement?.closest('details') ?? null
    )
      folded.open = true;
    target.scrollIntoView({ block: 'start' });
    if (!target.hasAttribute('tabindex')) target.tabIndex = -1;
    target.focus({ preventScroll: true });
  };
  const list = contents(course.blocks, focusOn);

  const told = new Set<string>();
  let pending = false;
  let letGo = () => {};
  let width = window.innerWidth;
  let kept: Place | null = null;
  const onScroll = () => {
    // Text that is laid out anew at another width moves under the reader, and the browser says "scroll" to that, too.
    if (pending || view !== 'course' || window.innerWidth !== width) return;
    pending = true;
    requestAnimationFrame(() => {
      pending = false;
      if (view !== 'course') return;
      const place = placeIn(main);
      kept = place;
      savePlace(place);
      list.setCurrent(place.anchor);
      for (const anchor of sectionsInView(main)) {
        if (told.has(anchor)) continue;
        told.add(anchor);
        send({ type: 'section', anchor });
      }
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
    // "Skip to the text" leads to whatever page is shown.
    if (anchor === 'course' && view !== 'course') places[view].querySelector('main')?.focus();
    else focusOn(decodeURIComponent(anchor));
  };

  let view: PageView = 'course';
  const columns = h('div', { class: 'columns' }, list.element, main);
  const review = reviewView(page.review, page.progress.nextDueAt, () => send({ type: 'view', view: 'course' }));
  blocks.paintMeasured(review.element);
  const progress = progressView(page.progress);
  const bar = topBar(page);
  const places: Record<PageView, HTMLElement> = {
    course: columns,
    review: h('div', { class: 'columns single' }, review.element),
    progress: h('div', { class: 'columns single' }, progress.element),
  };
  /** Without the focus: the caller knows where it belongs. */
  const turnTo = (next: PageView) => {
    if (view === 'course' && next !== 'course') letGo();
    view = next;
    for (const [name, place] of Object.entries(places)) setHidden(place, name !== next);
    bar.setView(next);
  };
  const turnToCourse = () => {
    if (view === 'course') return;
    turnTo('course');
    send({ type: 'view', view: 'course' });
  };
  turnTo(page.view);

  const element = h(
    'div',
    { class: 'page', lang: page.language },
    h('a', { class: 'skip', href: '#course' }, t('Skip to the text')),
    bar.element,
    notice,
    columns,
    places.review,
    places.progress,
  );
  element.addEventListener('click', onClick);
  window.addEventListener('scroll', onScroll, { passive: true });
  window.addEventListener('resize', onResize, { passive: true });

  return {
    element,
    attach() {
      const place = savedPlace();
      if (place !== null && view === 'course') {
        goToPlace(main, place);
        letGo = holdPlace(main, place);
      }
      onScroll();
    },
    updateLab(lab) {
      blocks.updateLab(lab);
      blocks.paintMeasured(review.element);
    },
    snapshot: blocks.snapshot,
    updateListing: blocks.updateListing,
    updateQuiz: blocks.updateQuiz,
    refuse(refusal) {
      if (blocks.refuse(refusal)) return;
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
    setView(next) {
      if (next === view) return;
      turnTo(next);
      if (next === 'course') {
        const place = savedPlace();
        if (place !== null) goToPlace(main, place);
        main.focus({ preventScroll: true });
        onScroll();
        return;
      }
      window.scrollTo({ top: 0, behavior: 'instant' });
      (next === 'review' ? review : progress).focus();
    },
    updateReview(state) {
      review.update(state);
      blocks.paintMeasured(review.element);
    },
    updateProgress(state) {
      progress.update(state);
      review.setNextDue(state.nextDueAt);
      bar.setDue(state.due);
    },
    dispose() {
      letGo();
      terms.dispose();
      window.removeEventListener('scroll', onScroll);
      window.removeEventListener('resize', onResize);
    },
  };
}

function courseEnd(): HTMLElement {
  const id = uniqueId('course-end');
  return h(
    'section',
    { class: 'course-end', 'aria-labelledby': id },
    h('h2', { id }, t('The end of the course')),
    h('p', {}, t('See what you know, and what is worth another look.')),
    h(
      'div',
      { class: 'buttons' },
      button(t('My progress'), () => send({ type: 'view', view: 'progress' }), { data: { action: 'to-progress' } })
        .element,
      button(t('Review'), () => send({ type: 'view', view: 'review' }), { data: { action: 'to-review' } }).element,
    ),
  );
}

interface TopBar {
  readonly element: HTMLElement;
  setView(view: PageView): void;
  setDue(due: number): void;
}

function topBar(page: PageState): TopBar {
  const title = h('span', { class: 'course-name' });
  setText(title, page.course.title);
  const views = new Map<PageView, HTMLElement>(
    (['course', 'review', 'progress'] as const).map((view) => [
      view,
      plainButton({ 'data-view': view }, () => send({ type: 'view', view })),
    ]),
  );
  const setDue = (due: number) => {
    for (const [view, element] of views) setText(element, viewName(view, due));
  };
  setDue(page.progress.due);
  return {
    element: h(
      'header',
      { class: 'top-bar' },
      title,
      h('nav', { class: 'views', 'aria-label': t('Pages of the course') }, [...views.values()]),
      languages(page),
    ),
    setView(view) {
      for (const [own, element] of views) setAttribute(element, 'aria-current', own === view ? 'page' : null);
    },
    setDue,
  };
}

function viewName(view: PageView, due: number): string {
  switch (view) {
    case 'course':
      return t('Text');
    case 'review':
      return due === 0 ? t('Review') : t('Review ({count} due)', { count: due });
    case 'progress':
      return t('My progress');
  }
}

function languages(page: PageState): HTMLElement {
  return h(
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
  );
}
