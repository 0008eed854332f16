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
  ...table('tls settings', server, [
    'ssl_session_cache shared:a:1m; ssl_session_timeout 1m30s; ssl_session_tickets off; ssl_prefer_server_ciphers on;',
    'ssl_session_cache builtin shared:a:1m;',
    'ssl_session_cache builtin:x;',
    'ssl_session_cache shared:a:1k;',
    'ssl_session_cache shared:a;',
    'ssl_session_cache nonsense;',
    'ssl_session_timeout 10ms;',
    'ssl_password_file missing;',
    'ssl_handshake_timeout 3s;',
    ...[
      'ssl_ciphers ECDHE+AESGCM; ssl_ecdh_curve X25519:prime256v1;',
      'ssl_ciphers NONSENSE;',
      'ssl_ecdh_curve nonsense;',
      'ssl_dhparam missing;',
    ].map((text): Row => [`listen 127.0.0.1:42981 ssl;\n${certificateLines('a')}\n${text}`, written]),
    'listen 127.0.0.1:42981 ssl;\nssl_reject_handshake on;',
  ]),
  ...table('tls servers', http, [
    `ssl_certificate missing; ssl_certificate_key missing;`,
    [
      `server { listen 127.0.0.1:42980 ssl; ssl_reject_handshake on; }\nserver { listen 127.0.0.1:42980; server_name b; }`,
      { otherLine: 'nginx names the server that lacks it, not the listen that wants it' },
    ],
    `server { listen 127.0.0.1:42980 ssl; ssl_reject_handshake on; }\nserver { listen 127.0.0.1:42980; server_name b; ${certificateLines('a')} }`,
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
    'ssl_certificate missing;\nserver { listen 127.0.0.1:42980; return x; }',
    'ssl_alpn a b; ssl_handshake_timeout 3s; ssl_session_cache builtin;\nserver { listen 127.0.0.1:42980; return x; }',
    ...['proxy_ssl_verify on;', 'proxy_ssl_ciphers NONSENSE;', `proxy_ssl_certificate ${pemPath('a')};`].flatMap(
      (text): (Row | string)[] => [
        [`server { listen 127.0.0.1:42980; proxy_pass 127.0.0.1:42901; proxy_ssl on;\n${text} }`, written],
        `server { listen 127.0.0.1:42980; proxy_pass 127.0.0.1:42901; proxy_ssl off;\n${text} }`,
      ],
    ),
    `server { listen 127.0.0.1:42980 ssl; proxy_pass 127.0.0.1:42901;\n${certificateLines('a')} }`,
    ['server { listen 127.0.0.1:42980 ssl; proxy_pass 127.0.0.1:42901; }', written],
    [
      `server { listen 127.0.0.1:42980 ssl; proxy_pass 127.0.0.1:42901;\nssl_certificate ${pemPath('a')};\nssl_certificate_key ${pemPath('b.key')}; }`,
      written,
    ],
  ]),
];
