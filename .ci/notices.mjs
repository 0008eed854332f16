// THIRD_PARTY_NOTICES.md: the packages whose code is in the bundles, and their licences.
//
//   node .ci/notices.mjs           the packages, one a line
//   node .ci/notices.mjs --write   writes THIRD_PARTY_NOTICES.md anew
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './commands.mjs';

/**
 * Folders in node_modules whose code is in dist/, read from the comment that the bundler puts above each module; null
 * without a build, or with a minified one. (Source maps would not do: they lead on to the packages' own sources.)
 */
function bundledFolders() {
  const dist = path.join(root, 'dist');
  if (!fs.existsSync(dist)) return null;
  const bundles = fs.readdirSync(dist, { recursive: true }).filter((name) => /\.(js|css)$/.test(name));
  const folders = new Set();
  for (const name of bundles) {
    const text = fs.readFileSync(path.join(dist, name), 'utf8');
    const modules = text.matchAll(
      /^\s*(?:\/\/|\/\*) ((?:\S*\/)?node_modules\/(?:@[^/\s]+\/)?[^/\s]+)\/\S+(?: \*\/)?$/gm,
    );
    for (const [, folder] of modules) folders.add(path.join(root, folder));
  }
  return folders.size === 0 ? null : [...folders];
}

/**
 * What is bundled: each package once per version, sorted by name; null without a readable build.
 * @returns {{ name: string, version: string, license: string, text: string }[] | null}
 */
export function bundledPackages() {
  const folders = bundledFolders();
  if (folders === null) return null;
  const packages = new Map();
  for (const folder of folders) {
    const { name, version, license: named } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
    const text = licenseText(folder);
    // A few packages name no licence in package.json, but ship its text.
    const license = named?.type ?? named ?? (/Permission is hereby granted, free of charge/.test(text) ? 'MIT' : '');
    packages.set(`${name}@${version}`, { name, version, license, text });
  }
  return [...packages.values()].sort(
    (a, b) => a.name.localeCompare(b.name, 'en') || a.version.localeCompare(b.version),
  );
}

function licenseText(folder) {
  const names = fs.readdirSync(folder).filter((name) => /^(licen[cs]e|copying|notice)/i.test(name));
  return names
    .sort()
    .map((name) => fs.readFileSync(path.join(folder, name), 'utf8').replaceAll('\r\n', '\n').trim())
    .join('\n\n');
}

/** The heading under which a package stands; the test looks for it. */
export function noticeHeading({ name, version, license }) {
  return `## ${name} ${version} (${license})`;
}

function document(packages) {
  const intro = [
    '# Third-party notices',
    '',
    'Traffic Lab is under the MIT licence (see LICENSE). Its bundles contain code of the packages below, each under the',
    'licence printed with it. This file is written by `node .ci/notices.mjs --write`.',
  ];
  const parts = packages.map((one) => {
    const text =
      one.text === '' ? `(The package ships no licence text; its package.json says: ${one.license}.)` : one.text;
    return `${noticeHeading(one)}\n\n${'```'}text\n${text.replaceAll('```', "'''")}\n${'```'}`;
  });
  return `${[intro.join('\n'), ...parts].join('\n\n')}\n`;
}

function main() {
  const packages = bundledPackages();
  if (packages === null) {
    process.stderr.write('No readable build in dist/: run "npm run build" first.\n');
    process.exitCode = 1;
  } else if (process.argv.includes('--write')) {
    fs.writeFileSync(path.join(root, 'THIRD_PARTY_NOTICES.md'), document(packages));
  } else {
    for (const { name, version, license } of packages) process.stdout.write(`${name} ${version} ${license}\n`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
