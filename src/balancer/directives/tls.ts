import { message } from '../../base/message';
import type { Word } from '../../conf/ast';
import type { PemFile, TlsProtocol, UpstreamTls } from '../plan';
import { upstreamContext } from '../proxies/tlsContext';
import type { Template } from '../template';
import { type Context, type Entry, list, type Reading, value } from './entry';
import { flag, number, someOf, template, text, time } from './kinds';
import { checkPair, provenGood, readCertificates, readKey } from './pem';
import type { Scope } from './scope';
import { sessionSide } from './tlsSessions';

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

const fileName: Entry<Word>['read'] = ({ args: [word] }) => word;

type ReadPem = (word: Word, reading: Reading) => PemFile | undefined;

/** Files are read where they are used, as nginx does. */
function pemFiles(name: string, contexts: readonly Context[]): Entry<readonly Word[]> {
  return list<Word>({ name, contexts, args: [1, 1], read: fileName });
}

/** The pass phrases that keys may have, one a line. */
function passPhrases(name: string, contexts: readonly Context[]): Entry<readonly string[]> {
  return value<readonly string[]>({
    name,
    contexts,
    initial: [],
    read({ args: [word] }, reading) {
      if (word === undefined) return undefined;
      const text = reading.readFile(word.value);
      if (text !== null) return text.split(/\r?\n/).filter((line) => line !== '');
      reading.error(word.span, message('open() "{file}" failed (2: No such file or directory)', { file: word.value }));
      return undefined;
    },
  });
}

function serverSide(contexts: readonly Context[]) {
  return {
    certificates: pemFiles('ssl_certificate', contexts),
    keys: pemFiles('ssl_certificate_key', contexts),
    passPhrases: passPhrases('ssl_password_file', contexts),
    protocols: protocols('ssl_protocols', contexts),
    // nginx's default; TLS 1.3 has its own.
    ciphers: value({ name: 'ssl_ciphers', contexts, initial: 'HIGH:!aNULL:!MD5', read: text }),
    preferServerCiphers: value({ name: 'ssl_prefer_server_ciphers', contexts, initial: false, read: flag }),
    curves: value({ name: 'ssl_ecdh_curve', contexts, initial: 'auto', read: text }),
    dhParameters: value<Word | null>({ name: 'ssl_dhparam', contexts, initial: null, read: fileName }),
  } as const;
}

const httpServer: readonly Context[] = ['http', 'server'];
const streamServer: readonly Context[] = ['stream', 'stream-server'];

export const httpTls = serverSide(httpServer);
export const httpSessions = sessionSide(httpServer);
export const rejectHandshake = value({
  name: 'ssl_reject_handshake',
  contexts: httpServer,
  initial: false,
  read: flag,
});
export const streamTls = serverSide(streamServer);
export const streamSessions = sessionSide(streamServer);
export const streamHandshakeTimeout = value({
  name: 'ssl_handshake_timeout',
  contexts: streamServer,
  initial: 60_000,
  read: time,
});
export const streamAlpn = value<readonly string[]>({
  name: 'ssl_alpn',
  contexts: streamServer,
  args: [1, 1000],
  initial: [],
  read({ args }, reading) {
    const long = args.find((word) => Buffer.byteLength(word.value) > 255);
    if (long !== undefined) reading.error(long.span, message('"ssl_alpn" protocol too long'));
    return args.map((word) => word.value);
  },
});

function upstreamSide(prefix: 'proxy' | 'grpc', contexts: readonly Context[]) {
  const named = (what: string) => `${prefix}_ssl_${what}`;
  return {
    certificate: value<Word | null>({ name: named('certificate'), contexts, initial: null, read: fileName }),
    key: value<Word | null>({ name: named('certificate_key'), contexts, initial: null, read: fileName }),
    passPhrases: passPhrases(named('password_file'), contexts),
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
export const streamProxyTls = upstreamSide('proxy', streamServer);
/** Whether a stream server speaks TLS to its servers. */
export const streamProxySsl = value({ name: 'proxy_ssl', contexts: streamServer, initial: false, read: flag });

/** How a location, or a stream server, speaks TLS to its servers; its files are only read where they are used, as nginx does. */
export function upstreamTls(scope: Scope, side: ReturnType<typeof upstreamSide>, reading: Reading): UpstreamTls {
  const load = (entry: Entry<Word | null>, read: ReadPem) => {
    const word = scope.get(entry);
    return word === null ? null : (read(word, reading) ?? null);
  };
  const trusted = scope.get(side.verify) ? load(side.trusted, readCertificates) : null;
  const verify = scope.source(side.verify);
  if (verify !== null && scope.get(side.verify) && scope.get(side.trusted) === null) {
    reading.error(
      verify.headSpan,
      message('no {trusted} for {verify}', { trusted: side.trusted.name, verify: side.verify.name }),
    );
  }
  const certificate = load(side.certificate, readCertificates);
  const key =
    certificate === null
      ? null
      : load(side.key, (word) => readKey(word, reading, scope.get(side.passPhrases), side.passPhrases.name));
  const written = scope.source(side.certificate);
  let pairIsGood = true;
  if (certificate !== null && written !== null) {
    if (scope.get(side.key) === null) {
      reading.error(
        written.headSpan,
        message('no "{directive}" is defined for certificate "{certificate}"', {
          directive: side.key.name,
          certificate: certificate.path,
        }),
      );
      pairIsGood = false;
    } else if (key !== null) {
      pairIsGood = checkPair(certificate, key, scope.source(side.key)?.headSpan ?? written.headSpan, reading);
    }
  }
  const tls: UpstreamTls = {
    certificate,
    key,
    trusted,
    verify: scope.get(side.verify),
    verifyDepth: scope.get(side.verifyDepth),
    name: scope.get(side.name),
    sendName: scope.get(side.sendName),
    protocols: scope.get(side.protocols),
    ciphers: scope.get(side.ciphers),
    reuseSessions: scope.get(side.reuse),
  };
  const at = scope.source(side.ciphers) ?? written ?? scope.source(side.trusted) ?? scope.directive;
  if (pairIsGood && at !== null) provenGood(at.headSpan, reading, () => upstreamContext(tls));
  return tls;
}

export const tlsEntries: readonly Entry[] = [
  ...Object.values(httpTls),
  ...Object.values(httpSessions),
  rejectHandshake,
  ...Object.values(streamTls),
  ...Object.values(streamSessions),
  streamHandshakeTimeout,
  streamAlpn,
  ...Object.values(proxyTls),
  ...Object.values(grpcTls),
  ...Object.values(streamProxyTls),
  streamProxySsl,
];
