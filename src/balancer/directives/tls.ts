import { message } from '../../base/message';
import type { Word } from '../../conf/ast';
import type { PemFile, TlsProtocol, UpstreamTls } from '../plan';
import type { Template } from '../template';
import { type Context, type Entry, list, type Reading, value } from './entry';
import { flag, number, someOf, template, text } from './kinds';
import type { Scope } from './scope';

/** TLS towards clients (ngx_http_ssl_module, ngx_stream_ssl_module) and towards servers (proxy_ssl_*, grpc_ssl_*). */

const protocolNames = [
  'SSLv2',
  'SSLv3',
  'TLSv1',
  'TLSv1.1',
  'TLSv1.2',
  'TLSv1.3',
] as const satisfies readonly TlsProtocol[];
const usualProtocols: readonly TlsProtocol[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];

function protocols(name: string, contexts: readonly Context[]): Entry<readonly TlsProtocol[]> {
  return value<readonly TlsProtocol[]>({
    name,
    contexts,
    args: [1, 6],
    initial: usualProtocols,
    join: 'append',
    read: someOf(...protocolNames),
  });
}

/** A PEM file; its text is read together with the configuration, so that the proxies open no file. */
function readPem(word: Word, reading: Reading): PemFile | undefined {
  if (word.value.includes('$') || /^(engine|data|store):/.test(word.value)) {
    reading.error(word.span, message('only a file can be named here'));
    return undefined;
  }
  const content = reading.readFile(word.value);
  if (content === null) {
    reading.error(word.span, message('cannot load "{file}": No such file or directory', { file: word.value }));
    return undefined;
  }
  return { path: word.value, text: content };
}

const pem: Entry<PemFile>['read'] = ({ args: [word] }, reading) =>
  word === undefined ? undefined : readPem(word, reading);

const fileName: Entry<Word>['read'] = ({ args: [word] }) => word;

function certificates(name: string, contexts: readonly Context[]): Entry<readonly PemFile[]> {
  return list<PemFile>({ name, contexts, args: [1, 1], read: pem });
}

function serverSide(contexts: readonly Context[]) {
  return {
    certificates: certificates('ssl_certificate', contexts),
    keys: certificates('ssl_certificate_key', contexts),
    protocols: protocols('ssl_protocols', contexts),
  } as const;
}

export const httpTls = serverSide(['http', 'server']);
export const streamTls = serverSide(['stream', 'stream-server']);

function upstreamSide(prefix: 'proxy' | 'grpc', contexts: readonly Context[]) {
  const named = (what: string) => `${prefix}_ssl_${what}`;
  return {
    certificate: value<Word | null>({ name: named('certificate'), contexts, initial: null, read: fileName }),
    key: value<Word | null>({ name: named('certificate_key'), contexts, initial: null, read: fileName }),
    trusted: value<Word | null>({ name: named('trusted_certificate'), contexts, initial: null, read: fileName }),
    verify: value({ name: named('verify'), contexts, initial: false, read: flag }),
    verifyDepth: value({ name: named('verify_depth'), contexts, initial: 1, read: number }),
    name: value<Template | null>({ name: named('name'), contexts, initial: null, read: template }),
    sendName: value({ name: named('server_name'), contexts, initial: false, read: flag }),
    protocols: protocols(named('protocols'), contexts),
    ciphers: value({ name: named('ciphers'), contexts, initial: 'DEFAULT', read: text }),
    reuse: value({ name: named('session_reuse'), contexts, initial: true, read: flag }),
  } as const;
}

const levels: readonly Context[] = ['http', 'server', 'location'];

export const proxyTls = upstreamSide('proxy', levels);
export const grpcTls = upstreamSide('grpc', levels);

/** How a location speaks TLS to its servers; its files are only read where they are used, as nginx does. */
export function upstreamTls(scope: Scope, kind: 'proxy' | 'grpc', reading: Reading): UpstreamTls {
  const side = kind === 'proxy' ? proxyTls : grpcTls;
  const load = (word: Word | null) => (word === null ? null : (readPem(word, reading) ?? null));
  const trusted = scope.get(side.verify) ? load(scope.get(side.trusted)) : null;
  const verify = scope.source(side.verify);
  if (verify !== null && scope.get(side.verify) && scope.get(side.trusted) === null) {
    reading.error(
      verify.headSpan,
      message('no {trusted} for {verify}', { trusted: side.trusted.name, verify: side.verify.name }),
    );
  }
  return {
    certificate: load(scope.get(side.certificate)),
    key: load(scope.get(side.key)),
    trusted,
    verify: scope.get(side.verify),
    verifyDepth: scope.get(side.verifyDepth),
    name: scope.get(side.name),
    sendName: scope.get(side.sendName),
    protocols: scope.get(side.protocols),
    ciphers: scope.get(side.ciphers),
    reuseSessions: scope.get(side.reuse),
  };
}

export const tlsEntries: readonly Entry[] = [
  ...Object.values(httpTls),
  ...Object.values(streamTls),
  ...Object.values(proxyTls),
  ...Object.values(grpcTls),
];
