import { h, setAttribute, setHidden, setText } from '../dom';
import { count, t } from '../strings';
import { button } from '../ui';
import type { Reading } from './readings';

/** Logins made, kept and lost, and the store they are kept in, with a way to end it. Absent in labs without logins. */
export function sessionReading(
  lab: string,
  actions: { readonly kill: () => void; readonly revive: () => void },
): Reading {
  const figures = {
    created: h('dd', { 'data-figure': 'sessions-created' }, '—'),
    kept: h('dd', { 'data-figure': 'sessions-kept' }, '—'),
    lost: h('dd', { 'data-figure': 'sessions-lost' }, '—'),
  };
  const store = h('span', { 'data-figure': 'store' });
  let isDead = false;
  const toggle = button(t('Kill the session store'), () => (isDead ? actions.revive() : actions.kill()), {
    data: { lab, action: 'toggle-store' },
  });
  const element = h(
    'div',
    { class: 'sessions' },
    h(
      'dl',
      { class: 'figures' },
      h('div', {}, h('dt', {}, t('Logins')), figures.created),
      h('div', {}, h('dt', {}, t('Logins kept')), figures.kept),
      h('div', {}, h('dt', {}, t('Logins lost')), figures.lost),
    ),
    h('p', { class: 'hint' }, store, ' ', toggle.element),
  );
  return {
    element,
    show(snapshot) {
      const sessions = snapshot?.findings?.sessions;
      setHidden(element, snapshot === null || sessions === undefined);
      if (snapshot === null || sessions === undefined) return;
      setText(figures.created, count(sessions.created));
      setText(figures.kept, count(sessions.kept));
      setText(figures.lost, count(sessions.lost));
      setAttribute(element, 'data-lost', sessions.lost > 0 ? 'some' : 'none');
      setText(store, storeText(snapshot.store ?? null));
      isDead = snapshot.store?.state === 'dead';
      toggle.setText(isDead ? t('Revive the session store') : t('Kill the session store'));
      setHidden(toggle.element, snapshot.store?.isOurs !== true || snapshot.phase !== 'running');
    },
  };
}

function storeText(store: { readonly name: string; readonly state: string } | null): string {
  if (store === null) return t('Each server keeps its sessions in its own memory.');
  const name = store.name === 'built-in' ? t('the lab’s own store') : store.name;
  return store.state === 'dead' ? t('Session store: {name} · ✕ dead', { name }) : t('Session store: {name}', { name });
}
