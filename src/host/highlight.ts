import highlight from 'highlight.js/lib/core';
import http from 'highlight.js/lib/languages/http';
import json from 'highlight.js/lib/languages/json';
import protobuf from 'highlight.js/lib/languages/protobuf';
import typescript from 'highlight.js/lib/languages/typescript';
import yaml from 'highlight.js/lib/languages/yaml';
import { LineIndex } from '../conf/lineIndex';
import { type Token, tokenize } from '../conf/tokenize';

highlight.registerLanguage('http', http);
highlight.registerLanguage('json', json);
highlight.registerLanguage('protobuf', protobuf);
highlight.registerLanguage('typescript', typescript);
highlight.registerLanguage('yaml', yaml);
highlight.registerAliases(['proto'], { languageName: 'protobuf' });

/**
 * A listing as safe HTML: nginx coloured by the balancer's own tokenizer, what highlight.js was given by that, all else in
 * one colour.
 */
export function highlighted(text: string, language: string): string {
  if (language === 'nginx') return nginx(text);
  if (highlight.getLanguage(language) === undefined) return escapeHtml(text);
  const { value } = highlight.highlight(text, { language, ignoreIllegals: true });
  // Its many classes in the few colours of this page.
  return value.replace(/class="hljs-([\w-]+)[^"]*"/g, (_whole, kind: string) => `class="hl-${KINDS[kind] ?? 'plain'}"`);
}

const KINDS: Readonly<Record<string, string>> = {
  attr: 'name',
  attribute: 'name',
  built_in: 'name',
  comment: 'comment',
  keyword: 'name',
  literal: 'number',
  number: 'number',
  string: 'string',
  subst: 'variable',
  title: 'variable',
  type: 'variable',
  variable: 'variable',
};

/** The language of a lab's file by its name. */
export function languageOfFile(file: string): string {
  if (file.endsWith('.conf')) return 'nginx';
  return /\.([a-z]+)$/.exec(file)?.[1] ?? 'text';
}

/** A directive's name stands where a statement begins; numbers with a unit, addresses and ports are one class. */
function nginx(text: string): string {
  const { tokens } = tokenize(text, new LineIndex('', text));
  let html = '';
  let at = 0;
  let beginsStatement = true;
  for (const token of tokens) {
    const kind = kindOf(token, beginsStatement, text.slice(token.start, token.end));
    const words = escapeHtml(text.slice(token.start, token.end));
    html += escapeHtml(text.slice(at, token.start));
    html += kind === null ? words : `<span class="hl-${kind}">${words}</span>`;
    at = token.end;
    if (token.kind !== 'comment') beginsStatement = token.kind !== 'word';
  }
  return html + escapeHtml(text.slice(at));
}

function kindOf(token: Token, beginsStatement: boolean, written: string): string | null {
  if (token.kind === 'comment') return 'comment';
  if (token.kind !== 'word') return null;
  if (beginsStatement) return 'name';
  if (token.quoted) return 'string';
  if (written.includes('$')) return 'variable';
  return /^(?:[\d.:/]+[a-zA-Z]{0,2}|\[[\da-f:]+\](?::\d+)?)$/.test(written) ? 'number' : null;
}

function escapeHtml(text: string): string {
  const names: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (character) => names[character] ?? character);
}
