import { createHash } from 'node:crypto';
import { message } from '../../base/message';
import type { Problem, Span } from '../../base/problem';
import { err, ok } from '../../base/result';
import type { Word } from '../../conf/ast';
import { parseTime } from '../directives/kinds';
import type { Peer, Picker, Policy } from '../policy';
import { isEligible, peerName } from './peerLists';
import { argumentsWithin, invalidParameter, problemAt } from './problems';
import { roundRobin } from './roundRobin';

export interface StickyConfig {
  readonly cookie: string;
  readonly span: Span;
  /** Seconds the client keeps the cookie; null: until the browser closes. */
  readonly expires: number | 'max' | null;
  /** "; httponly", "; path=/" ... */
  readonly attributes: string;
  /** Chooses for clients that bring no usable cookie. */
  readonly base: Policy;
  readonly baseConfig: unknown;
}

/**
 * Every answer gives the client a cookie that names its peer, and the peer gets every later request that brings it.
 * https://nginx.org/en/docs/http/ngx_http_upstream_module.html#sticky
 */
export const stickyCookie: Policy<StickyConfig> = {
  name: 'sticky',
  directive: 'sticky',
  since: '1.29.6',
  contexts: ['http'],
  allowsBackup: true,
  parse(directive) {
    if (directive === null) throw new Error('sticky is never the default policy');
    const form = message('Write it as {form}.', {
      form: 'sticky cookie NAME [expires=TIME] [domain=DOMAIN] [path=PATH] [samesite=strict|lax|none] [httponly] [secure];',
    });
    const args = argumentsWithin(directive, 2, 8, form);
    if (!args.ok) return args;
    const [kind = directive.name, name = directive.name, ...options] = args.value;
    if (kind.value !== 'cookie') {
      const text = message('"sticky {kind}" is not supported here, only "sticky cookie"', { kind: kind.value });
      return err([problemAt(kind, text, form)]);
    }
    const problems: Problem[] = [];
    // It is read through the variable $cookie_NAME.
    if (!/^\w+$/.test(name.value))
      problems.push(problemAt(name, message('"{name}" cannot name a cookie', { name: name.value }), form));
    const said = new Map<string, Word>();
    for (const option of options) {
      const [, attribute = option.value] = /^(expires|domain|path|samesite)=/.exec(option.value) ?? [];
      if (said.has(attribute)) {
        problems.push(
          problemAt(option, message('parameter "{parameter}" is duplicate', { parameter: attribute }), form),
        );
      } else if (!isGood(attribute, option.value.slice(attribute.length + 1)))
        problems.push(invalidParameter(option, form));
      said.set(attribute, option);
    }
    if (problems.length > 0) return err(problems);
    const span = directive.name.span;
    const lifetime = said.get('expires')?.value.slice('expires='.length);
    return ok({
      cookie: name.value,
      span,
      expires: lifetime === undefined ? null : lifetime === 'max' ? 'max' : (parseTime(lifetime, 's') ?? 0) / 1000,
      // In the order in which nginx writes them.
      attributes: ['domain', 'httponly', 'secure', 'samesite', 'path']
        .flatMap((attribute) => said.get(attribute)?.value ?? [])
        .map((text) => `; ${text}`)
        .join(''),
      base: roundRobin,
      baseConfig: null,
    });
  },
  nameOf: ({ base, baseConfig }) => `sticky over ${base.nameOf?.(baseConfig) ?? base.name}`,
  keyArgument: ({ cookie, span }) => ({ source: `$cookie_${cookie}`, span }),
  over(config, base, baseConfig) {
    if (base.keyArgument?.(baseConfig) == null && base.sessionCookie === undefined)
      return ok({ ...config, base, baseConfig });
    const text = message('"sticky" and "{directive}" both bind clients to servers; use one of them', {
      directive: base.directive ?? base.name,
    });
    return err([{ severity: 'error', message: text, span: config.span }]);
  },
  sessionCookie: ({ cookie, expires, attributes }, peer, wallNowMs) =>
    `${cookie}=${sessionId(peer)}${lifetimeOf(expires, wallNowMs)}${attributes}`,
  createPicker({ base, baseConfig }, peers, random): Picker {
    const below = base.createPicker(baseConfig, peers, random);
    const byId = new Map(peers.map((peer) => [sessionId(peer), peer]));
    return {
      pick(request) {
        const bound = request.key === '' ? undefined : byId.get(request.key);
        if (bound === undefined || bound.backup !== request.progress.onBackups || !isEligible(bound, request))
          return below.pick(request);
        below.bound?.(bound, request);
        const facts = { server: peerName(bound) };
        return {
          peer: bound,
          reason: request.traced ? message('The cookie of this client names {server}.', facts) : null,
        };
      },
      observe: (peer, responseMs, nowMs) => below.observe?.(peer, responseMs, nowMs),
    };
  },
};

const ids = new WeakMap<Peer, string>();

/** What the cookie says: the MD5 of the address, as in nginx; it tells a reader of the cookie nothing about the network. */
function sessionId(peer: Peer): string {
  const known = ids.get(peer);
  if (known !== undefined) return known;
  const id = createHash('md5').update(peer.address).digest('hex');
  ids.set(peer, id);
  return id;
}

function isGood(attribute: string, value: string): boolean {
  switch (attribute) {
    case 'httponly':
    case 'secure':
      return true;
    case 'expires':
      return value === 'max' || parseTime(value, 's') !== null;
    case 'samesite':
      return /^(strict|lax|none)$/i.test(value);
    case 'path':
      return /^[^;\s]+$/.test(value);
    case 'domain':
      // nginx takes variables here; the cookie would say them as they are written.
      return /^[^;\s$]+$/.test(value);
  }
  return false;
}

/** "max" is as long as nginx gives anything. */
const FOREVER = '; expires=Thu, 31-Dec-37 23:55:55 GMT; max-age=315360000';

function lifetimeOf(expires: StickyConfig['expires'], wallNowMs: number): string {
  if (expires === null) return '';
  return expires === 'max' ? FOREVER : `; expires=${cookieTime(wallNowMs + expires * 1000)}; max-age=${expires}`;
}

/** ngx_http_cookie_time: years of two digits as long as they mean the same everywhere. */
function cookieTime(ms: number): string {
  const [weekday = '', day = '', month = '', year = '', time = ''] = new Date(ms).toUTCString().split(' ');
  return `${weekday} ${day}-${month}-${Number(year) > 2037 ? year : year.slice(2)} ${time} GMT`;
}
