import type { Place } from '../host';

/**
 * Where the reader is: a heading, the block after it, and the distance from that block's top. Holds over a reload, a
 * resize and another language.
 */

/** px below the top of the window at which a block counts as the one being read. */
const READING_LINE = 96;

export function placeIn(main: HTMLElement): Place {
  const headings = anchored(main);
  const heading = headings.findLastIndex(isReached);
  const element = headings[heading];
  if (element === undefined) return { anchor: null, heading: -1, block: 0, offset: window.scrollY };
  const blocks = section(element);
  const block = Math.max(0, blocks.findLastIndex(isReached));
  return { anchor: element.id, heading, block, offset: -(blocks[block] ?? element).getBoundingClientRect().top };
}

/**
 * Anchors of the sections whose text is before the reader's eyes: begun in the upper half of the window and not yet
 * scrolled away, so that a chapter's heading counts with the section right below it. At the end of the page, where
 * nothing can be scrolled further up, all that is in the window.
 */
export function sectionsInView(main: HTMLElement): readonly string[] {
  const page = document.documentElement;
  const atEnd = window.scrollY + window.innerHeight >= page.scrollHeight - 2;
  const line = atEnd ? window.innerHeight : window.innerHeight / 2;
  const headings = anchored(main);
  return headings.flatMap((heading, index) => {
    const top = heading.getBoundingClientRect().top;
    const end = headings[index + 1]?.getBoundingClientRect().top ?? page.getBoundingClientRect().bottom;
    return top <= line && end > 0 ? [heading.id] : [];
  });
}

/** Anchors may be spelt otherwise in the other language; then the heading of the same ordinal is meant. */
export function goToPlace(main: HTMLElement, place: Place): void {
  const headings = anchored(main);
  const heading = headings.find((candidate) => candidate.id === place.anchor) ?? headings[place.heading];
  const block = heading === undefined ? undefined : (section(heading)[place.block] ?? heading);
  const top = block === undefined ? 0 : block.getBoundingClientRect().top + window.scrollY;
  window.scrollTo({ top: top + place.offset, behavior: 'instant' });
}

/**
 * Diagrams and charts arrive after the text and push it down: until the reader scrolls by hand, the place is taken again
 * each time the page grows. Returns how to let go.
 */
export function holdPlace(main: HTMLElement, place: Place): () => void {
  const observer = new ResizeObserver(() => goToPlace(main, place));
  observer.observe(main);
  const release = () => {
    observer.disconnect();
    clearTimeout(timer);
    for (const event of HANDS) window.removeEventListener(event, release);
  };
  const timer = setTimeout(release, HOLD_MS);
  for (const event of HANDS) window.addEventListener(event, release, { passive: true });
  return release;
}

const HANDS = ['wheel', 'touchstart', 'keydown', 'pointerdown'] as const;
const HOLD_MS = 4000;

function isReached(element: Element): boolean {
  return element.getBoundingClientRect().top <= READING_LINE;
}

function anchored(main: HTMLElement): readonly HTMLElement[] {
  return [...main.querySelectorAll<HTMLElement>('[data-anchor]')];
}

/** The heading and the blocks below it, up to the next heading. */
function section(heading: Element): readonly Element[] {
  const blocks: Element[] = [heading];
  for (let next = heading.nextElementSibling; next !== null; next = next.nextElementSibling) {
    if (next.hasAttribute('data-anchor')) break;
    blocks.push(next);
  }
  return blocks;
}
