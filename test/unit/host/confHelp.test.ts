import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entriesNamed } from '../../../src/balancer/directives/table';
import { renderMessage } from '../../../src/base/message';
import { type ConfPlace, confPlaceAt } from '../../../src/host/conf/confPlace';
import { directiveDoc, labCommentDoc } from '../../../src/host/conf/directiveDoc';
import { directiveHelp, helpFor } from '../../../src/host/conf/directiveHelp';
import { suggestionsAt } from '../../../src/host/conf/suggestions';

const lab = { ids: ['server-a', 'server-d'] };
const korean = JSON.parse(readFileSync(path.resolve('media/l10n/bundle.l10n.ko.json'), 'utf8'));

/** The place of the "|" in a text, and the text without it. */
function at(marked: string): { readonly place: ConfPlace; readonly text: string } {
  const text = marked.replace('|', '');
  return { text, place: confPlaceAt(text, marked.indexOf('|')) };
}

function labelsAt(marked: string): readonly string[] {
  const { place, text } = at(marked);
  return suggestionsAt(place, text, lab).map((suggestion) => suggestion.label);
}

describe('where the cursor is', () => {
  it.each([
    ['|', { kind: 'directive', context: 'main', word: '' }],
    ['http { upstream a { ser|ver 127.0.0.1:1; } }', { kind: 'directive', context: 'upstream', word: 'server' }],
    ['stream { upstream a { | } }', { kind: 'directive', context: 'stream-upstream' }],
    ['http { server { location / { proxy_|', { kind: 'directive', context: 'location', word: 'proxy_' }],
    ['http { server { if ($x) { return 200; } | } }', { kind: 'directive', context: 'server' }],
    ['http { map $a $b { x|', { kind: 'directive', context: null }],
    // The ";" of the line above is still missing.
    ['http {\n  keepalive_timeout 5\n  ser|', { kind: 'directive', context: 'http', word: 'ser' }],
    ['http { server { listen 1|', { kind: 'argument', directive: 'listen', index: 0, word: '1' }],
    ['stream { upstream a { server 127.0.0.1:1 |', { kind: 'argument', directive: 'server', index: 1, word: '' }],
    [
      'stream { upstream a { server 127.0.0.1:1; # la|b',
      { kind: 'comment', directive: 'server', word: '# lab', context: 'stream-upstream' },
    ],
    ['http { upstream a {\n  server 127.0.0.1:1;\n  # |', { kind: 'comment', directive: null, context: 'upstream' }],
  ])('%s', (marked, place) => {
    expect(at(marked).place).toMatchObject(place);
  });

  it('is known in any text, at any place', () => {
    const pieces = fc.constantFrom('http', 'server', ' ', '{', '}', ';', '#', '"', '\n', '$', '${a}', 'listen', '1');
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), fc.nat(), (words, seed) => {
        const text = words.join('');
        const offset = text === '' ? 0 : seed % (text.length + 1);
        const place = confPlaceAt(text, offset);
        expect(place.from).toBeLessThanOrEqual(offset);
        expect(text.slice(place.from, place.from + place.word.length)).toBe(place.word);
      }),
    );
  });
});

describe('what is suggested', () => {
  it('in an upstream: servers of the lab, keepalive and the policies of its context only', () => {
    expect(labelsAt('http { upstream a { | } }')).toEqual(
      expect.arrayContaining(['server', 'keepalive', 'least_conn', 'ip_hash', 'hash', 'random']),
    );
    const inStream = labelsAt('stream { upstream a { | } }');
    expect(inStream).toContain('least_conn');
    expect(inStream).not.toContain('ip_hash');
    expect(inStream).not.toContain('location');
    const { place, text } = at('stream { upstream a { | } }');
    const server = suggestionsAt(place, text, lab).find(({ label }) => label === 'server');
    expect(server?.snippet).toBe('server 127.0.0.1:$1; # lab: backend ${2|server-a,server-d|} ${3|grpc,rest|}');
  });

  it('never what the balancer would refuse, and every suggestion is a directive that may stand there', () => {
    for (const [marked, context] of [
      ['|', 'main'],
      ['http { |', 'http'],
      ['http { server { |', 'server'],
      ['http { server { location / { |', 'location'],
      ['stream { server { |', 'stream-server'],
    ] as const) {
      const labels = labelsAt(marked);
      expect(labels.length).toBeGreaterThan(2);
      expect(labels).not.toContain('include');
      for (const label of labels) {
        expect(entriesNamed(label).some((entry) => entry.contexts.includes(context))).toBe(true);
      }
    }
  });

  it('the upstreams of the same section behind a pass directive, with its scheme', () => {
    const http =
      'http { upstream orders { server 127.0.0.1:1; } upstream users { server 127.0.0.1:2; } server { location / {';
    expect(labelsAt(`${http} proxy_pass | } } }`)).toEqual(['http://orders', 'http://users']);
    expect(labelsAt(`${http} grpc_pass g|; } } }`)).toEqual(['grpc://orders', 'grpc://users']);
    expect(labelsAt(`${http} } } } stream { server { proxy_pass |`)).toEqual([]);
  });

  it('on and off, server parameters, and lab comments where they are read', () => {
    expect(labelsAt('http { http2 |')).toEqual(['on', 'off']);
    expect(labelsAt('http { upstream a { server 127.0.0.1:1 w|')).toContain('weight=');
    expect(labelsAt('http { upstream a { server 127.0.0.1:1; #|\n} }')).toContain('# lab: backend server-d grpc');
    expect(labelsAt('http { upstream a {\n# lab: p|')).toContain('# lab: policy peak_ewma;');
    expect(labelsAt('http { upstream a { server 127.0.0.1:1; # my own words|')).toEqual([]);
    expect(labelsAt('http { # lab|')).toEqual([]);
  });
});

describe('what is told', () => {
  it('of each directive that has a text: it exists there, and is told in both languages', () => {
    expect(directiveHelp.length).toBeGreaterThanOrEqual(40);
    for (const help of directiveHelp) {
      const entries = entriesNamed(help.name);
      expect(entries, help.name).not.toEqual([]);
      const places = entries.flatMap((entry) => entry.contexts);
      expect(
        places.some((context) => helpFor(help.name, context) === help),
        help.name,
      ).toBe(true);
      expect(renderMessage(help.text, korean)).toMatch(/[가-힣]/);
    }
  });

  it('of a server line and of a server block, apart; and of passing on, by layer', () => {
    expect(directiveDoc('server', 'upstream', {})).toContain('max_fails');
    expect(directiveDoc('server', 'http', {})).toContain('Where to listen');
    expect(directiveDoc('proxy_pass', 'location', {})).toContain('each request');
    expect(directiveDoc('proxy_pass', 'stream-server', {})).toContain('each connection');
    expect(directiveDoc('proxy_pass', 'location', {})).toContain('nginx: ngx_http_proxy_module');
    expect(directiveDoc('keepalive', 'upstream', korean)).toContain('쓸 수 있는 곳: upstream · 인수: 1개');
  });

  it('of one without a text of ours: where it may stand; of no directive: nothing', () => {
    expect(directiveDoc('tcp_nodelay', 'http', {})).toContain('Allowed in: http, server, location');
    expect(directiveDoc('proxy_cache', 'http', {})).toBeNull();
  });

  it('of lab comments', () => {
    expect(labCommentDoc('# lab: backend server-b grpc', {})).toContain(
      'the server server-b of the lab, which speaks gRPC',
    );
    expect(labCommentDoc('# lab: policy peak_ewma;', {})).toContain('peak_ewma');
    expect(labCommentDoc('# a note', {})).toBeNull();
  });
});
