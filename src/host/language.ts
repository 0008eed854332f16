import { readFile } from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { Catalog } from '../base/message';
import { firstLanguage } from './firstLanguage';

/** The course's first language for this reader, among the languages it has. */
export function preferredLanguage(available: readonly string[]): string {
  const { locale, timeZone } = Intl.DateTimeFormat().resolvedOptions();
  return firstLanguage(available, { editor: vscode.env.language, locale, timeZone, env: process.env });
}

/** A language's own name for itself. */
export function languageName(language: string): string {
  return new Intl.DisplayNames([language], { type: 'language' }).of(language) ?? language;
}

/** Translations of our own words into a language; empty for English, and where there are none. */
export async function readCatalog(extensionUri: vscode.Uri, language: string): Promise<Catalog> {
  if (language === 'en') return {};
  const file = path.join(extensionUri.fsPath, 'media', 'l10n', `bundle.l10n.${language}.json`);
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Catalog;
  } catch {
    return {};
  }
}
