import { message } from '../../base/message';
import type { Word } from '../../conf/ast';
import type { AccessLog } from '../plan';
import { compileTemplate, literalTemplate, type Template } from '../template';
import { type Context, type Entry, list, type Reading } from './entry';
import { parseSize, parseTime } from './kinds';
import type { Scope } from './scope';
import { rootOf } from './staticFiles';

/** ngx_http_log_module and ngx_stream_log_module. */

interface LogFormat {
  readonly name: string;
  readonly escape: AccessLog['escape'];
  readonly template: Template;
}

const combined = compileTemplate(
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"',
);

export const logFormats: Entry<readonly LogFormat[]> = list<LogFormat>({
  name: 'log_format',
  contexts: ['http', 'stream'],
  args: [2, 1000],
  read(directive, reading, scope) {
    const [name, ...words] = directive.args;
    if (name === undefined) return undefined;
    const isPredefined = name.value === 'combined' && !scope.isStream;
    if (isPredefined || (scope.own(logFormats) ?? []).some((format) => format.name === name.value)) {
      reading.error(name.span, message('duplicate "log_format" name "{name}"', { name: name.value }));
      return undefined;
    }
    const [, escaping] = /^escape=(.*)$/.exec(words[0]?.value ?? '') ?? [];
    if (escaping !== undefined && escaping !== 'default' && escaping !== 'json' && escaping !== 'none') {
      reading.error(
        words[0]?.span ?? name.span,
        message('unknown log format escaping "{escape}"', { escape: escaping }),
        message('Allowed are: {words}.', { words: 'default, json, none' }),
      );
      return undefined;
    }
    const texts = escaping === undefined ? words : words.slice(1);
    // Each word is checked at its own place; the line is all of them together.
    for (const word of texts) reading.template(word, scope);
    const whole = compileTemplate(texts.map((word) => word.value).join(''));
    return whole.ok ? { name: name.value, escape: escaping ?? 'default', template: whole.value } : undefined;
  },
});

const atOnce = message('It has no effect here: each request is written at once.');

/** Null is `access_log off`, which hides the outer level's logs. */
export const accessLogs: Entry<readonly (AccessLog | null)[]> = list<AccessLog | null>({
  name: 'access_log',
  contexts: ['http', 'server', 'location', 'stream', 'stream-server'] satisfies readonly Context[],
  args: [1, 6],
  read(directive, reading, scope) {
    const [path, ...rest] = directive.args;
    if (path === undefined) return undefined;
    if (path.value === 'off') {
      const [extra] = rest;
      if (extra !== undefined)
        reading.error(extra.span, message('invalid parameter "{parameter}"', { parameter: extra.value }));
      return null;
    }
    if (reading.refuseNotYet('access_log to a file', path.span)) return undefined;
    if (path.value.startsWith('syslog:')) {
      reading.error(path.span, message('only a file or "off" is supported as a log'));
      return undefined;
    }
    const [format = null, ...parameters] = rest;
    let condition: Template | null = null;
    let buffer: Word | null = null;
    let flush: Word | null = null;
    for (const word of parameters) {
      const [, name, text = ''] = /^(buffer|flush|if)=(.*)$/s.exec(word.value) ?? [];
      if (name === 'if') condition = reading.templatePart(word, 'if='.length, text, scope);
      else if (name === 'buffer' && (parseSize(text) ?? 0) > 0) buffer = word;
      else if (name === 'flush' && (parseTime(text) ?? 0) > 0) flush = word;
      else {
        reading.error(
          word.span,
          message('parameter "{parameter}" is not supported', { parameter: word.value }),
          message('Each request is written at once, to a plain file.'),
        );
        return undefined;
      }
    }
    if (flush !== null && buffer === null) {
      reading.error(flush.span, message('no buffer is defined for access_log "{file}"', { file: path.value }));
      return undefined;
    }
    if (buffer !== null && path.value.includes('$')) {
      reading.error(buffer.span, message('buffered logs cannot have variables in name'));
      return undefined;
    }
    if (buffer !== null) reading.note(buffer.span, atOnce);
    return withFormat(path, format, condition, scope, reading);
  },
});

/** nginx looks the format up at once, so that it has to stand above. */
function withFormat(
  path: Word,
  format: Word | null,
  condition: Template | null,
  scope: Scope,
  reading: Reading,
): AccessLog | undefined {
  // Which root that is under is known when the whole file is.
  const root = scope.isStream ? null : literalTemplate('');
  const varying = path.value.includes('$') ? { path: reading.template(path, scope), root } : null;
  const where = { path: path.value, varying, span: path.span, condition };
  if (!scope.isStream && (format === null || format.value === 'combined')) {
    return combined.ok ? { ...where, escape: 'default', template: combined.value } : undefined;
  }
  if (format === null) {
    reading.error(
      path.span,
      message('log format is not specified'),
      message('Write a "log_format NAME ...;" above, and its name behind the file.'),
    );
    return undefined;
  }
  const formats = scope.get(logFormats);
  const found = formats.find((each) => each.name === format.value);
  if (found !== undefined) {
    return { ...where, escape: found.escape, template: found.template };
  }
  reading.error(
    format.span,
    message('unknown log format "{format}"', { format: format.value }),
    message('Known above this line are: {words}.', {
      words: [...(scope.isStream ? [] : ['combined']), ...formats.map((each) => each.name)].join(', '),
    }),
  );
  return undefined;
}

/** The logs that hold in a scope. */
export function effectiveLogs(scope: Scope): readonly AccessLog[] {
  const logs = scope.get(accessLogs).filter((log) => log !== null);
  return logs.map((log) =>
    log.varying === null || log.varying.root === null
      ? log
      : { ...log, varying: { path: log.varying.path, root: rootOf(scope).path } },
  );
}

export const logEntries: readonly Entry[] = [logFormats, accessLogs];
