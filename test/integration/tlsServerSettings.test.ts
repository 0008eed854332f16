import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { freePorts, httpTempPaths, nginxIsMissing, startNginx } from '../harness/nginx';
import { certificateLines, pem, pemPath } from '../harness/tlsClients';
import { closeAll, closeLater, startRig } from './proxyRig';

/** What a server says about TLS towards its clients, beyond certificates: sessions, ciphers, pass phrases, who is turned away. */

afterEach(closeAll);

const ports = await freePorts(12);

interface Seen {
  readonly failed: string;
  readonly cipher: string;
  readonly alpn: string | false | null;
  readonly text: string;
  readonly session: Buffer | undefined;
}

/** One connection to the end: what was agreed, and what the server said. */
async function visit(port: number, options: ConnectionOptions, ask: string): Promise<Seen> {
  const socket: TLSSocket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
  const seen = {
    failed: '',
    cipher: '',
    alpn: null as Seen['alpn'],
    text: '',
    session: undefined as Buffer | undefined,
  };
  socket.on('error', (error: NodeJS.ErrnoException) => {
    seen.failed ||= error.code ?? error.message;
  });
  socket.on('session', (session: Buffer) => {
    seen.session = session;
  });
  socket.on('data', (chunk: Buffer) => {
    seen.text += chunk.toString('latin1');
  });
  socket.once('secureConnect', () => {
    seen.cipher = socket.getCipher().name;
    seen.alpn = socket.alpnProtocol;
    socket.write(ask);
  });
  await new Promise((resolve) => socket.once('close', resolve));
  return { ...seen, text: seen.text.slice(seen.text.indexOf('\r\n\r\n') + 4) };
}

async function sameAsNginx<T>(blocks: string, observe: () => Promise<T>): Promise<T> {
  const nginx = await startNginx(`events { }\n${blocks.replace('http {', `http { access_log off; ${httpTempPaths}`)}`);
  let theirs: T;
  try {
    theirs = await observe();
  } finally {
    await nginx.stop();
  }
  await startRig(blocks, { ports: 'declared' });
  expect(await observe()).toEqual(theirs);
  return theirs;
}

const GET = 'GET / HTTP/1.0\r\n\r\n';

/** A folder with a.test's key behind a pass phrase, and two files of pass phrases. */
function lockedKey(): string {
  const folder = mkdtempSync(join(tmpdir(), 'traffic-lab-key-'));
  closeLater(() => rmSync(folder, { recursive: true, force: true }));
  const key = createPrivateKey(pem('a.key'));
  const locked = key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open sesame' });
  writeFileSync(join(folder, 'locked.pem'), locked);
  writeFileSync(join(folder, 'words'), 'wrong\r\nopen sesame\r\n');
  return folder;
}

describe.skipIf(nginxIsMissing)('what servers say about TLS', () => {
  it('decides who may go on with a session, and which cipher is used', async () => {
    const folder = lockedKey();
    const settings = [
      '',
      'ssl_session_tickets off;',
      'ssl_session_tickets off; ssl_session_cache off;',
      'ssl_session_tickets off; ssl_session_cache shared:one:1m;',
      'ssl_session_cache builtin:100; ssl_session_timeout 1m;',
      'ssl_ciphers ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES256-GCM-SHA384;',
      'ssl_ciphers ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384; ssl_prefer_server_ciphers on;',
      'ssl_ecdh_curve secp384r1;',
      `ssl_certificate ${pemPath('a')}; ssl_certificate_key ${join(folder, 'locked.pem')}; ssl_password_file ${join(folder, 'words')};`,
    ];
    const blocks = `http { ssl_protocols TLSv1.2 TLSv1.3; ${settings
      .map(
        (
          text,
          i,
        ) => `server { listen 127.0.0.1:${ports[i]} ssl; ${text.includes('_key') ? '' : certificateLines('a')} ${text}
          location / { return 200 $ssl_session_reused; } }`,
      )
      .join('\n')} }`;
    const seen = await sameAsNginx(blocks, async () => {
      const facts: unknown[] = [];
      for (const [i, text] of settings.entries()) {
        for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
          for (const ecdhCurve of ['auto', 'prime256v1']) {
            const options = { maxVersion, ecdhCurve };
            const first = await visit(ports[i] ?? 0, options, GET);
            const { session } = first;
            const again = await visit(ports[i] ?? 0, session === undefined ? options : { ...options, session }, GET);
            const failed = first.failed !== '';
            facts.push([text, maxVersion, ecdhCurve, failed, first.cipher, first.text, again.text]);
          }
        }
      }
      return facts;
    });
    expect(seen[0]).toEqual(['', 'TLSv1.2', 'auto', false, expect.any(String), '.', 'r']);
  });

  it('turns away who asks for a name that nobody is to have', async () => {
    const [some = 0, few = 0] = ports;
    const blocks = `http {
      server { listen 127.0.0.1:${some} ssl; server_name none; ssl_reject_handshake on; location / { return 200 none; } }
      server { listen 127.0.0.1:${some} ssl; server_name a.test; ${certificateLines('a')} location / { return 200 a; } }
      server { listen 127.0.0.1:${few} ssl; server_name b.test; ${certificateLines('b')} location / { return 200 "b$ssl_server_name"; } }
      server { listen 127.0.0.1:${few} ssl; server_name bare.test; location / { return 200 bare; } }
      server { listen 127.0.0.1:${few} ssl; server_name x.test; ssl_reject_handshake on; }
    }`;
    const seen = await sameAsNginx(blocks, async () => {
      const facts: unknown[] = [];
      for (const port of [some, few]) {
        for (const servername of ['', 'a.test', 'bare.test', 'X.test', 'nobody.test']) {
          for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
            const { failed, text } = await visit(port, { servername, maxVersion }, GET);
            facts.push([port, servername, maxVersion, failed, text]);
          }
        }
      }
      return facts;
    });
    expect(seen).toContainEqual([some, '', 'TLSv1.3', 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME', '']);
  });

  it('agrees on what ssl_alpn names in stream, or on nothing', async () => {
    const [chosen = 0, open = 0] = ports;
    const blocks = `stream { ${certificateLines('localhost')} ssl_session_cache builtin;
      server { listen 127.0.0.1:${chosen} ssl; ssl_alpn first second; return "[$ssl_alpn_protocol] $ssl_session_reused"; }
      server { listen 127.0.0.1:${open} ssl; return "[$ssl_alpn_protocol]"; } }`;
    const seen = await sameAsNginx(blocks, async () => {
      const facts: unknown[] = [];
      for (const port of [chosen, open]) {
        for (const names of [[], ['second', 'first'], ['other', 'second'], ['other']]) {
          const options = names.length === 0 ? {} : { ALPNProtocols: names };
          const { failed, alpn, text } = await visit(port, options, '');
          facts.push([port, names, failed !== '', alpn, text]);
        }
      }
      return facts;
    });
    expect(seen[1]).toEqual([chosen, ['second', 'first'], false, 'first', expect.any(String)]);
  });
});
