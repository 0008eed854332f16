import { certificateLines, pemPath } from '../harness/tlsClients';
import { blockEnd, type Case, http, location, server, stream, table } from './confDifferential.cases';

type Row = readonly [string, Omit<Case, 'name' | 'text'>];
const written = { otherLine: blockEnd };

/** Certificates, keys and what is said about them. */
export const tlsCases: readonly Case[] = [
  ...table('certificates', server, [
    `listen 127.0.0.1:42981 ssl;\n${certificateLines('localhost')}`,
    `listen 127.0.0.1:42981 ssl;\nssl_certificate ${pemPath('a')};\nssl_certificate_key ${pemPath('a.key')};\nssl_certificate ${pemPath('b')};\nssl_certificate_key ${pemPath('b.key')};`,
    ...[
      `ssl_certificate ${pemPath('a')};\nssl_certificate_key ${pemPath('b.key')};`,
      `ssl_certificate ${pemPath('a.key')};\nssl_certificate_key ${pemPath('a.key')};`,
      `ssl_certificate ${pemPath('a')};\nssl_certificate_key ${pemPath('a')};`,
      `ssl_certificate ${pemPath('a')};`,
      `ssl_certificate missing.pem;\nssl_certificate_key ${pemPath('a.key')};`,
    ].map((text): Row => [`listen 127.0.0.1:42981 ssl;\n${text}`, written]),
  ]),
  ...table('tls servers', http, [
    `${certificateLines('a')}\nserver { listen 127.0.0.1:42980 ssl; }`,
    `server { listen 127.0.0.1:42980 ssl; ${certificateLines('a')} }\nserver { listen 127.0.0.1:42980; server_name b; }`,
    `server { listen 127.0.0.1:42980 ssl; ${certificateLines('a')} }\nserver { listen 127.0.0.1:42980 ssl; server_name b; }`,
    [
      `server { listen 127.0.0.1:42980 ssl; }\nserver { listen 127.0.0.1:42980; server_name b; ${certificateLines('a')} }`,
      written,
    ],
    `server { listen 127.0.0.1:42980 ssl; }\nserver { listen 127.0.0.1:42980 default_server; server_name b; ${certificateLines('a')} }`,
  ]),
  ...table('tls towards servers', location, [
    `proxy_pass https://127.0.0.1:42901;\nproxy_ssl_verify on;\nproxy_ssl_trusted_certificate ${pemPath('ca')};`,
    `proxy_pass https://127.0.0.1:42901;\n${certificateLines('client', 'proxy_ssl_')}`,
    `grpc_pass grpcs://127.0.0.1:42901;\n${certificateLines('client', 'grpc_ssl_')}`,
    ...[
      'proxy_ssl_verify on;',
      `proxy_ssl_certificate ${pemPath('a')};\nproxy_ssl_certificate_key ${pemPath('b.key')};`,
      `proxy_ssl_certificate ${pemPath('a')};`,
      `proxy_ssl_verify on;\nproxy_ssl_trusted_certificate ${pemPath('a.key')};`,
      'proxy_ssl_ciphers NONSENSE;',
    ].map((text): Row => [`proxy_pass https://127.0.0.1:42901;\n${text}`, written]),
  ]),
  ...table('tls in stream', stream, [
    `server { listen 127.0.0.1:42980 ssl; proxy_pass 127.0.0.1:42901;\n${certificateLines('a')} }`,
    ['server { listen 127.0.0.1:42980 ssl; proxy_pass 127.0.0.1:42901; }', written],
    [
      `server { listen 127.0.0.1:42980 ssl; proxy_pass 127.0.0.1:42901;\nssl_certificate ${pemPath('a')};\nssl_certificate_key ${pemPath('b.key')}; }`,
      written,
    ],
  ]),
];
