import type { Block } from '../../src/course/courseView';
import { h, setAttribute } from '../dom';
import { rememberOpen } from '../host';
import { t } from '../strings';

/** The table of contents: beside the text where there is room, else folded on top of it. */
export interface Contents {
  readonly element: HTMLElement;
  /** The section the reader is in. */
  setCurrent(anchor: string | null): void;
}

type Heading = Extract<Block, { kind: 'heading' }>;

/** Deeper headings would make the list longer than a help. */
const DEEPEST = 3;

export function contents(blocks: readonly Block[], goTo: (anchor: string) => void): Contents {
  const headings = blocks.filter((block): block is Heading => block.kind === 'heading' && block.level <= DEEPEST);
  const top = headings.reduce((least, { level }) => Math.min(least, level), DEEPEST);
  const links = new Map<string, HTMLAnchorElement>();
  const items = headings.map(({ anchor, level, text }) => {
    const link = h(
      'a',
      {
        href: `#${anchor}`,
        on: {
          click: (event) => {
            event.preventDefault();
            goTo(anchor);
          },
        },
      },
      text,
    );
    links.set(anchor, link);
    return h('li', { 'data-depth': level - top }, link);
  });
  const details = h('details', {}, h('summary', {}, t('Contents')), h('ol', {}, items));
  // Beside the text it is always open; folding is for narrow pages, and only there it is remembered.
  const wide = window.matchMedia('(min-width: 1100px)');
  if (wide.matches) details.open = true;
  else rememberOpen(details, 'contents', false);
  wide.addEventListener('change', () => {
    details.open = wide.matches;
  });
  return {
    element: h('nav', { class: 'contents', id: 'contents', 'aria-label': t('Contents') }, details),
    setCurrent(anchor) {
      for (const [own, link] of links) setAttribute(link, 'aria-current', own === anchor ? 'location' : null);
    },
  };
}
