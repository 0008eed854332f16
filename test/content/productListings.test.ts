import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse, parseDocument } from 'yaml';
import { findProgram } from '../../.ci/commands.mjs';
import { readPlan } from '../../src/balancer/buildPlan';
import { renderMessage } from '../../src/base/message';
import { nginxIsMissing, testConf } from '../harness/nginx';
import { fileText, manifest } from './trafficLabCourse';

/** Listings that no lab runs: the balancer and nginx, or at least the other products' own programs or parsers, must take them. */

const haproxy: string | null = findProgram(['haproxy'], ['/usr/sbin/haproxy']);
if (haproxy === null && process.env.CI === 'true') throw new Error('haproxy is not installed, and CI=true demands it');

const folder = mkdtempSync(path.join(tmpdir(), 'traffic-lab-listings-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface ProductListing {
  /** The line of its opening fence, from 1. */
  readonly line: number;
  readonly text: string;
}

function listingsOf(language: string, product: string): readonly ProductListing[] {
  const text = fileText(`course.${language}.md`);
  const fences = text.matchAll(new RegExp(`^\`\`\`\\w+ tab="${product}[^"]*"\\n([\\s\\S]*?)^\`\`\``, 'gm'));
  return [...fences].map((fence) => ({
    line: text.slice(0, fence.index).split('\n').length,
    text: fence[1] ?? '',
  }));
}

/** A listing with what it leaves to the reader: time limits, a frontend, backends that it only names, a key. */
function completed(listing: string): string {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = path.join(folder, 'jwt.pem');
  writeFileSync(key, publicKey.export({ type: 'spki', format: 'pem' }));
  const names = (pattern: RegExp): readonly string[] => [...listing.matchAll(pattern)].map(([, name = '']) => name);
  const backends = names(/^backend (\S+)/gm);
  const isRules = backends.length === 0 && !/^frontend\s/m.test(listing);
  const frontend = [
    'frontend around',
    '    mode http',
    '    bind :8080',
    '    stick-table type ip size 1k store http_req_rate(1s)',
  ];
  const missing = names(/(?:use_backend|default_backend)\s+(\S+)/g).filter((name) => !backends.includes(name));
  return [
    'defaults',
    '    timeout client 5s',
    '    timeout server 5s',
    '    timeout connect 1s',
    ...(isRules ? frontend : []),
    listing.replaceAll('/etc/haproxy/jwt.pem', key),
    // HAProxy wants something to listen on.
    ...(isRules || /^frontend\s/m.test(listing) ? [] : [...frontend, `    default_backend ${backends[0]}`]),
    ...[...new Set(missing)].flatMap((name) => [`backend ${name}`, '    mode http', '    server a 127.0.0.1:8081']),
    '',
  ].join('\n');
}

/** What `haproxy -c` says against it; '': nothing. */
function complaints(configuration: string): string {
  const file = path.join(folder, 'haproxy.cfg');
  writeFileSync(file, configuration);
  const { status, stdout, stderr } = spawnSync(haproxy ?? '', ['-c', '-f', file], { encoding: 'utf8' });
  const told = `${stdout}${stderr}`.split('\n').filter((line) => /\[(ALERT|WARNING)\]/.test(line));
  return status === 0 ? told.join('\n') : told.join('\n') || `haproxy -c ended with ${status}`;
}

/** An nginx listing with what it leaves to the reader: the blocks around it, upstreams and zones that it only names. */
function completedNginx(listing: string): string {
  const names = (pattern: RegExp): readonly string[] => [...listing.matchAll(pattern)].map(([, name = '']) => name);
  const defined = names(/^\s*upstream (\S+)/gm);
  const named = names(/_pass (?:grpc|http):\/\/([a-z_]+)/g).filter((name) => !defined.includes(name));
  const zones = names(/limit_req zone=(\w+)/g).filter((name) => !listing.includes(`zone=${name}:`));
  const around = [
    ...[...new Set(named)].map((name) => `upstream ${name} { server 10.0.0.99:8080; }`),
    ...[...new Set(zones)].map((name) => `limit_req_zone $binary_remote_addr zone=${name}:1m rate=10r/s;`),
  ];
  if (/^(http|stream|events) \{/m.test(listing)) {
    return /^events \{/m.test(listing) ? listing : `events {}\n${listing}`;
  }
  const inServer = /^location /m.test(listing) ? `server {\nlisten 127.0.0.1:8081;\n${listing}\n}` : listing;
  return ['events {}', 'http {', ...around, inServer, '}', ''].join('\n');
}

/** nginx listings that a question shows: its fault is in what they do, not in how they are written. */
function listingsInQuestions(language: string): readonly string[] {
  return [...fileText(`course.${language}.md`).matchAll(/^```quiz\n([\s\S]*?)^```/gm)].flatMap(([, yaml = '']) => {
    const { listing } = parse(yaml) as { readonly listing?: unknown };
    return typeof listing === 'string' && /^\s*(upstream|server|location|http|stream) .*\{/m.test(listing)
      ? [listing]
      : [];
  });
}

describe.each(manifest().languages)('the nginx listings in %s', (language) => {
  const all = [...listingsOf(language, 'nginx').map(({ text }) => text), ...listingsInQuestions(language)];

  it('are taken by the balancer', () => {
    expect(all.length).toBeGreaterThanOrEqual(10);
    for (const listing of all) {
      const plan = readPlan({ path: 'listing.conf', text: completedNginx(listing) });
      const told = plan.ok ? [] : plan.error.map(({ message }) => renderMessage(message));
      expect(told, listing).toEqual([]);
    }
  });

  it.skipIf(nginxIsMissing)('are taken by nginx', async () => {
    for (const listing of all) {
      const { good, output } = await testConf(completedNginx(listing));
      // The only directive of them that an nginx may lack: it came to open source with 1.29.6.
      if (/^\s*sticky /m.test(listing) && output.includes('unknown directive "sticky"')) continue;
      expect(good, `${output}\n${listing}`).toBe(true);
    }
  });
});

describe('a listing that is wrong', () => {
  it.each(['upstream a {\n    least_con;\n}', 'location /a {\n    proxy_pass http://b\n}'])(
    'is refused: %j',
    (listing) => {
      expect(readPlan({ path: 'listing.conf', text: completedNginx(listing) }).ok).toBe(false);
    },
  );
});

describe.each(manifest().languages)('the listings of other products in %s', (language) => {
  it.skipIf(haproxy === null)('are taken by HAProxy without a warning', () => {
    const listings = listingsOf(language, 'HAProxy');
    expect(listings.length).toBeGreaterThanOrEqual(6);
    for (const { line, text } of listings) expect(complaints(completed(text)), `line ${line}`).toBe('');
  });

  it('are YAML where they are Envoy’s, with every filter’s type named', () => {
    const listings = listingsOf(language, 'Envoy');
    expect(listings.length).toBeGreaterThanOrEqual(6);
    for (const { line, text } of listings) {
      const document = parseDocument(text);
      expect([...document.errors, ...document.warnings].map(String), `line ${line}`).toEqual([]);
      const filters = JSON.stringify(document.toJS());
      const configs = filters.match(/"typed_config":\{/g) ?? [];
      const types = filters.match(/"typed_config":\{"@type":"type\.googleapis\.com\/envoy\.[\w.]+"/g) ?? [];
      expect(types, `line ${line}`).toHaveLength(configs.length);
    }
  });

  it('are the same in every language but for their comments', () => {
    const bare = (text: string): string => text.replace(/\s*#.*$/gm, '');
    for (const product of ['nginx', 'HAProxy', 'Envoy', 'AWS']) {
      const [own, first] = [language, 'en'].map((each) => listingsOf(each, product).map(({ text }) => bare(text)));
      expect(own, product).toEqual(first);
    }
  });
});

describe.skipIf(haproxy === null)('HAProxy', () => {
  it.each([
    ['a word that it does not know', 'backend a\n    mode http\n    balance leastcon\n    server a 10.0.0.1:80\n'],
    ['a rule in the wrong place', 'backend a\n    use_backend b if TRUE\n    server a 10.0.0.1:80\n'],
    ['a rule without a frontend that it cannot read', 'http-request deny deny_status\n'],
  ])('refuses %s', (_what, listing) => {
    expect(complaints(completed(listing))).toMatch(/\[(ALERT|WARNING)\]/);
  });
});
