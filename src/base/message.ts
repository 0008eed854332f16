/**
 * A sentence for the reader that is not yet in a language: an English template and its arguments.
 * Pure code returns these; the edge that knows the reader's language renders them. The template is the key
 * into `media/l10n/bundle.l10n.<lang>.json`, the same catalog that `vscode.l10n` uses.
 */
export interface Message {
  /** English, with `{name}` placeholders. */
  readonly text: string;
  readonly args: Readonly<Record<string, string | number>>;
}

/** English template -> translated template. An absent key falls back to English. */
export type Catalog = Readonly<Record<string, string>>;

/** Builds a Message. Always call with a string literal: a test collects the literals and wants each translated. */
export function message(text: string, args: Readonly<Record<string, string | number>> = {}): Message {
  return { text, args };
}

/** Renders a message in the catalog's language; unknown placeholders stay visible as `{name}`. */
export function renderMessage(m: Message, catalog: Catalog = {}): string {
  const template = catalog[m.text] ?? m.text;
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = m.args[name];
    return value === undefined ? whole : String(value);
  });
}
