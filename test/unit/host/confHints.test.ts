import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hintText, type MeasuredServers, serverHints } from '../../../src/host/conf/hintModel';
import { smallestChange } from '../../../src/host/conf/textChange';
import type { ServerCounts } from '../../../src/measurement/snapshot';
import { server } from '../webview/builders';

const korean = JSON.parse(readFileSync(path.resolve('media/l10n/bundle.l10n.ko.json'), 'utf8'));
const latency = (p99: number) => ({ p50: 1, p90: 1, p99, max: p99 });

function measured(over: Partial<MeasuredServers> = {}): MeasuredServers {
  return { upstreams: ['orders'], servers: [server('server-a'), server('server-b')], addresses: {}, ...over };
}

const conf = `stream {
    upstream other {
        server 127.0.0.1:1; # lab: backend server-a rest
    }
    upstream orders {
        server 127.0.0.1:28201; # lab: backend server-a grpc
        server 127.0.0.1:28202 weight=2;
        server 127.0.0.1:28203; # lab: backend server-c grpc
    }
}`;

/** "line:column id" of each hint. */
function hintsOf(text: string, what: MeasuredServers): string[] {
  return serverHints(text, what).map((hint) => `${hint.line}:${hint.column} ${hint.server.id}`);
}

describe('hints behind server directives', () => {
  it('stand behind those of the upstream that traffic went through, before a comment, found by it or by address', () => {
    expect(hintsOf(conf, measured({ addresses: { '127.0.0.1:28202': 'server-b' } }))).toEqual([
      '6:32 server-a',
      '7:41 server-b',
    ]);
  });

  it('say nothing of a server that was not measured, nor of another upstream', () => {
    expect(hintsOf(conf, measured({ servers: [] }))).toEqual([]);
    expect(hintsOf(conf, measured({ upstreams: ['other'] }))).toEqual(['3:28 server-a']);
  });

  it('stay while the reader writes', () => {
    const half = conf.replace('server 127.0.0.1:28203;', 'server 127.0.0.1:282');
    expect(hintsOf(half, measured())).toContain('6:32 server-a');
    expect(hintsOf(conf.slice(0, conf.indexOf('server 127.0.0.1:28203')), measured())).toContain('6:32 server-a');
  });

  it('write numbers as the live table does', () => {
    const one: ServerCounts = server('server-a', {
      share: 1 / 3,
      requests: 1_000,
      connections: 1,
      latencyMs: latency(4.23),
    });
    expect(hintText(one, 'en', {})).toBe('33.3 % · 1,000 requests · 1 connection · p99 4.2 ms');
    expect(hintText(one, 'ko', korean)).toBe('33.3% · 요청 1,000건 · 연결 1개 · p99 4.2 ms');
    expect(hintText({ ...one, share: 1, latencyMs: latency(240.4) }, 'en', {})).toMatch(/^100 % .* p99 240 ms$/);
    expect(hintText({ ...one, share: 0, requests: 0, connections: 0, latencyMs: null }, 'en', {})).toBe(
      '0 % · 0 requests · 0 connections',
    );
    expect(hintText({ ...one, state: 'dead', requests: 1 }, 'en', {})).toMatch(/^dead · 33.3 % · 1 request · /);
  });
});

describe('the smallest change', () => {
  it('makes the one text of the other, and keeps what is the same at both ends', () => {
    const texts = fc.array(fc.constantFrom('a', 'b', '\n'), { maxLength: 12 }).map((letters) => letters.join(''));
    fc.assert(
      fc.property(texts, texts, (before, after) => {
        const { start, end, text } = smallestChange(before, after);
        expect(before.slice(0, start) + text + before.slice(end)).toBe(after);
        expect(start).toBeLessThanOrEqual(end);
      }),
    );
  });

  it('is the new line where one is added, and nothing where nothing changed', () => {
    expect(smallestChange('a;\nb;\n', 'a;\nc;\nb;\n')).toEqual({ start: 3, end: 3, text: 'c;\n' });
    expect(smallestChange('same', 'same').text).toBe('');
  });
});
