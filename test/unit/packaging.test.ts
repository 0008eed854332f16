import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { root, run } from '../../.ci/commands.mjs';
import { collectSentences, hasWords, placeholders, readBundle, sentencesOf } from '../../.ci/l10n.mjs';
import { type BundledPackage, bundledPackages, noticeHeading } from '../../.ci/notices.mjs';

const text = (name: string): string => readFileSync(path.join(root, name), 'utf8');
const json = (name: string) => JSON.parse(text(name));
const isThere = (name: string): boolean => existsSync(path.join(root, name));

const manifest = json('package.json');
const lock = json('package-lock.json');
const english: Record<string, string> = json('package.nls.json');
const korean: Record<string, string> = json('package.nls.ko.json');

/** Every string anywhere in a value. */
function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(stringsIn);
}

/** "^1.100.0" or "1.100.3" as numbers. */
function versionOf(range: string): number[] {
  return (/\d+(?:\.\d+)*/.exec(range)?.[0] ?? '').split('.').map(Number);
}

function isAtMost(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((part, index) => part !== (b[index] ?? 0));
  return at === -1 || (a[at] ?? 0) < (b[at] ?? 0);
}

/** The categories that VS Code knows; any other shows up nowhere, and vsce does not say so. */
const knownCategories = [
  'AI',
  'Azure',
  'Chat',
  'Data Science',
  'Debuggers',
  'Education',
  'Extension Packs',
  'Formatters',
  'Keymaps',
  'Language Packs',
  'Linters',
  'Machine Learning',
  'Notebooks',
  'Other',
  'Programming Languages',
  'SCM Providers',
  'Snippets',
  'Testing',
  'Themes',
  'Visualization',
];

describe('package.json', () => {
  it('names a publisher, and categories that VS Code knows', () => {
    expect(manifest.publisher).toMatch(/^[a-z0-9][a-z0-9-]*$/i);
    expect(manifest.categories).not.toEqual([]);
    expect(knownCategories).toEqual(expect.arrayContaining(manifest.categories));
  });

  it('has a square PNG icon of 128 pixels or more', () => {
    const icon = readFileSync(path.join(root, manifest.icon));
    expect(icon.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
    const [width, height] = [icon.readUInt32BE(16), icon.readUInt32BE(20)];
    expect(width).toBeGreaterThanOrEqual(128);
    expect(height).toBe(width);
  });

  it('names icon files that exist', () => {
    const files = stringsIn(manifest.contributes).filter((value) => /^\.?\/?media\//.test(value));
    expect(files.filter((file) => !isThere(file))).toEqual([]);
  });

  it('activates on use only', () => {
    expect(manifest.activationEvents).not.toContain('*');
    expect(manifest.activationEvents).not.toContain('onStartupFinished');
    expect(manifest.activationEvents).toContain('workspaceContains:.traffic-lab');
    expect(manifest.activationEvents).toContain('onWebviewPanel:trafficLab.course');
  });

  it('runs where the workspace is, and waits for its trust', () => {
    expect(manifest.extensionKind).toEqual(['workspace']);
    expect(manifest.capabilities.untrustedWorkspaces.supported).toBe('limited');
    expect(manifest.capabilities.virtualWorkspaces.supported).toBe('limited');
  });

  it('contributes exactly the commands that the host registers', () => {
    const registered = [...text('src/host/commands/index.ts').matchAll(/^\s+'(trafficLab\.\w+)':/gm)].map(
      (entry) => entry[1],
    );
    const contributed = manifest.contributes.commands.map((command: { command: string }) => command.command);
    expect(contributed.toSorted()).toEqual(registered.toSorted());
  });

  it('is typed for no newer VS Code than it asks for', () => {
    const types = lock.packages['node_modules/@types/vscode'].version;
    expect(isAtMost(versionOf(types).slice(0, 2), versionOf(manifest.engines.vscode).slice(0, 2))).toBe(true);
  });
});

describe('translations of package.json', () => {
  const used = stringsIn(manifest).flatMap((value) => /^%([^%]+)%$/.exec(value)?.[1] ?? []);

  it.each([
    ['package.nls.json', english],
    ['package.nls.ko.json', korean],
  ])('%s has every key that is used, and no other', (_, bundle) => {
    expect(Object.keys(bundle).sort()).toEqual([...new Set(used)].sort());
    expect(Object.values(bundle).filter((value) => value.trim() === '')).toEqual([]);
  });

  it('name the command to begin with as the lesson does', () => {
    const title = (bundle: Record<string, string>) => `${bundle['command.category']}: ${bundle['command.openCourse']}`;
    expect(title(english)).toBe('Traffic Lab: Open Course');
    expect(title(korean)).toBe('Traffic Lab: 코스 열기');
  });
});

describe('translations of what the reader is told', () => {
  const { sentences, unreadable } = collectSentences();
  const bundle = readBundle('ko');
  const wanted = [...sentences.keys()].filter(hasWords);

  it('are possible: every sentence is a string literal', () => expect(unreadable).toEqual([]));

  it('are in the folder that package.json names', () => {
    expect(manifest.l10n).toBe('./media/l10n');
    expect(isThere('media/l10n/bundle.l10n.ko.json')).toBe(true);
  });

  it('are complete in Korean (node .ci/l10n.mjs --missing)', () => {
    expect(wanted.filter((sentence) => bundle[sentence] === undefined)).toEqual([]);
  });

  it('hold nothing that is said no more (node .ci/l10n.mjs --unused)', () => {
    expect(Object.keys(bundle).filter((sentence) => !sentences.has(sentence))).toEqual([]);
  });

  it('keep the placeholders', () => {
    const wrong = Object.entries(bundle).filter(([from, to]) => placeholders(from).join() !== placeholders(to).join());
    expect(wrong).toEqual([]);
  });

  it('are collected from every way of saying a sentence', () => {
    const source = `
      // message('not this')
      message('one {n}', { n: 1 }); vscode.l10n.t("two"); const a = \`\${l10n.t('three')} t('nor this')\`;
      message('fo' + 'ur'); t(\`five\`); say(cond ? message('it\\'s six') : message(text));
      function message(text: string) {} other.message('nor that');`;
    const { sentences: found, unreadable: lines } = sentencesOf(source, true);
    expect(found.map((one) => one.text)).toEqual(['one {n}', 'two', 'three', 'four', 'five', "it's six"]);
    expect(lines).toHaveLength(1);
  });
});

describe('package-lock.json', () => {
  it('carries no download addresses', () => {
    expect(text('package-lock.json')).not.toMatch(/"resolved"\s*:\s*"https?:/);
  });

  it('belongs to package.json', () => {
    const { dependencies, devDependencies, version } = lock.packages[''];
    expect({ dependencies, devDependencies, version }).toEqual({
      dependencies: manifest.dependencies,
      devDependencies: manifest.devDependencies,
      version: manifest.version,
    });
  });
});

describe('the documents that ship', () => {
  it.each(['README.md', 'CHANGELOG.md', 'LICENSE', 'THIRD_PARTY_NOTICES.md'])('include %s', (name) => {
    expect(isThere(name)).toBe(true);
  });

  it('show pictures that ship with them, or that have an https address; no SVG, which the marketplace refuses', () => {
    const images = [...text('README.md').matchAll(/!\[[^\]]*\]\(([^)\s]+)|<img[^>]+src="([^"]+)"/g)];
    const wrong = images
      .map((image) => image[1] ?? image[2] ?? '')
      .filter(
        (place) =>
          place.endsWith('.svg') || !(place.startsWith('https://') || (place.startsWith('media/') && isThere(place))),
      );
    expect(wrong).toEqual([]);
  });

  it('tell what is new in the version of package.json', () => {
    expect(text('CHANGELOG.md')).toMatch(new RegExp(`^## \\[?(?:Unreleased|${manifest.version})`, 'm'));
  });
});

describe('THIRD_PARTY_NOTICES.md', () => {
  let bundled: readonly BundledPackage[] = [];
  beforeAll(async () => {
    // A build says what is bundled, unless it is a minified one.
    if (bundledPackages() === null) await run('node', ['esbuild.config.mjs'], { quiet: true });
    bundled = bundledPackages() ?? [];
  }, 60_000);

  it('names every bundled package with version and licence (node .ci/notices.mjs --write)', () => {
    const notices = text('THIRD_PARTY_NOTICES.md');
    expect(bundled.length).toBeGreaterThan(0);
    expect(bundled.map(noticeHeading).filter((heading) => !notices.includes(heading))).toEqual([]);
  });

  it('holds only licences that an MIT extension can ship', () => {
    const fine = /^(?:MIT|ISC|Apache-2\.0|BSD-[23]-Clause|0BSD|BlueOak-1\.0\.0|CC0-1\.0|Unlicense|Python-2\.0)$/;
    // "A OR B" leaves the choice to us, "A AND B" asks for both.
    const isFine = (license: string) =>
      license
        .replace(/[()]/g, '')
        .split(' OR ')
        .some((choice) => choice.split(' AND ').every((part) => fine.test(part)));
    expect(bundled.filter(({ license }) => !isFine(license)).map(noticeHeading)).toEqual([]);
  });
});
