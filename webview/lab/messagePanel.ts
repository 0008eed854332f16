import type { LabMessage, LabState, MessageView } from '../../src/protocol/webview';
import { fill, h, setHidden, setText } from '../dom';
import { rememberOpen, send } from '../host';
import { problemList } from '../problems';
import { count, t, times } from '../strings';
import { button } from '../ui';

/** The message that the arms of a lab send, as both protocols write it. Hidden where a lab has none. */
export interface MessagePanel {
  readonly element: HTMLElement;
  show(lab: LabState): void;
}

export function messagePanel(lab: string): MessagePanel {
  let current: LabMessage | null = null;
  let shown = '';
  const title = h('p', { class: 'small-title' });
  const open = button(
    t('Open the message'),
    () => {
      if (current !== null) send({ type: 'openLabFile', lab, file: current.file, line: 1 });
    },
    { data: { lab, action: 'open-message' } },
  );
  const problems = h('div', { class: 'notice', role: 'status' });
  const json = h('pre', { class: 'message-json', tabindex: 0, 'aria-label': t('The message as JSON') });
  const parts = h('tbody');
  const leftOut = h('p', { class: 'hint' });
  const sizes = h('div', { class: 'message-sizes' });
  const verdict = h('p', { class: 'hint' });
  const asText = h('div', {}, h('p', { class: 'small-title' }, t('As JSON: text, with the names in it')), json);
  const asBytes = h(
    'div',
    {},
    h('p', { class: 'small-title' }, t('As protobuf: numbers for names, and bytes')),
    h(
      'div',
      { class: 'table-scroll message-parts', role: 'group', 'aria-label': t('The message as protobuf'), tabindex: 0 },
      h(
        'table',
        { class: 'numbers' },
        h('caption', { class: 'visually-hidden' }, t('Every field of the message with its bytes')),
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            [t('Field'), t('Wire type'), t('Bytes'), t('Value')].map((text) => h('th', { scope: 'col' }, text)),
          ),
        ),
        parts,
      ),
    ),
    leftOut,
  );
  const forms = h('details', { class: 'fold' }, h('summary', {}, t('The message as both protocols write it')));
  forms.append(h('div', { class: 'message-forms' }, asText, asBytes));
  rememberOpen(forms, `lab:${lab}:message`, false);
  const element = h(
    'section',
    { class: 'message-panel', 'aria-label': t('The message') },
    h('div', { class: 'message-head' }, title, open.element),
    problems,
    sizes,
    verdict,
    forms,
  );

  const paint = (view: MessageView | null) => {
    for (const part of [sizes, verdict, forms]) setHidden(part, view === null);
    if (view === null) return;
    setText(json, view.json);
    fill(
      parts,
      view.parts.map(({ depth, field, number, wireType, tag, length, value, text }) =>
        h(
          'tr',
          {},
          h('th', { scope: 'row', style: `padding-inline-start:${0.5 + depth}rem` }, `${field} = ${number}`),
          h('td', {}, wireType),
          h(
            'td',
            { class: 'hex' },
            h('span', { class: 'hex-tag', title: t('Tag: field number and wire type') }, spaced(tag)),
            length === '' ? null : [' ', h('span', { class: 'hex-length', title: t('Length') }, spaced(length))],
            value === '' ? null : ` ${spaced(value)}`,
          ),
          h('td', { class: 'hex-text' }, text),
        ),
      ),
    );
    setHidden(leftOut, view.partsLeftOut === 0);
    setText(leftOut, t('{count} more fields follow.', { count: count(view.partsLeftOut) }));
    const { bytes } = view;
    const rows = [
      [t('JSON'), bytes.json],
      [t('JSON, gzipped'), bytes.jsonGzip],
      [t('Protobuf'), bytes.protobuf],
      [t('Protobuf, gzipped'), bytes.protobufGzip],
    ] as const;
    const most = Math.max(1, ...rows.map(([, size]) => size));
    fill(
      sizes,
      h(
        'ul',
        { class: 'mini-bars' },
        rows.map(([name, size]) =>
          h(
            'li',
            {},
            h('span', { class: 'mini-name' }, name),
            h(
              'span',
              { class: 'mini-track', 'aria-hidden': 'true' },
              h('span', { class: 'mini-fill', style: `width:${((size / most) * 100).toFixed(1)}%` }),
            ),
            h('span', { class: 'mini-share' }, t('{count} bytes', { count: count(size) })),
          ),
        ),
      ),
    );
    setText(
      verdict,
      t('JSON over protobuf: {raw} raw, {gzipped} gzipped. Below 1, JSON is the smaller one.', {
        raw: times(bytes.json / Math.max(1, bytes.protobuf)),
        gzipped: times(bytes.jsonGzip / Math.max(1, bytes.protobufGzip)),
      }),
    );
  };

  return {
    element,
    show(state) {
      const wanted = state.params.message;
      current = state.messages.find(({ id }) => id === wanted) ?? state.messages[0] ?? null;
      setHidden(element, current === null);
      const signature = JSON.stringify(current);
      if (signature === shown || current === null) return;
      shown = signature;
      setText(title, t('The message: {title}', { title: current.title }));
      open.setText(t('Open the message ({file})', { file: current.file }));
      setHidden(problems, current.problems.length === 0);
      fill(
        problems,
        h('p', {}, t('The message has problems. It cannot be sent until they are mended.')),
        problemList(current.problems),
      );
      paint(current.view);
    },
  };
}

/** "08 96 01". */
function spaced(hex: string): string {
  return hex.replace(/(..)(?=.)/g, '$1 ');
}
