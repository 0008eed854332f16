import type { Place } from '../host';

/** Where the reader is, as a heading and the distance from it: holds over a reload, a resize and another language. */

/** px below the top of the window at which a section counts as the one being read. */
const READING_LINE = 96;

export function placeIn(main: HTMLElement): Place {
  const headings = anchored(main);
  let heading = -1;
  headings.forEach((element, index) => {
    if (element.getBoundingClientRect().top <= READING_LINE) heading = index;
  });
  const element = headings[heading];
  if (element === undefined) return { anchor: null, heading: -1, offset: window.scrollY };
  return { anchor: element.id, heading, offset: -element.getBoundingClientRect().top };
}

/** Anchors may be spelt otherwise in the other language; then the heading of the same ordinal is meant. */
export function goToPlace(main: HTMLElement, place: Place): void {
  const headings = anchored(main);
  const element = headings.find((candidate) => candidate.id === place.anchor) ?? headings[place.heading];
  const top = element === undefined ? 0 : element.getBoundingClientRect().top + window.scrollY;
  window.scrollTo({ top: top + place.offset, behavior: 'instant' });
}

/**
 * Diagrams and charts arrive after the text and push it down: until the reader scrolls by hand, the place is taken again
 * each time the page grows.
 */
export function holdPlace(main: HTMLElement, place: Place): void {
  goToPlace(main, place);
  const observer = new ResizeObserver(() => goToPlace(main, place));
  observer.observe(main);
  const release = () => {
    observer.disconnect();
    for (const event of HANDS) window.removeEventListener(event, release);
  };
  for (const event of HANDS) window.addEventListener(event, release, { passive: true });
  setTimeout(release, HOLD_MS);
}

const HANDS = ['wheel', 'touchstart', 'keydown', 'pointerdown'] as const;
const HOLD_MS = 4000;

function anchored(main: HTMLElement): readonly HTMLElement[] {
  return [...main.querySelectorAll<HTMLElement>('[data-anchor]')];
}
