import type { Block } from '../../src/course/courseView';
import { diagramBox, renderMermaid } from '../diagram/renderDiagram';
import { fill, h, trustedHtml } from '../dom';
import { problemList } from '../problems';
import { t } from '../strings';
import type { MeasuredPicture } from './measuredDiagram';

/** A run of ordinary Markdown. Tables and listings get a box that scrolls, by keyboard too, on a narrow page. */
export function htmlBlock(html: string): HTMLElement {
  const element = h('div', { class: 'prose' }, trustedHtml(html));
  for (const table of element.querySelectorAll('table')) {
    const box = h('div', { class: 'table-scroll', role: 'group', 'aria-label': t('Table'), tabindex: 0 });
    table.replaceWith(box);
    box.append(table);
    // An empty corner heads nothing.
    for (const head of table.querySelectorAll('th')) {
      if (head.textContent.trim() === '') head.replaceWith(h('td', {}));
    }
  }
  for (const listing of element.querySelectorAll('pre')) {
    listing.tabIndex = 0;
    listing.setAttribute('role', 'group');
    listing.setAttribute('aria-label', t('Listing'));
  }
  return element;
}

/** Drawn when it comes near the window, so that the text is there first. `picture`: it carries a lab's numbers. */
export function mermaidBlock(
  block: Extract<Block, { kind: 'mermaid' }>,
  picture: MeasuredPicture | null = null,
): HTMLElement {
  const box = diagramBox(block.title || t('Diagram'));
  const figure = h(
    'figure',
    {
      class: picture === null ? 'course-diagram' : 'course-diagram with-numbers',
      id: block.id,
      'data-diagram': 'waiting',
    },
    box,
    h('figcaption', {}, block.title, picture?.caption ?? null),
  );
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      void draw();
    },
    { rootMargin: '800px' },
  );
  const draw = async () => {
    try {
      const drawn = await drawToFit(box, picture?.source ?? block.source);
      if (drawn !== null) picture?.drawn(drawn.svg, drawn.id);
      figure.dataset.diagram = 'drawn';
    } catch (error) {
      figure.dataset.diagram = 'failed';
      fill(
        box,
        h('p', { class: 'problem-line' }, t('The picture could not be drawn: {reason}', { reason: String(error) })),
        h('pre', { tabindex: 0 }, block.source),
      );
    }
  };
  observer.observe(figure);
  return figure;
}

/** A flow that would have to be scrolled from left to right is drawn from top to bottom. */
async function drawToFit(box: HTMLElement, source: string): ReturnType<typeof renderMermaid> {
  const drawn = await renderMermaid(box, source);
  const upright = source.replace(/^(\s*flowchart\s+)(?:LR|RL)\b/m, '$1TB');
  if (drawn === null || upright === source || box.scrollWidth <= box.clientWidth + 1) return drawn;
  return renderMermaid(box, upright);
}

/** A block of the course that could not be read: what is wrong and where, with its source folded below. */
export function problemBlock(block: Extract<Block, { kind: 'problem' }>): HTMLElement {
  return h(
    'div',
    { class: 'block-problem', role: 'group', 'aria-label': t('A part of the course that could not be read') },
    h('p', { class: 'small-title' }, t('This part of the course could not be read')),
    problemList(block.problems),
    block.source === ''
      ? null
      : h('details', { class: 'fold' }, h('summary', {}, t('Its source')), h('pre', { tabindex: 0 }, block.source)),
  );
}
