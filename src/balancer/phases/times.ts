const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const two = (n: number) => String(n).padStart(2, '0');

/** Seconds with three digits, as nginx writes durations; "-" where there is no end yet. Arguments in ms. */
export function seconds(from: number, to: number): string {
  return to < 0 ? '-' : (Math.max(0, to - from) / 1000).toFixed(3);
}

/** `$time_local`: "31/Jan/2026:12:00:00 +0900". */
export function localTime(wallMs: number): string {
  const date = new Date(wallMs);
  const day = `${two(date.getDate())}/${MONTHS[date.getMonth()]}/${date.getFullYear()}`;
  return `${day}:${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())} ${zone(date, '')}`;
}

/** `$time_iso8601`: "2026-01-31T12:00:00+09:00". */
export function isoTime(wallMs: number): string {
  const date = new Date(wallMs);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}${zone(date, ':')}`;
}

function zone(date: Date, separator: string): string {
  const minutes = -date.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${separator}${two(size % 60)}`;
}
