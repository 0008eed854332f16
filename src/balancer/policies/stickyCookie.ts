import { createHash } from 'node:crypto';
import { message } from '../../base/message';
import type { Problem, Span } from '../../base/problem';
import { err, ok } from '../../base/result';
import type { Word } from '../../conf/ast';
import type { Peer, Picker, Policy } from '../policy';
import { isEligible, peerName } from './peerLists';
import { argumentsWithin, invalidParameter, problemAt } from './problems';
import { roundRobin } from './roundRobin';

export interface StickyConfig {
  readonly cookie: string;
  readonly span: Span;
  /** Seconds the client keeps the cookie; null: until the browser closes. */
  readonly expiresSeconds: number | null;
  /** "; path=/", "; httponly" ... in the order of the file. */
  readonly attributes: string;
  /** Chooses for clients that bring no usable cookie. */
  readonly base: Policy;
  readonly baseConfig: unknown;
}

/**
 * The first answer gives the client a cookie that names its peer, and the peer gets every later request that brings it.
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
    let expiresSeconds: number | null = null;
    let attributes = '';
    for (const option of options) {
      const expires = /^expires=(.*)$/.exec(option.value);
      const attribute = attributeOf(option);
      if (attribute !== null) attributes += attribute;
      else if (expires === null) problems.push(invalidParameter(option, form));
      else {
        expiresSeconds = secondsOf(expires[1] ?? '');
        if (expiresSeconds === null) problems.push(invalidParameter(option, form));
      }
    }
    if (problems.length > 0) return err(problems);
    const span = directive.name.span;
    return ok({ cookie: name.value, span, expiresSeconds, attributes, base: roundRobin, baseConfig: null });
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
  sessionCookie({ cookie, expiresSeconds, attributes }, peer, wallNowMs) {
    const lifetime =
      expiresSeconds === null
        ? ''
        : `; expires=${new Date(wallNowMs + expiresSeconds * 1000).toUTCString()}; max-age=${expiresSeconds}`;
    return `${cookie}=${sessionId(peer)}${lifetime}${attributes}`;
  },
  leadsTo: (_config, key, peer) => key === sessionId(peer),
  createPicker({ base, baseConfig }, peers, random): Picker {
    const below = base.createPicker(baseConfig, peers, random);
    const byId = new Map(peers.map((peer) => [sessionId(peer), peer]));
    return {
      pick(request) {
        const bound = request.key === '' ? undefined : byId.get(request.key);
        if (bound === undefined || bound.backup !== request.progress.onBackups || !isEligible(bound, request))
          return below.pick(request);
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

function attributeOf(option: Word): string | null {
  const { value } = option;
  const isKnown =
    value === 'httponly' ||
    value === 'secure' ||
    /^samesite=(strict|lax|none)$/i.test(value) ||
    /^(domain|path)=[^;\s]+$/.test(value);
  return isKnown ? `; ${value}` : null;
}

const unitSeconds: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
  M: 2_592_000,
  y: 31_536_000,
};

/** nginx's time in whole seconds: "90", "1h", "1h30m"; "max" is its ten years. */
function secondsOf(text: string): number | null {
  if (text === 'max') return 315_360_000;
  if (/^\d+$/.test(text)) return Number(text);
  if (!/^(\d+[smhdwMy])+$/.test(text)) return null;
  return [...text.matchAll(/(\d+)([smhdwMy])/g)].reduce(
    (sum, [, n, unit = 's']) => sum + Number(n) * (unitSeconds[unit] ?? 0),
    0,
  );
}
