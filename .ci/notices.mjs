// THIRD_PARTY_NOTICES.md: the packages whose code is in the bundles, and their licences.
//
//   node .ci/notices.mjs           the packages, one a line
//   node .ci/notices.mjs --write   writes THIRD_PARTY_NOTICES.md anew
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './commands.mjs';

/** Folders in node_modules whose code is in dist/, read from the source maps there; null where there are none. */
function bundledFolders() {
  const dist = path.join(root, 'dist');
  if (!fs.existsSync(dist)) return null;
  const maps = fs
    .readdirSync(dist, { recursive: true })
    .filter((name) => /\.js\.map$/.test(name))
    .map((name) => path.join(dist, name));
  if (maps.length === 0) return null;
  const folders = new Set();
  for (const map of maps) {
    for (const source of JSON.parse(fs.readFileSync(map, 'utf8')).sources) {
      const file = path.resolve(path.dirname(map), source).split(path.sep).join('/');
      const folder = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0];
      if (folder !== undefined) folders.add(folder);
    }
  }
  return [...folders];
}

/**
 * What is bundled: each package once per version, sorted by name; null without a build that has source maps.
 * @returns {{ name: string, version: string, license: string, text: string }[] | null}
 */
export function bundledPackages() {
  const folders = bundledFolders();
  if (folders === null) return null;
  const packages = new Map();
  for (const folder of folders) {
    const { name, version, license } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
    packages.set(`${name}@${version}`, {
      name,
      version,
      license: license?.type ?? license ?? '',
      text: licenseText(folder),
    });
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
    process.stderr.write('No build with source maps in dist/: run "npm run build" first.\n');
    process.exitCode = 1;
  } else if (process.argv.includes('--write')) {
    fs.writeFileSync(path.join(root, 'THIRD_PARTY_NOTICES.md'), document(packages));
  } else {
    for (const { name, version, license } of packages) process.stdout.write(`${name} ${version} ${license}\n`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
