import { message } from '../../base/message';
import type { FieldFilter, Redirect } from '../plan';
import { literalTemplate, type Template } from '../template';
import { type Context, type Entry, list, type Reading, value } from './entry';
import { flag, someOf } from './kinds';
import { type PassTarget, proxyPass } from './proxyPass';
import { compileRegex } from './regex';
import type { Scope } from './scope';

/** What of a server's answer its client gets to see: fields left out, redirects put right, errors answered otherwise. */

const levels: readonly Context[] = ['http', 'server', 'location'];

const ignorable = [
  'X-Accel-Redirect',
  'X-Accel-Expires',
  'X-Accel-Limit-Rate',
  'X-Accel-Buffering',
  'X-Accel-Charset',
  'Expires',
  'Cache-Control',
  'Set-Cookie',
  'Vary',
] as const;

function fieldName(name: string): Entry<readonly string[]> {
  return list<string>({
    name,
    contexts: levels,
    args: [1, 1],
    read: (directive) => directive.args[0]?.value.toLowerCase(),
  });
}

/** The directives that proxy_ and grpc_ share. */
function family(prefix: 'proxy' | 'grpc') {
  return {
    interceptErrors: value({ name: `${prefix}_intercept_errors`, contexts: levels, initial: false, read: flag }),
    hideHeader: fieldName(`${prefix}_hide_header`),
    passHeader: fieldName(`${prefix}_pass_header`),
    ignoreHeaders: value<readonly string[]>({
      name: `${prefix}_ignore_headers`,
      contexts: levels,
      args: [1, 16],
      initial: [],
      join: 'append',
      read(directive, reading) {
        const named = someOf(...ignorable)(directive, reading);
        if (named?.some((name) => name !== 'X-Accel-Redirect') === true) {
          reading.note(directive.headSpan, message('Of these, only "X-Accel-Redirect" means something here.'));
        }
        return named;
      },
    }),
  } as const;
}

export const proxyAnswers = family('proxy');
export const grpcAnswers = family('grpc');

/** Hidden unless the file says otherwise (ngx_http_proxy_hide_headers). */
const hiddenByDefault: readonly string[] = [
  'date',
  'server',
  'x-pad',
  'x-accel-expires',
  'x-accel-redirect',
  'x-accel-limit-rate',
  'x-accel-buffering',
  'x-accel-charset',
];

/** Null: as by default. A field that is to be passed is, though it be hidden, too (ngx_http_upstream_hide_headers_hash). */
export function fieldFilter(scope: Scope, kind: 'proxy' | 'grpc'): FieldFilter | null {
  const { hideHeader, passHeader } = kind === 'proxy' ? proxyAnswers : grpcAnswers;
  const passed = scope.get(passHeader);
  const shown = new Set(hiddenByDefault.filter((name) => passed.includes(name)));
  const hidden = new Set(scope.get(hideHeader).filter((name) => !passed.includes(name)));
  return hidden.size + shown.size === 0 ? null : { hidden, shown };
}

/** One proxy_redirect line; `default` means the location's own proxy_pass. */
type RedirectLine = Redirect | 'off' | 'default';

export const proxyRedirects: Entry<readonly RedirectLine[]> = list<RedirectLine>({
  name: 'proxy_redirect',
  contexts: levels,
  args: [1, 2],
  read(directive, reading, scope) {
    const [from, to] = directive.args;
    if (from === undefined) return undefined;
    const before = scope.own(proxyRedirects);
    if (before?.includes('off') === true || (before !== undefined && to === undefined && from.value === 'off')) {
      reading.error(
        directive.headSpan,
        message('"{directive}" directive is duplicate', { directive: 'proxy_redirect' }),
        message('Beside "off" no other stands.'),
      );
      return undefined;
    }
    if (to === undefined) return readWord(from.value, from.span, reading, scope);
    const replacement = reading.template(to, scope);
    if (!from.value.startsWith('~')) return { kind: 'prefix', from: reading.template(from, scope), to: replacement };
    const ignoreCase = from.value.startsWith('~*');
    const compiled = compileRegex(from.value.slice(ignoreCase ? 2 : 1), ignoreCase);
    if (!compiled.ok) {
      reading.error(from.span, compiled.error);
      return undefined;
    }
    for (const capture of compiled.value.captures) reading.defineVariable(capture, scope);
    return { kind: 'regex', pattern: compiled.value.pattern, to: replacement };
  },
});

function readWord(
  word: string,
  span: Parameters<Reading['error']>[0],
  reading: Reading,
  scope: Scope,
): RedirectLine | undefined {
  if (word === 'off') return 'off';
  if (word !== 'default') {
    reading.error(
      span,
      message('invalid parameter "{parameter}"', { parameter: word }),
      message('Write "off", "default", or what to replace and with what.'),
    );
    return undefined;
  }
  const target = scope.own(proxyPass);
  if (target === undefined || target === null) {
    reading.error(span, message('"proxy_redirect default" should be placed after the "proxy_pass" directive'));
    return undefined;
  }
  if (target.template !== null) {
    reading.error(span, message('"proxy_redirect default" cannot be used with "proxy_pass" directive with variables'));
    return undefined;
  }
  return 'default';
}

/**
 * The rules that hold here. What an outer location does by default its inner ones inherit, other servers or not: that is
 * how ngx_http_proxy_merge_loc_conf() leaves it.
 */
export function redirectsOf(scope: Scope): readonly Redirect[] {
  return inForce(scope) ?? [];
}

function inForce(scope: Scope): readonly Redirect[] | null {
  const own = scope.own(proxyRedirects);
  if (own?.includes('off') === true) return [];
  const target = scope.context === 'location' ? (scope.own(proxyPass) ?? null) : null;
  if (own !== undefined) {
    return own.flatMap((line) => (line === 'off' ? [] : line === 'default' ? usual(scope, target) : [line]));
  }
  const outer = scope.parent === null ? null : inForce(scope.parent);
  return outer ?? (target === null || target.template !== null ? null : usual(scope, target));
}

/** The address of proxy_pass becomes the path that it stands for (proxy_redirect default). */
function usual(scope: Scope, target: PassTarget | null): readonly Redirect[] {
  if (target === null) return [];
  const { word, uri } = target;
  const from: Template = literalTemplate(uri === null ? `${word.value}/` : word.value);
  return [{ kind: 'prefix', from, to: literalTemplate(uri === null ? '/' : pathOf(scope)) }];
}

/** The location's own path; with a URI in proxy_pass it has one. */
function pathOf(scope: Scope): string {
  const [first, second] = scope.directive?.args ?? [];
  return second?.value ?? first?.value.replace(/^(=|\^~)/, '') ?? '';
}

export const proxyAnswerEntries: readonly Entry[] = [
  ...Object.values(proxyAnswers),
  ...Object.values(grpcAnswers),
  proxyRedirects,
];
