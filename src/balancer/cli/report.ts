import { renderMessage } from '../../base/message';
import type { Problem } from '../../base/problem';
import type { LogLevel } from '../plan';

const levelOf = { error: 'emerg', warning: 'warn', note: 'notice' } as const satisfies Record<
  Problem['severity'],
  LogLevel
>;

export function problemLevel(problem: Problem): LogLevel {
  return levelOf[problem.severity];
}

/** `unknown directive "x" in /path/nginx.conf:3`. */
export function problemText({ message, span }: Problem): string {
  const place = span.file === '' ? '' : ` in ${span.file}:${span.line}`;
  return renderMessage(message) + place;
}

/** As nginx prints it on standard error, and below it what nginx does not say: the column and what to do. */
export function problemLines(problem: Problem): string {
  const line = `nginx: [${problemLevel(problem)}] ${problemText(problem)}\n`;
  if (problem.hint === undefined) return line;
  return `${line}    column ${problem.span.column}: ${renderMessage(problem.hint)}\n`;
}
