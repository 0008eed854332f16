import { readFile } from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { Catalog } from '../base/message';

/**
 * The course's first language for this reader: Korean where VS Code, the system's locale or its time zone is Korean (many
 * Korean developers run VS Code in English), else English; but only among the languages the course has.
 */
export function preferredLanguage(available: readonly string[]): string {
  const { locale, timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const wantsKorean = vscode.env.language.startsWith('ko') || locale.startsWith('ko') || timeZone === 'Asia/Seoul';
  const wanted = wantsKorean ? 'ko' : (vscode.env.language.split('-')[0] ?? 'en');
  return [wanted, 'en'].find((language) => available.includes(language)) ?? available[0] ?? 'en';
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
