import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectH2 } from 'node:http2';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';

/** The certificates of test/fixtures/tls (make.sh there), and clients that speak TLS. */

export function pemPath(name: string): string {
  return fileURLToPath(new URL(`../fixtures/tls/${name}.pem`, import.meta.url));
}

export function pem(name: string): string {
  return readFileSync(pemPath(name), 'utf8');
}

/** Directives that name a server's certificate and its key. */
export function certificateLines(name: string, prefix = 'ssl_'): string {
  return `${prefix}certificate ${pemPath(name)}; ${prefix}certificate_key ${pemPath(`${name}.key`)};`;
}

export interface TlsAsk {
  readonly sni?: string;
  readonly alpn?: readonly string[];
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** Of the request, which is HTTP/1.1 unless ALPN says h2; '': none, and HTTP/1.0. */
  readonly host?: string;
}

export interface TlsAnswer {
  /** Common name of the certificate; '' where the handshake failed. */
  readonly subject: string;
  readonly protocol: string;
  readonly alpn: string;
  /** Status and body. */
  readonly answer: string;
}

const NO_HANDSHAKE: TlsAnswer = { subject: '', protocol: '', alpn: '', answer: '' };

function optionsOf(port: number, ask: TlsAsk): ConnectionOptions {
  return {
    host: '127.0.0.1',
    port,
    ca: pem('ca'),
    // What is presented is compared, not believed.
    rejectUnauthorized: false,
    ...(ask.sni === undefined ? {} : { servername: ask.sni }),
    ...(ask.alpn === undefined ? {} : { ALPNProtocols: [...ask.alpn] }),
    ...(ask.minVersion === undefined ? {} : { minVersion: ask.minVersion }),
    ...(ask.maxVersion === undefined ? {} : { maxVersion: ask.maxVersion }),
  };
}

/** One request over TLS, and what was agreed. */
export async function askTls(port: number, ask: TlsAsk): Promise<TlsAnswer> {
  const socket = connect(optionsOf(port, ask));
  const failed = new Promise<null>((resolve) => socket.once('error', () => resolve(null)));
  const secured = once(socket, 'secureConnect');
  secured.catch(() => {});
  if ((await Promise.race([failed, secured])) === null) return NO_HANDSHAKE;
  const { CN } = socket.getPeerCertificate().subject;
  const agreed = {
    subject: String(CN),
    protocol: socket.getProtocol() ?? '',
    alpn: typeof socket.alpnProtocol === 'string' ? socket.alpnProtocol : '',
  };
  const answer = agreed.alpn === 'h2' ? await overHttp2(socket, ask) : await overHttp1(socket, ask);
  socket.destroy();
  return { ...agreed, answer };
}

async function overHttp1(socket: TLSSocket, { host = 'x' }: TlsAsk): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const version = host === '' ? '1.0' : '1.1';
  socket.write(`GET / HTTP/${version}\r\n${host === '' ? '' : `Host: ${host}\r\n`}Connection: close\r\n\r\n`);
  await closed;
  return `${text.slice(9, 12)} ${text.slice(text.indexOf('\r\n\r\n') + 4)}`;
}

async function overHttp2(socket: TLSSocket, { host = 'x' }: TlsAsk): Promise<string> {
  const authority = host === '' ? 'x' : host;
  const session = connectH2(`https://${authority}`, { createConnection: () => socket });
  session.on('error', () => {});
  try {
    const stream = session.request({ ':path': '/', ':authority': authority });
    let text = '';
    let status = 0;
    stream.on('response', (headers) => {
      status = Number(headers[':status']);
    });
    stream.setEncoding('latin1');
    stream.on('data', (chunk: string) => {
      text += chunk;
    });
    await once(stream, 'end');
    return `${status} ${text}`;
  } finally {
    session.destroy();
  }
}
