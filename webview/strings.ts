import { type Catalog, type Message, renderMessage } from '../src/base/message';

/** The page's words and numbers in the reader's language. Set once per `course` message, read everywhere. */

let catalog: Catalog = {};
let language = 'en';
let whole = new Intl.NumberFormat(language);

export function setLanguage(id: string, words: Catalog): void {
  language = id;
  catalog = words;
  whole = new Intl.NumberFormat(language);
  tenths = fractions(1);
}

const fractions = (digits: number) =>
  new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
let tenths = fractions(1);

/** Call with a string literal: a test collects the literals and wants each translated. */
export function t(text: string, args: Readonly<Record<string, string | number>> = {}): string {
  return renderMessage({ text, args }, catalog);
}

/** A message that came from elsewhere, in the reader's language. */
export function say(message: Message): string {
  const text = renderMessage(message, catalog);
  // Numbers in it are written as in English; Korean has no space before its %.
  return language === 'ko' ? text.replace(/(\d) %/g, '$1%') : text;
}

/** "3,000". */
export function count(n: number): string {
  return whole.format(n);
}

/** Share 0 to 1 as "33.3 %" (in Korean "33.3%"); whole percents without a fraction. */
export function percent(share: number): string {
  const value = share * 100;
  const isWhole = Math.abs(value - Math.round(value)) < 0.05;
  return `${isWhole ? whole.format(Math.round(value)) : tenths.format(value)}${language === 'ko' ? '' : ' '}%`;
}

/** "1.9 ms", "240 ms". */
export function milliseconds(ms: number): string {
  return `${ms >= 100 ? whole.format(Math.round(ms)) : tenths.format(ms)} ms`;
}

/** "7.5 s", below a second "210 ms". */
export function seconds(ms: number): string {
  return ms < 1000 ? `${whole.format(Math.round(ms))} ms` : `${tenths.format(ms / 1000)} s`;
}

/** A measured number with its unit: whole, or with as many digits as it is worth. "12.5 ms", "3,000", "1.8 ×". */
export function reading(value: number, unit: string): string {
  const number = value >= 100 || Number.isInteger(value) ? whole.format(value) : tenths.format(value);
  // Korean writes its counters and % without a space: "1.8배", "95%".
  const isJoined = /^\p{Script=Hangul}/u.test(unit) || (unit === '%' && language === 'ko');
  return unit === '' ? number : `${number}${isJoined ? '' : ' '}${unit}`;
}

/** "January 5, 2026", "2026년 1월 5일", by the reader's own clock. */
export function day(msSinceEpoch: number): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'long' }).format(msSinceEpoch);
}

/** "Jan 5", "1월 5일"; with the year where it is not this one. */
export function shortDay(msSinceEpoch: number): string {
  const then = new Date(msSinceEpoch);
  const isThisYear = then.getFullYear() === new Date().getFullYear();
  const year = isThisYear ? {} : { year: 'numeric' as const };
  return new Intl.DateTimeFormat(language, { month: 'short', day: 'numeric', ...year }).format(then);
}

/** "1.02 ×", in Korean "1.02배": two digits, since the labs' bounds are 1.02 and 1.2. */
export function factor(ratio: number): string {
  return t('{number} ×', { number: fractions(2).format(ratio) });
}

/** How many times as much: "1.9×", "12×"; in Korean "1.9배". */
export function times(ratio: number): string {
  const number =
    ratio >= 10 ? whole.format(Math.round(ratio)) : ratio >= 1 ? tenths.format(ratio) : significant(ratio, 2);
  return t('{number}×', { number });
}

/** As many digits as a single run is worth: "1,234", "12", "1.04", "0.05". */
export function significant(value: number, digits = 3): string {
  if (Math.abs(value) >= 10) return whole.format(Math.round(value));
  return new Intl.NumberFormat(language, { maximumSignificantDigits: digits }).format(value);
}

export function connectionsText(n: number): string {
  return n === 1 ? t('1 connection') : t('{count} connections', { count: count(n) });
}

export function requestsText(n: number): string {
  return n === 1 ? t('1 request') : t('{count} requests', { count: count(n) });
}
