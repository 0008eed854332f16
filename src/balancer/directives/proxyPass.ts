import { type Message, message } from '../../base/message';
import { err, ok, type Result } from '../../base/result';
import type { Directive, Word } from '../../conf/ast';
import type { Template } from '../template';
import { type HostPort, parseHostPort } from './address';
import { type Entry, type Reading, value } from './entry';
import { template } from './kinds';
import type { Scope } from './scope';

/** `proxy_pass` and `grpc_pass`: where requests go. The upstream behind the name is looked up when all are known. */

export interface PassTarget {
  readonly word: Word;
  readonly scheme: 'http' | 'https' | 'grpc' | 'grpcs' | 'tcp';
  /** null: the address has variables and is only known with the request; then `template` is the whole value. */
  readonly address: HostPort | null;
  /** Port of the scheme, where none is written; null: one has to be written. */
  readonly defaultPort: number | null;
  readonly uri: Template | null;
  readonly template: Template | null;
}

function readPass(
  directive: Directive,
  reading: Reading,
  scope: Scope,
  family: 'proxy' | 'grpc',
): PassTarget | undefined {
  const [word] = directive.args;
  if (word === undefined) return undefined;
  if (word.value.includes('$')) {
    if (reading.refuseNotYet(`${directive.name.value} with variables`, word.span)) return undefined;
    const whole = reading.template(word, scope);
    const scheme = family === 'grpc' ? 'grpc' : 'http';
    return { word, scheme, address: null, defaultPort: null, uri: null, template: whole };
  }
  const parsed = splitUrl(word.value, family);
  if (!parsed.ok) {
    reading.error(
      word.span,
      parsed.error,
      family === 'proxy'
        ? message('Write http://NAME or https://NAME, NAME being an upstream or an address.')
        : message('Write grpc://NAME or grpcs://NAME, NAME being an upstream or an address.'),
    );
    return undefined;
  }
  const { scheme, address, uri, uriStart } = parsed.value;
  if (scheme === 'https' || scheme === 'grpcs') {
    if (reading.refuseNotYet(`${directive.name.value} ${scheme}://`, word.span)) return undefined;
  }
  if (uri !== null && hasNoPath(scope)) {
    reading.error(
      word.span,
      message(
        '"proxy_pass" cannot have URI part in location given by regular expression, or inside named location, or inside "if" statement, or inside "limit_except" block',
      ),
      message('Leave out "{uri}".', { uri }),
    );
    return undefined;
  }
  return {
    word,
    scheme,
    address,
    defaultPort: scheme === 'http' ? 80 : scheme === 'https' ? 443 : null,
    uri: uri === null ? null : reading.templatePart(word, uriStart, uri, scope),
    template: null,
  };
}

/** Named locations and those by regular expression have no prefix that a URI could replace. */
function hasNoPath(scope: Scope): boolean {
  const [modifier] = scope.directive?.args ?? [];
  return scope.context === 'location' && modifier !== undefined && /^(@|~)/.test(modifier.value);
}

interface SplitUrl {
  readonly scheme: PassTarget['scheme'];
  readonly address: HostPort;
  readonly uri: string | null;
  readonly uriStart: number;
}

function splitUrl(text: string, family: 'proxy' | 'grpc'): Result<SplitUrl, Message> {
  const prefix = family === 'proxy' ? /^https?:\/\//i.exec(text) : /^(grpcs?:\/\/)?/i.exec(text);
  if (prefix === null) return err(message('invalid URL prefix'));
  const scheme = (prefix[0].replace('://', '').toLowerCase() || 'grpc') as SplitUrl['scheme'];
  const rest = text.slice(prefix[0].length);
  if (rest.startsWith('unix:')) return err(message('unix sockets are not supported'));
  const slash = rest.search(/[/?]/);
  const name = slash === -1 ? rest : rest.slice(0, slash);
  const uri = slash === -1 ? null : rest.slice(slash);
  if (family === 'grpc' && uri !== null) return err(message('invalid host in upstream "{address}"', { address: rest }));
  const address = parseHostPort(name);
  if (!address.ok)
    return err(message('{problem} in upstream "{address}"', { problem: address.error.text, address: rest }));
  return ok({ scheme, address: address.value, uri, uriStart: prefix[0].length + Math.max(0, slash) });
}

export const proxyPass = value<PassTarget | null>({
  name: 'proxy_pass',
  contexts: ['location'],
  initial: null,
  inherits: false,
  read: (directive, reading, scope) => readPass(directive, reading, scope, 'proxy'),
});

export const grpcPass = value<PassTarget | null>({
  name: 'grpc_pass',
  contexts: ['location'],
  initial: null,
  inherits: false,
  read: (directive, reading, scope) => readPass(directive, reading, scope, 'grpc'),
});

/** ngx_stream_return_module. */
export const streamReturn = value<Template | null>({
  name: 'return',
  contexts: ['stream-server'],
  initial: null,
  inherits: false,
  read: template,
});

export const streamPass: Entry<PassTarget | null> = value<PassTarget | null>({
  name: 'proxy_pass',
  contexts: ['stream-server'],
  initial: null,
  inherits: false,
  read(directive, reading, scope) {
    const [word] = directive.args;
    if (word === undefined) return undefined;
    const common = { word, scheme: 'tcp', defaultPort: null, uri: null } as const;
    if (word.value.includes('$')) {
      if (reading.refuseNotYet('proxy_pass with variables in stream', word.span)) return undefined;
      return { ...common, address: null, template: reading.template(word, scope) };
    }
    const address = word.value.startsWith('unix:')
      ? err(message('unix sockets are not supported'))
      : parseHostPort(word.value);
    if (!address.ok) {
      reading.error(
        word.span,
        message('{problem} in upstream "{address}"', { problem: address.error.text, address: word.value }),
      );
      return undefined;
    }
    return { ...common, address: address.value, template: null };
  },
});
