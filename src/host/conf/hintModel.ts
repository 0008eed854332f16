import { labWords } from '../../balancer/directives/labComment';
import { type Catalog, type Message, message, renderMessage } from '../../base/message';
import type { Directive } from '../../conf/ast';
import { parseConf } from '../../conf/parse';
import type { ServerCounts, ServerState } from '../../measurement/snapshot';

/** What was measured of the servers of a configuration, and which of its upstreams the traffic went through. */
export interface MeasuredServers {
  readonly upstreams: readonly string[];
  readonly servers: readonly ServerCounts[];
  /** Declared "host:port" -> server id, for lines without a `# lab: backend` comment. */
  readonly addresses: Readonly<Record<string, string>>;
}

/** A `server` line and what was measured of its server. Line and column count from 1: behind the line's semicolon. */
export interface ServerHint {
  readonly line: number;
  readonly column: number;
  readonly server: ServerCounts;
}

/** One hint for each `server` line of the upstreams that traffic went through; works on a text with errors, too. */
export function serverHints(text: string, measured: MeasuredServers): readonly ServerHint[] {
  const { file } = parseConf('', text);
  const upstreams = file.directives
    .filter(({ name }) => name.value === 'http' || name.value === 'stream')
    .flatMap((section) => section.block ?? [])
    .filter(({ name, args }) => name.value === 'upstream' && measured.upstreams.includes(args[0]?.value ?? ''));
  return upstreams
    .flatMap((upstream) => upstream.block ?? [])
    .filter(({ name }) => name.value === 'server')
    .flatMap((line) => {
      const id = serverOf(line, measured.addresses);
      const server = measured.servers.find((candidate) => candidate.id === id);
      if (server === undefined) return [];
      // Before a comment, which may be long: it would push the numbers out of a narrow editor.
      const { span } = line;
      return [{ line: span.endLine, column: span.endColumn, server }];
    });
}

function serverOf(line: Directive, addresses: MeasuredServers['addresses']): string | undefined {
  const words = line.trailingComment === null ? null : labWords(line.trailingComment);
  return words?.[0] === 'backend' ? words[1] : addresses[line.args[0]?.value ?? ''];
}

/** "33.3 % · 1,000 requests · 1 connection · p99 4.2 ms", with the numbers written as the live table writes them. */
export function hintText(server: ServerCounts, language: string, catalog: Catalog): string {
  const say = (text: Message) => renderMessage(text, catalog);
  const whole = new Intl.NumberFormat(language);
  const count = (n: number) => whole.format(n);
  const parts = [
    percent(server.share, language),
    server.requests === 1
      ? say(message('1 request'))
      : say(message('{count} requests', { count: count(server.requests) })),
    server.connections === 1
      ? say(message('1 connection'))
      : say(message('{count} connections', { count: count(server.connections) })),
  ];
  if (server.latencyMs !== undefined && server.latencyMs !== null) {
    parts.push(`p99 ${milliseconds(server.latencyMs.p99, language)}`);
  }
  const state = stateText(server.state);
  return (state === null ? parts : [say(state), ...parts]).join(' · ');
}

function percent(share: number, language: string): string {
  const value = share * 100;
  const rounded = Math.abs(value - Math.round(value)) < 0.05 ? Math.round(value) : value;
  return `${decimals(rounded, Number.isInteger(rounded) ? 0 : 1, language)}${language === 'ko' ? '' : ' '}%`;
}

function milliseconds(ms: number, language: string): string {
  return `${ms >= 100 ? decimals(Math.round(ms), 0, language) : decimals(ms, 1, language)} ms`;
}

function decimals(value: number, digits: number, language: string): string {
  return new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(
    value,
  );
}

/** null: nothing worth saying. */
function stateText(state: ServerState): Message | null {
  switch (state) {
    case 'up':
      return null;
    case 'starting':
      return message('starting');
    case 'slow':
      return message('slow');
    case 'failing':
      return message('failing');
    case 'draining':
      return message('draining');
    case 'dead':
      return message('dead');
    case 'removed':
      return message('removed');
  }
}
