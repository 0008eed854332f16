import { message } from '../../base/message';
import type { Comment, Directive, Word } from '../../conf/ast';
import type { KeepaliveLimits, ServerPlan } from '../plan';
import { LIMITS } from '../proxies/limits';
import { formatAddress, parseHostPort, resolveHost } from './address';
import { type Entry, list, type Reading, value } from './entry';
import { number, parseNumber, parseSize, parseTime, time } from './kinds';
import { labWords } from './labComment';
import { Scope } from './scope';
import { chosenPolicies, policyEntries, readLabPolicy } from './upstreamPolicy';

/** `upstream {}` and what stands in it, for http and stream (ngx_http_upstream_module and its stream sister). */

/** One `upstream` block as read; its servers are complete, its policy is looked up in the registry. */
export interface UpstreamBlock {
  readonly name: string;
  readonly scope: Scope;
  readonly directive: Directive;
}

function upstreamBlock(context: 'http' | 'stream'): Entry<readonly UpstreamBlock[]> {
  return list<UpstreamBlock>({
    name: 'upstream',
    contexts: [context],
    args: [1, 1],
    block: true,
    inherits: false,
    read(directive, reading, scope) {
      const [name] = directive.args;
      if (name === undefined) return undefined;
      const inner = new Scope(context === 'http' ? 'upstream' : 'stream-upstream', scope, directive);
      reading.walk(directive.block ?? [], inner);
      const inside = [directive, ...(directive.block ?? [])].flatMap((each) => each.innerComments);
      for (const comment of inside) {
        if (comment.span.line >= (directive.braces?.open.line ?? 0)) readLabPolicy(comment, inner, reading, directive);
      }
      return { name: name.value, scope: inner, directive };
    },
  });
}

export const httpUpstreams = upstreamBlock('http');
export const streamUpstreams = upstreamBlock('stream');

export const upstreamServers = list<ServerPlan>({
  name: 'server',
  contexts: ['upstream', 'stream-upstream'],
  args: [1, 16],
  inherits: false,
  read(directive, reading, scope) {
    const [address, ...parameters] = directive.args;
    if (address === undefined) return undefined;
    const values = { weight: 1, maxFails: 1, failTimeoutMs: 10_000, maxConns: 0, backup: false, down: false };
    let good = true;
    for (const parameter of parameters) good = readParameter(parameter, values, reading, scope) && good;
    const lab = directive.trailingComment === null ? null : readLabBackend(directive.trailingComment, reading);
    const resolved = resolveServer(address, scope.isStream, reading);
    if (!good || resolved === null) return undefined;
    return { ...resolved, text: address.value, ...values, span: directive.headSpan, lab };
  },
});

type Parameters = {
  -readonly [K in 'weight' | 'maxFails' | 'failTimeoutMs' | 'maxConns' | 'backup' | 'down']: ServerPlan[K];
};

function readParameter(word: Word, into: Parameters, reading: Reading, scope: Scope): boolean {
  const [, name = word.value, text] = /^([a-z_]+)=(.*)$/s.exec(word.value) ?? [];
  const whole = text === undefined ? null : parseNumber(text);
  if (name === 'weight' && whole !== null && whole > 0) into.weight = whole;
  else if (name === 'max_fails' && whole !== null) into.maxFails = whole;
  else if (name === 'max_conns' && whole !== null) into.maxConns = whole;
  else if (name === 'fail_timeout' && text !== undefined && parseTime(text, 's') !== null) {
    into.failTimeoutMs = parseTime(text, 's') ?? 0;
  } else if (word.value === 'backup') {
    const method = scope.own(chosenPolicies)?.find(({ policy }) => !policy.allowsBackup)?.policy.name;
    if (method !== undefined) {
      reading.error(
        word.span,
        message('balancing method does not support parameter "{parameter}"', { parameter: word.value }),
        message('{method} chooses among all servers and knows no backup.', { method }),
      );
      return false;
    }
    into.backup = true;
  } else if (word.value === 'down') into.down = true;
  else {
    reading.error(
      word.span,
      message('invalid parameter "{parameter}"', { parameter: word.value }),
      message('Supported are: {words}.', { words: 'weight=, max_fails=, fail_timeout=, max_conns=, backup, down' }),
    );
    return false;
  }
  return true;
}

/** The peer's address, or null with the problem reported. */
export function resolveServer(
  word: Word,
  isStream: boolean,
  reading: Reading,
): { readonly address: string; readonly host: string; readonly port: number } | null {
  if (word.value.startsWith('unix:')) {
    reading.error(word.span, message('unix sockets are not supported'), message('Use a loopback address and a port.'));
    return null;
  }
  const parsed = parseHostPort(word.value);
  if (!parsed.ok) {
    reading.error(
      word.span,
      message('{problem} in upstream "{address}"', { problem: parsed.error.text, address: word.value }),
    );
    return null;
  }
  if (isStream && parsed.value.port === null) {
    reading.error(word.span, message('no port in upstream "{address}"', { address: word.value }));
    return null;
  }
  const host = resolveHost(parsed.value);
  if (host === null) {
    reading.error(
      word.span,
      message('host not found in upstream "{address}"', { address: word.value }),
      message('Use an address such as 127.0.0.1, localhost, or the name of an upstream block.'),
    );
    return null;
  }
  const port = parsed.value.port ?? 80;
  return { address: formatAddress(host, port), host, port };
}

/** `# lab: backend <id> <rest|rest-tls|grpc>` behind a server line. Other comments are nobody's business. */
function readLabBackend(comment: Comment, reading: Reading): ServerPlan['lab'] {
  const words = labWords(comment);
  if (words === null) return null;
  reading.ownComment(comment);
  const [verb, serverId, protocol, ...rest] = words;
  if (
    verb === 'backend' &&
    serverId !== undefined &&
    (protocol === 'rest' || protocol === 'rest-tls' || protocol === 'grpc') &&
    rest.length === 0
  ) {
    return { serverId, protocol };
  }
  reading.error(
    comment.span,
    message('unknown "lab:" comment behind a server'),
    message('Write "# lab: backend <id> rest" or "# lab: backend <id> grpc".'),
  );
  return null;
}

export const upstreamKeepalive = value({
  name: 'keepalive',
  contexts: ['upstream'],
  initial: 0,
  inherits: false,
  read(directive, reading) {
    const count = number(directive, reading);
    if (count !== 0) return count;
    reading.error(
      directive.args[0]?.span ?? directive.headSpan,
      message('invalid value "{value}" in "{directive}" directive', { value: '0', directive: 'keepalive' }),
    );
    return undefined;
  },
});

const keptFor = {
  requests: value<number | null>({
    name: 'keepalive_requests',
    contexts: ['upstream'],
    initial: null,
    inherits: false,
    read: number,
  }),
  timeout: value({
    name: 'keepalive_timeout',
    contexts: ['upstream'],
    initial: LIMITS.upstreamIdleMs,
    inherits: false,
    read: time,
  }),
  time: value({
    name: 'keepalive_time',
    contexts: ['upstream'],
    initial: LIMITS.upstreamAgeMs,
    inherits: false,
    read: time,
  }),
} as const;

export function keepaliveLimits(scope: Scope): KeepaliveLimits {
  return {
    requests: scope.get(keptFor.requests),
    idleMs: scope.get(keptFor.timeout),
    ageMs: scope.get(keptFor.time),
  };
}

interface Zone {
  readonly name: string;
  /** Bytes; 0: as another upstream of this zone says. */
  readonly bytes: number;
  readonly directive: Directive;
}

export const zone = list<Zone>({
  name: 'zone',
  contexts: ['upstream', 'stream-upstream'],
  args: [1, 2],
  inherits: false,
  read(directive, reading) {
    const [word, size] = directive.args;
    const name = word?.value ?? '';
    const bytes = size === undefined ? 0 : parseSize(size.value);
    if (bytes === null || name === '') {
      reading.error(
        size?.span ?? directive.headSpan,
        name === ''
          ? message('invalid zone name "{zone}"', { zone: name })
          : message('invalid zone size "{zone}"', { zone: size?.value ?? '' }),
        message('Write a name and a size, for example "zone orders 64k;".'),
      );
      return undefined;
    }
    if (size !== undefined && bytes < 8 * 4096) {
      reading.error(
        directive.headSpan,
        message('zone "{zone}" is too small', { zone: name }),
        message('At least 32k.'),
      );
      return undefined;
    }
    reading.note(directive.headSpan, message('One process serves here, so that its state is shared anyway.'));
    return { name, bytes, directive };
  },
});

/** Several upstreams may share a zone; one of them at least says how large it is (ngx_shared_memory_add). */
export function checkZones(blocks: readonly UpstreamBlock[], reading: Reading): void {
  const zones = blocks.flatMap((block) => block.scope.get(zone));
  const sizes = new Map<string, number>();
  for (const { name, bytes, directive } of zones) {
    const known = sizes.get(name) ?? 0;
    if (bytes === 0) continue;
    if (known === 0) sizes.set(name, bytes);
    else if (known !== bytes) {
      reading.error(
        directive.headSpan,
        message('the size {size} of shared memory zone "{zone}" conflicts with already declared size {other}', {
          size: bytes,
          zone: name,
          other: known,
        }),
      );
    }
  }
  for (const { name, directive } of zones) {
    if (sizes.has(name)) continue;
    reading.error(
      directive.headSpan,
      message('zero size shared memory zone "{zone}"', { zone: name }),
      message('At least 32k.'),
    );
    sizes.set(name, 0);
  }
}

export const upstreamEntries: readonly Entry[] = [
  httpUpstreams,
  streamUpstreams,
  upstreamServers,
  upstreamKeepalive,
  ...Object.values(keptFor),
  zone,
  ...policyEntries,
];
