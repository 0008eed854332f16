import { h, setAttribute, setHidden, uniqueId } from '../dom';
import { chosenTabs, saveChosenTab } from '../host';
import { t } from '../strings';

/** Strips of tabs that follow one choice: who reads about HAProxy reads about HAProxy everywhere. */
export interface TabStrips {
  /** A strip of at least one tab (ARIA Authoring Practices, tabs with automatic activation). */
  strip(tabs: readonly { readonly name: string; readonly content: readonly HTMLElement[] }[]): HTMLElement;
}

interface Strip {
  readonly element: HTMLElement;
  readonly names: readonly string[];
  show(name: string): void;
}

export function tabStrips(): TabStrips {
  const strips: Strip[] = [];
  const choose = (by: Strip, name: string) => {
    saveChosenTab(name);
    // Panels above the reader may grow or shrink; what was clicked stays under the pointer.
    const before = by.element.getBoundingClientRect().top;
    for (const strip of strips) if (strip.names.includes(name)) strip.show(name);
    const moved = by.element.getBoundingClientRect().top - before;
    if (moved !== 0) window.scrollBy({ top: moved, behavior: 'instant' });
  };
  return {
    strip(tabs) {
      const parts = tabs.map(({ name, content }) => {
        const [id, panelId] = [uniqueId('tab'), uniqueId('tab-panel')];
        const tab = h(
          'button',
          { type: 'button', role: 'tab', id, 'aria-controls': panelId, 'data-tab': name, class: 'tab' },
          name,
        );
        const panel = h('div', { role: 'tabpanel', id: panelId, 'aria-labelledby': id, class: 'tab-panel' }, content);
        return { name, tab, panel };
      });
      const list = h(
        'div',
        { class: 'tab-list', role: 'tablist', 'aria-label': t('The same in another product') },
        parts.map(({ tab }) => tab),
      );
      const strip: Strip = {
        element: h(
          'div',
          { class: 'tabs' },
          list,
          parts.map(({ panel }) => panel),
        ),
        names: tabs.map(({ name }) => name),
        show(name) {
          for (const part of parts) {
            const isShown = part.name === name;
            setAttribute(part.tab, 'aria-selected', String(isShown));
            // Only the chosen tab is reached by the tab key; arrows go to the others.
            part.tab.tabIndex = isShown ? 0 : -1;
            setHidden(part.panel, !isShown);
          }
        },
      };
      for (const { name, tab } of parts) tab.addEventListener('click', () => choose(strip, name));
      list.addEventListener('keydown', (event) => {
        const at = parts.findIndex(({ tab }) => tab === document.activeElement);
        const next = parts[nextIndex(event.key, at, parts.length)];
        if (at === -1 || next === undefined) return;
        event.preventDefault();
        next.tab.focus();
        choose(strip, next.name);
      });
      strips.push(strip);
      const remembered = chosenTabs().find((name) => strip.names.includes(name));
      strip.show(remembered ?? strip.names[0] ?? '');
      return strip.element;
    },
  };
}

/** -1: the key moves nothing. */
function nextIndex(key: string, at: number, count: number): number {
  switch (key) {
    case 'ArrowRight':
      return (at + 1) % count;
    case 'ArrowLeft':
      return (at - 1 + count) % count;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return -1;
  }
}
