import type { CourseView } from '../../src/course/courseView';
import { fill, h, setAttribute, setHidden, trustedHtml } from '../dom';

/**
 * What marked words mean: shown on hover, on focus, and on a click or Enter for those who do neither; gone with Escape. It
 * stays while the pointer is on it (WCAG 2.2, 1.4.13). A screen reader reads it as the description of the word.
 */
export interface GlossaryTips {
  /** Belongs into the text; it is on top of everything when it is open. */
  readonly element: HTMLElement;
  dispose(): void;
}

const textId = (term: string) => `term-text-${term}`;

/** px between the word and what is said of it, and to the edges of the window. */
const GAP = 6;

/** ms that the pointer may take from the word to the tip. */
const PATIENCE = 150;

export function glossaryTips(glossary: CourseView['glossary'], main: HTMLElement): GlossaryTips {
  const entries = new Map(glossary.map((entry) => [entry.id, entry]));
  const tip = h('div', { class: 'term-tip', role: 'tooltip', popover: 'manual' });
  // What describes a word is always there; hidden text may describe.
  const texts = h('div', { hidden: true });
  let shown: HTMLElement | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  for (const word of main.querySelectorAll<HTMLElement>('.term[data-term]')) {
    const entry = entries.get(word.dataset.term ?? '');
    if (entry === undefined) continue;
    word.tabIndex = 0;
    setAttribute(word, 'role', 'button');
    setAttribute(word, 'aria-describedby', textId(entry.id));
    setAttribute(word, 'aria-expanded', 'false');
    if (texts.querySelector(`#${textId(entry.id)}`) === null) {
      texts.append(h('span', { id: textId(entry.id) }, trustedHtml(entry.html)));
    }
  }

  const show = (word: HTMLElement) => {
    clearTimeout(timer);
    const entry = entries.get(word.dataset.term ?? '');
    if (entry === undefined || shown === word) return;
    hide();
    shown = word;
    setAttribute(word, 'aria-expanded', 'true');
    fill(tip, h('p', { class: 'term-name' }, entry.term), h('p', {}, trustedHtml(entry.html)));
    tip.showPopover();
    place(tip, word);
  };
  const hide = () => {
    clearTimeout(timer);
    if (shown === null) return;
    setAttribute(shown, 'aria-expanded', 'false');
    shown = null;
    tip.hidePopover();
  };
  const hideSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(hide, PATIENCE);
  };
  const wordOf = (event: Event): HTMLElement | null =>
    event.target instanceof Element ? event.target.closest<HTMLElement>('.term[data-term]') : null;

  const listeners: readonly (readonly [string, (event: Event) => void])[] = [
    ['pointerover', (event) => ifWord(wordOf(event), show)],
    ['pointerout', (event) => ifWord(wordOf(event), (word) => word !== document.activeElement && hideSoon())],
    ['focusin', (event) => ifWord(wordOf(event), show)],
    ['focusout', (event) => ifWord(wordOf(event), hide)],
    ['click', (event) => ifWord(wordOf(event), show)],
  ];
  for (const [type, listener] of listeners) main.addEventListener(type, listener);
  tip.addEventListener('pointerenter', () => clearTimeout(timer));
  tip.addEventListener('pointerleave', hideSoon);
  const onKey = (event: KeyboardEvent) => {
    const word = wordOf(event);
    if (event.key === 'Escape' && shown !== null) {
      // The editor has uses of its own for this key.
      event.stopPropagation();
      hide();
    } else if (word !== null && (event.key === 'Enter' || event.key === ' ')) {
      event.preventDefault();
      if (shown === word) hide();
      else show(word);
    }
  };
  const onScroll = () => {
    if (shown !== null) place(tip, shown);
  };
  document.addEventListener('keydown', onKey, { capture: true });
  window.addEventListener('scroll', onScroll, { passive: true });
  window.addEventListener('resize', hide, { passive: true });

  setHidden(texts, true);
  return {
    element: h('div', {}, texts, tip),
    dispose() {
      hide();
      document.removeEventListener('keydown', onKey, { capture: true });
      window.removeEventListener('scroll', onScroll);
      window.removeEventListener('resize', hide);
    },
  };
}

function ifWord(word: HTMLElement | null, act: (word: HTMLElement) => unknown): void {
  if (word !== null) act(word);
}

/** Below the word, above it where there is no room; never over the edge. */
function place(tip: HTMLElement, word: HTMLElement): void {
  // A word that is broken over two lines is pointed at where it begins.
  const at = word.getClientRects()[0] ?? word.getBoundingClientRect();
  const { width, height } = tip.getBoundingClientRect();
  const isRoomBelow = at.bottom + GAP + height <= window.innerHeight;
  const left = Math.max(GAP, Math.min(at.left, document.documentElement.clientWidth - width - GAP));
  tip.style.left = `${left}px`;
  tip.style.top = `${isRoomBelow ? at.bottom + GAP : Math.max(GAP, at.top - GAP - height)}px`;
}
