import type { TypeCheck } from '../../src/measurement/findings';
import type { LabState } from '../../src/protocol/webview';
import { fill, h, setHidden, setText } from '../dom';
import { count, milliseconds, significant, t } from '../strings';
import type { Reading } from './readings';

/** What a message cost in every arm that has sent it: bytes, encoding, and who noticed a wrong field. */
export interface MessageCosts {
  readonly element: HTMLElement;
  show(lab: LabState): void;
}

export function messageCosts(): MessageCosts {
  const body = h('tbody');
  const checks = h('ul', { class: 'plain-list' });
  const heads = [
    t('Request, bytes'),
    t('Response, bytes'),
    t('On the wire, bytes'),
    t('Encoding, µs'),
    t('Decoding, µs'),
    t('Requests per second'),
    'p50',
    'p99',
  ];
  const element = h(
    'div',
    { class: 'message-costs' },
    h('p', { class: 'small-title' }, t('What one request costs, measured in each arm')),
    h(
      'div',
      { class: 'table-scroll', role: 'group', 'aria-label': t('What one request costs'), tabindex: 0 },
      h(
        'table',
        { class: 'numbers compare' },
        h('caption', { class: 'visually-hidden' }, t('Bytes and time of one request, by arm')),
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            h('th', { scope: 'col' }, t('Arm')),
            heads.map((text) => h('th', { scope: 'col', class: 'number' }, text)),
          ),
        ),
        body,
      ),
    ),
    h(
      'p',
      { class: 'hint' },
      t('On the wire: all that the clients’ sockets wrote and read, with headers and framing, for each request.'),
    ),
    h('p', { class: 'small-title' }, t('A message with a wrong field')),
    checks,
  );
  let shown = '';
  return {
    element,
    show(lab) {
      const rows = lab.arms.flatMap((arm) => {
        const kept = lab.results[arm.id];
        return kept?.result.bytes === undefined ? [] : [{ arm, result: kept.result, bytes: kept.result.bytes }];
      });
      setHidden(element, rows.length === 0);
      const signature = JSON.stringify(rows.map(({ arm }) => [arm.id, lab.results[arm.id]?.finishedAt]));
      if (signature === shown) return;
      shown = signature;
      fill(
        body,
        rows.map(({ arm, result, bytes }) =>
          h(
            'tr',
            { 'data-cost-row': arm.id },
            h('th', { scope: 'row' }, arm.title, sentTitle(lab, result.message)),
            [
              count(Math.round(bytes.request)),
              count(Math.round(bytes.response)),
              count(Math.round(bytes.onWire)),
              significant(result.encodeMicros ?? 0, 2),
              significant(result.decodeMicros ?? 0, 2),
              count(Math.round(result.requestsPerSecond)),
              milliseconds(result.latencyMs.p50),
              milliseconds(result.latencyMs.p99),
            ].map((text) => h('td', { class: 'number' }, text)),
          ),
        ),
      );
      fill(
        checks,
        rows.flatMap(({ arm, result }) =>
          result.typeCheck === undefined
            ? []
            : [h('li', {}, h('strong', {}, arm.title), `: ${typeCheckText(result.typeCheck)}`)],
        ),
      );
    },
  };
}

/** Under the arm's name, as in the table of the arms. */
function sentTitle({ messages }: LabState, sent: string | undefined): HTMLElement | null {
  const title = messages.find(({ id }) => id === sent)?.title;
  return title === undefined ? null : h('span', { class: 'choices' }, title);
}

function typeCheckText({ field, caught, by, status, text, arrivesAs }: TypeCheck): string {
  switch (caught) {
    case 'at run time':
      return t('“{field}” with a text for a number was sent, and {server} refused it with {status}: {text}', {
        field,
        server: by,
        status: status ?? '',
        text,
      });
    case 'before sending':
      return t(
        '“{field}” with a text for a number was never sent: the types of the client say “{text}”. JavaScript that does not ask them would send {value}.',
        { field, text, value: arrivesAs ?? '' },
      );
    case 'not at all':
      return t('“{field}” with a text for a number: nobody noticed.', { field });
  }
}

/** Messages in streams, each way over time; hidden where a run has no streams. */
export function streamedMessages(): Reading {
  const sentence = h('p', {});
  const bars = h('div', { class: 'streamed-bars', 'aria-hidden': 'true' });
  const element = h(
    'div',
    { class: 'streamed' },
    h('p', { class: 'small-title' }, t('Messages within the streams')),
    sentence,
    bars,
    h('p', { class: 'hint' }, t('A column for each quarter of a second: up to the server, down to the client.')),
  );
  let shown = '';
  return {
    element,
    show(snapshot) {
      const { streamed, streamedOverTime = [] } = snapshot?.findings ?? {};
      setHidden(element, streamed === undefined);
      if (streamed === undefined) return;
      setText(
        sentence,
        t('{streams} streams: {toServer} messages to the server, {toClient} to the client.', {
          streams: count(streamed.streams),
          toServer: count(streamed.toServer),
          toClient: count(streamed.toClient),
        }),
      );
      const signature = JSON.stringify(streamedOverTime);
      if (signature === shown) return;
      shown = signature;
      const most = Math.max(1, ...streamedOverTime.flatMap(({ toServer, toClient }) => [toServer, toClient]));
      const height = (messages: number) => `height:${((messages / most) * 100).toFixed(1)}%`;
      fill(
        bars,
        streamedOverTime.map(({ toServer, toClient }) =>
          h(
            'span',
            { class: 'streamed-slot' },
            h('span', { class: 'streamed-up' }, h('span', { style: height(toServer) })),
            h('span', { class: 'streamed-down' }, h('span', { style: height(toClient) })),
          ),
        ),
      );
    },
  };
}

/** What a browser's scripts tried, and what came of it; hidden where no browser was the client. */
export function browserSaid(): Reading {
  const tried = h('p', {});
  const said = h('p', {});
  const element = h(
    'div',
    { class: 'browser-said' },
    h('p', { class: 'small-title' }, t('The page itself was the client')),
    tried,
    said,
  );
  return {
    element,
    show(snapshot) {
      const browser = snapshot?.findings?.browser;
      setHidden(element, browser === undefined);
      if (browser === undefined) return;
      setText(tried, t('Tried: {tried}.', { tried: browser.tried }));
      setText(said, t('The browser said: {said}', { said: browser.said }));
    },
  };
}
