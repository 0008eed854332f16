import type { ServerCounts } from '../../src/measurement/snapshot';
import { h, setAttribute, setHidden, uniqueId } from '../dom';
import { t } from '../strings';
import { button, plainButton } from '../ui';

/** What can be done to one server while traffic runs: kill and revive at once, the rest from a menu beside them. */
export interface ServerActions {
  readonly element: HTMLElement;
  show(server: ServerCounts | null, drained: boolean, running: boolean): void;
}

export interface ServerActs {
  kill(server: string): void;
  revive(server: string): void;
  /** Times slower than it is, and the share of its requests that it fails. */
  setFault(server: string, fault: { readonly slowFactor: number; readonly errorRate: number }): void;
  setDrained(server: string, drained: boolean): void;
}

const SLOW_FACTOR = 10;
const ERROR_RATE = 0.5;

export function serverActions(lab: string, id: string, acts: ServerActs): ServerActions {
  const data = { lab, server: id };
  const kill = button(t('Kill'), () => acts.kill(id), {
    name: t('Kill {server}', { server: id }),
    data: { ...data, action: 'kill' },
  });
  const revive = button(t('Revive'), () => acts.revive(id), {
    name: t('Revive {server}', { server: id }),
    data: { ...data, action: 'revive' },
  });
  const menuId = uniqueId('server-menu');
  const anchor = `--${menuId}`;
  const close = () => menu.hidePopover();
  const item = (action: string, text: string, act: () => void) =>
    plainButton(
      { class: 'menu-item', 'data-server': id, 'data-action': action },
      () => {
        close();
        act();
      },
      text,
    );
  const items = {
    slow: item('slow', t('Slow it down {factor}×', { factor: SLOW_FACTOR }), () =>
      acts.setFault(id, { slowFactor: SLOW_FACTOR, errorRate: 0 }),
    ),
    fail: item('fail', t('Let half its answers be errors'), () =>
      acts.setFault(id, { slowFactor: 1, errorRate: ERROR_RATE }),
    ),
    heal: item('heal', t('Heal it'), () => acts.setFault(id, { slowFactor: 1, errorRate: 0 })),
    drain: item('drain', t('Drain it (down)'), () => acts.setDrained(id, true)),
    undrain: item('undrain', t('Give it traffic again'), () => acts.setDrained(id, false)),
  };
  const menu = h(
    'div',
    {
      id: menuId,
      class: 'menu',
      popover: 'auto',
      role: 'group',
      'aria-label': t('What to do to {server}', { server: id }),
      style: `position-anchor: ${anchor}`,
      on: { keydown: (event) => moveByArrow(event as KeyboardEvent, menu) },
    },
    Object.values(items),
  );
  const more = plainButton(
    {
      class: 'more',
      popovertarget: menuId,
      'aria-label': t('What to do to {server}', { server: id }),
      title: t('Slow down, fail, drain …'),
      'data-server': id,
      'data-action': 'more',
      style: `anchor-name: ${anchor}`,
    },
    () => {},
    '⋯',
  );
  menu.addEventListener('toggle', () => {
    if (menu.matches(':popover-open')) menu.querySelector<HTMLElement>('button:not([hidden])')?.focus();
  });
  return {
    element: h('div', { class: 'row-actions' }, kill.element, revive.element, more, menu),
    show(server, drained, running) {
      const state = server?.state ?? null;
      const dead = state === 'dead';
      const ill = state === 'slow' || state === 'failing';
      setHidden(kill.element, dead);
      setHidden(revive.element, !dead);
      kill.setDisabled(!running || server === null || state === 'removed');
      revive.setDisabled(!running);
      setHidden(items.slow, state === 'slow');
      setHidden(items.fail, state === 'failing');
      setHidden(items.heal, !ill);
      setHidden(items.drain, drained);
      setHidden(items.undrain, !drained);
      const usable = running && (state === 'up' || ill);
      setAttribute(more, 'disabled', usable ? null : '');
      if (!usable && menu.matches(':popover-open')) close();
    },
  };
}

function moveByArrow(event: KeyboardEvent, menu: HTMLElement): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  if (step === 0) return;
  event.preventDefault();
  const all = [...menu.querySelectorAll<HTMLElement>('button:not([hidden])')];
  const at = all.indexOf(document.activeElement as HTMLElement);
  all[(at + step + all.length) % all.length]?.focus();
}
