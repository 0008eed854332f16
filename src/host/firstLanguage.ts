/** What a machine says of the language of whoever sits at it. */
export interface ReaderSigns {
  /** What VS Code's own words are in: "en", "ko", "pt-br". */
  readonly editor: string;
  /** Default locale of JavaScript, a BCP 47 tag. In the desktop editor it follows the editor's language, not the system's. */
  readonly locale: string;
  /** IANA name. */
  readonly timeZone: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * The course's first language for a reader: Korean where VS Code, the system's locale or its time zone is Korean (many
 * Korean developers run VS Code in English), else VS Code's, else English; but only among the languages the course has.
 */
export function firstLanguage(available: readonly string[], signs: ReaderSigns): string {
  const wanted = [...(isKoreanReader(signs) ? ['ko'] : []), signs.editor.split('-')[0] ?? '', 'en'];
  return wanted.find((language) => available.includes(language)) ?? available[0] ?? 'en';
}

/** One sign is enough. Whoever chose English for one purpose (LC_MESSAGES) still reads Korean if another says so. */
function isKoreanReader({ editor, locale, timeZone, env }: ReaderSigns): boolean {
  const locales = [editor, locale, ...LOCALE_VARIABLES.map((name) => env[name] ?? ''), systemLocale(env)];
  return locales.some(isKorean) || KOREAN_ZONES.test(timeZone) || KOREAN_ZONES.test(env.TZ ?? '');
}

/** POSIX 8.2; LANGUAGE, a list in order of preference, is GNU's: only its first counts, the others are a second choice. */
const LOCALE_VARIABLES = ['LC_ALL', 'LC_MESSAGES', 'LANG', 'LANGUAGE'] as const;

/** IANA's name and its old link; TZ may also begin with a colon, or be a rule without a city (POSIX 8.3). */
const KOREAN_ZONES = /^(:?(Asia\/Seoul|ROK)|KST-0?9)$/;

/** "ko", "ko-KR", "ko_KR.UTF-8"; not "kok" (Konkani). */
function isKorean(locale: string): boolean {
  return /^ko(?![a-z])/i.test(locale);
}

/**
 * The system's own locale as VS Code found it when it started: on Windows and macOS no variable of the environment has it.
 * VS Code hands it to the extension host in VSCODE_NLS_CONFIG (INLSConfiguration in its sources). '': not told.
 */
function systemLocale({ VSCODE_NLS_CONFIG: config }: ReaderSigns['env']): string {
  try {
    const { osLocale } = JSON.parse(config ?? '{}') as { readonly osLocale?: unknown };
    return typeof osLocale === 'string' ? osLocale : '';
  } catch {
    return '';
  }
}
