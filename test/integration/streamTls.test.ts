import { createServer } from 'node:net';
import { createServer as createTls, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { freePorts, nginxIsMissing, startNginx } from '../harness/nginx';
import { certificateLines, pem, pemPath } from '../harness/tlsClients';
import { closeAll, listenOn, RawClient, startRig } from './proxyRig';

/** TLS from an L4 balancer to its servers (proxy_ssl), as nginx speaks it. */

afterEach(closeAll);

const ports = await freePorts(20);

/** A TLS server that tells what it saw of a connection, once it heard something. It may expect a PROXY header first. */
async function teller(name: string, behindHeader = false): Promise<number> {
  const secure = createTls(
    { cert: pem(name), key: pem(`${name}.key`), requestCert: true, rejectUnauthorized: false },
    (socket) => {
      const { servername, header } = socket as TLSSocket & { servername?: unknown; header?: string };
      const { subject } = socket.getPeerCertificate();
      const facts = [servername, socket.getProtocol(), subject?.CN, socket.isSessionReused(), header];
      socket.on('error', () => {});
      socket.once('data', (heard: Buffer) => socket.end([...facts, heard].map(String).join('|')));
    },
  );
  secure.on('tlsClientError', () => {});
  if (!behindHeader) return listenOn(secure);
  return listenOn(
    createServer((socket) => {
      socket.once('data', (bytes: Buffer) => {
        socket.pause();
        const end = bytes.indexOf('\n') + 1;
        socket.unshift(bytes.subarray(end));
        if (bytes.toString('latin1', 0, end).startsWith('PROXY TCP4 127.0.0.1')) secure.emit('connection', socket);
        else socket.destroy();
      });
    }),
  );
}

const verified = (ca: string, name: string) =>
  `proxy_ssl_verify on; proxy_ssl_trusted_certificate ${pemPath(ca)}; proxy_ssl_name ${name};`;

describe.skipIf(nginxIsMissing)('proxy_ssl of stream', () => {
  it('sends names and certificates, checks servers, and goes on with sessions as nginx does', async () => {
    const [plain, headed] = [await teller('localhost'), await teller('localhost', true)];
    const dead = ports[ports.length - 1] ?? 0;
    const clear = await listenOn(createServer((socket) => socket.end('clear')));
    const servers = [
      'proxy_pass peers;',
      'proxy_pass peers; proxy_ssl_server_name on;',
      `proxy_pass 127.0.0.1:${plain}; proxy_ssl_server_name on;`,
      'proxy_pass peers; proxy_ssl_server_name on; proxy_ssl_name a.test:443;',
      'proxy_pass peers; proxy_ssl_server_name on; proxy_ssl_name p$server_port.test; proxy_ssl_session_reuse off;',
      'proxy_pass $target; proxy_ssl_server_name on;',
      `proxy_pass peers; ${verified('ca', 'localhost')}`,
      `proxy_pass peers; ${verified('ca', 'b.test')}`,
      `proxy_pass peers; ${verified('other-ca', 'localhost')}`,
      `proxy_pass mixed; ${verified('ca', 'localhost')}`,
      `proxy_pass peers; ${certificateLines('client', 'proxy_ssl_')}`,
      'proxy_pass peers; proxy_ssl_protocols TLSv1.2;',
      `proxy_pass 127.0.0.1:${headed}; proxy_protocol on;`,
      `proxy_pass 127.0.0.1:${clear};`,
      `proxy_pass 127.0.0.1:${clear}; proxy_ssl off;`,
    ];
    const blocks = `stream { proxy_ssl on; proxy_ssl_protocols TLSv1.2 TLSv1.3;
      map $server_port $target { default peers; }
      upstream peers { server 127.0.0.1:${plain}; }
      upstream mixed { server 127.0.0.1:${dead}; server 127.0.0.1:${plain}; }
      ${servers.map((text, i) => `server { listen 127.0.0.1:${ports[i]}; ${text} }`).join('\n')} }`;
    const visit = async () => {
      const answers: [string, string][] = [];
      for (const [i, text] of servers.entries()) {
        // Twice: the second may go on with the session of the first.
        for (let n = 0; n < 2; n++) {
          answers.push([text, await new RawClient(ports[i] ?? 0).send('hello').untilClosed()]);
        }
      }
      return answers;
    };
    const nginx = await startNginx(`events { }\n${blocks}`);
    let theirs: [string, string][];
    try {
      theirs = await visit();
    } finally {
      await nginx.stop();
    }
    const { logs } = await startRig(blocks, { ports: 'declared' });
    expect(await visit()).toEqual(theirs);
    expect(theirs[2]).toEqual([servers[1], 'peers|TLSv1.3|undefined|false|undefined|hello']);
    const said = logs.join('\n');
    expect(said).toContain('upstream SSL certificate does not match "b.test" while SSL handshaking to upstream');
    expect(said).toContain('upstream SSL certificate verify error: (');
  });

  it('passes large bodies both ways', async () => {
    const echo = createTls({ cert: pem('localhost'), key: pem('localhost.key') }, (socket) => socket.pipe(socket));
    const rig = await startRig(`stream { server { listen 127.0.0.1:1; proxy_pass 127.0.0.1:${await listenOn(echo)};
      proxy_ssl on; proxy_half_close on; } }`);
    const sent = 'abcdefghij'.repeat(300_000);
    const client = new RawClient(rig.port()).send(sent);
    client.socket.end();
    expect((await client.untilClosed()) === sent).toBe(true);
  });
});
