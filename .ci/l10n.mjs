// The sentences that readers see: `message('…')` and `l10n.t('…')` in src, `t('…')` and `message('…')` in webview.
// Each is the key of its translation in media/l10n/bundle.l10n.<language>.json.
//
//   node .ci/l10n.mjs             all of them, as JSON
//   node .ci/l10n.mjs --missing   those without a Korean translation, and where they stand
//   node .ci/l10n.mjs --unused    translations that nothing asks for any more
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './commands.mjs';
import { lineOf, literalAt, maskSource } from './source.mjs';

/** Every TypeScript source below a folder, relative to the project, with forward slashes. */
export function sourcesBelow(folder) {
  return fs
    .readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .sort();
}

/**
 * Sentences of one source, and calls whose sentence is no literal and so cannot be collected.
 * @returns {{ sentences: { text: string, line: number }[], unreadable: number[] }}
 */
export function sentencesOf(text, isPage) {
  const masked = maskSource(text);
  const calls = isPage ? /(?<![\w$.])(?:message|t)\(|\bl10n\.t\(/g : /(?<![\w$.])message\(|\bl10n\.t\(/g;
  const sentences = [];
  const unreadable = [];
  for (const call of masked.matchAll(calls)) {
    if (/function\s+$/.test(masked.slice(0, call.index))) continue;
    const line = lineOf(text, call.index);
    const literal = literalAt(text, masked, call.index + call[0].length);
    if (literal === null || !/[,)]/.test(masked[literal.end] ?? '')) unreadable.push(line);
    else sentences.push({ text: literal.value, line });
  }
  return { sentences, unreadable };
}

/** @returns {{ sentences: Map<string, string[]>, unreadable: string[] }} sentence -> "file:line" where it is said */
export function collectSentences() {
  const sentences = new Map();
  const unreadable = [];
  for (const file of [...sourcesBelow('src'), ...sourcesBelow('webview')]) {
    const found = sentencesOf(fs.readFileSync(path.join(root, file), 'utf8'), file.startsWith('webview/'));
    for (const { text, line } of found.sentences)
      sentences.set(text, [...(sentences.get(text) ?? []), `${file}:${line}`]);
    unreadable.push(...found.unreadable.map((line) => `${file}:${line}`));
  }
  return { sentences, unreadable };
}

/** Whether there is anything to translate: "{detail}" is the same in every language. */
export function hasWords(sentence) {
  return /\p{L}/u.test(sentence.replace(/\{\w+\}/g, ''));
}

/** Names of the placeholders of a sentence, sorted. */
export function placeholders(sentence) {
  return [...new Set([...sentence.matchAll(/\{(\w+)\}/g)].map((match) => match[1]))].sort();
}

/** English sentence -> translation; empty where there is no such bundle yet. */
export function readBundle(language) {
  const file = path.join(root, 'media', 'l10n', `bundle.l10n.${language}.json`);
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {};
}

function main() {
  const { sentences, unreadable } = collectSentences();
  const korean = readBundle('ko');
  for (const place of unreadable) process.stderr.write(`${place}: the sentence is not a string literal\n`);
  if (process.argv.includes('--missing')) {
    for (const [text, places] of sentences) {
      if (hasWords(text) && korean[text] === undefined)
        process.stdout.write(`${JSON.stringify(text)}\t${places.join(' ')}\n`);
    }
  } else if (process.argv.includes('--unused')) {
    for (const text of Object.keys(korean)) if (!sentences.has(text)) process.stdout.write(`${JSON.stringify(text)}\n`);
  } else {
    process.stdout.write(`${JSON.stringify([...sentences.keys()].filter(hasWords), null, 2)}\n`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
