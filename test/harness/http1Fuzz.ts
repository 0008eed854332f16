import { createServer, type Server } from 'node:http';
import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { expect } from 'vitest';
import { BAD, BODY, END, HEAD, type MessageParser, MORE } from '../../src/balancer/proxies/http1Codec';
import { RequestParser } from '../../src/balancer/proxies/http1RequestCodec';
import { ResponseParser } from '../../src/balancer/proxies/http1ResponseCodec';
import { cut, cuts, type Effort, fuzz, fuzzAsync, mutate, mutationsOf } from './fuzz';

/* What must hold of the HTTP/1 codecs for any bytes: good messages with a few bytes changed, cut anywhere. */

const PIECES = [
  ...[
    '\r',
    '\n',
    '\r\n',
    '\r\n\r\n',
    '\0',
    ' ',
    '\t',
    ':',
    ';',
    ',',
    '%',
    '/',
    '?',
    '#',
    '..',
    '\x7f',
    '\xff',
    '0',
    '-1',
  ],
  ...['HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'GET ', 'Host: x\r\n', 'Content-Length: 5\r\n', 'Content-Length: 0\r\n'],
  ...['Transfer-Encoding: chunked\r\n', 'transfer-encoding:chunked\r\n', 'Transfer-Encoding: gzip, chunked\r\n'],
  ...[
    'Connection: close\r\n',
    'Expect: 100-continue\r\n',
    '0\r\n\r\n',
    '5\r\nhello\r\n',
    'ffffffffffffffff\r\n',
    '5;a="b"\r\n',
  ],
  ...[`X: ${'y'.repeat(9_000)}\r\n`, 'a'.repeat(9_000)],
];

const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,10}$/);
const value = fc.stringMatching(/^[ -~]{0,20}$/);
const field = fc.tuple(token, value).map(([name, text]) => `X-${name}: ${text}\r\n`);
const fields = fc.array(field, { maxLength: 4 }).map((all) => all.join(''));
const body = fc.string({ unit: 'binary-ascii', maxLength: 40 });

const framed = fc.oneof(
  fc.constant('\r\n'),
  body.map((text) => `Content-Length: ${text.length}\r\n\r\n${text}`),
  fc.tuple(fc.array(body, { maxLength: 3 }), fc.boolean()).map(([parts, trailer]) => {
    const chunks = parts.filter((part) => part !== '').map((part) => `${part.length.toString(16)}\r\n${part}\r\n`);
    return `Transfer-Encoding: chunked\r\n\r\n${chunks.join('')}0\r\n${trailer ? 'X-Trailer: t\r\n' : ''}\r\n`;
  }),
);
const goodRequest = fc
  .tuple(
    fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS'),
    fc.constantFrom('/', '/a?b=c', '/%41/../b', 'http://x.example/abs', '/a;b'),
    fields,
    framed,
  )
  .map(([method, target, head, rest]) => `${method} ${target} HTTP/1.1\r\nHost: lab\r\n${head}${rest}`);
const goodResponse = fc
  .tuple(fc.constantFrom('200 OK', '204 No Content', '304 ', '404 Not Found', '100 Continue', '503'), fields, framed)
  .map(([status, head, rest]) => `HTTP/1.1 ${status}\r\n${head}${rest}`);

/** Different ones, or the same again and again: parsers remember fields that come more than once. */
const several = (good: fc.Arbitrary<string>) =>
  fc.oneof(
    fc.array(good, { minLength: 1, maxLength: 3 }),
    fc.tuple(good, fc.integer({ min: 3, max: 5 })).map(([message, times]) => Array<string>(times).fill(message)),
  );

const changed = (good: fc.Arbitrary<string>) =>
  fc
    .tuple(several(good), mutationsOf(PIECES))
    .map(([messages, mutations]) => Buffer.from(mutate(messages.join(''), mutations), 'latin1'));

/** Everything the parser says of the pieces, bodies joined. Throws where it goes on for ever. */
function transcript(parser: MessageParser, pieces: readonly Buffer[]): string[] {
  const said: string[] = [];
  const total = pieces.reduce((sum, piece) => sum + piece.length, 0);
  let steps = 0;
  let text = '';
  const read = (): boolean => {
    for (;;) {
      steps++;
      if (steps > 4 * total + 100) throw new Error('the parser makes no progress');
      const event = parser.next();
      if (event === MORE) return true;
      if (event === BODY) {
        expect(parser.data.length).toBeGreaterThan(0);
        text += parser.data.toString('latin1');
        continue;
      }
      if (text !== '') said.push(`body ${text}`);
      text = '';
      if (event === HEAD) said.push(`head ${headOf(parser)}`);
      if (event === END) said.push(`end ${parser.trailers?.names.map((name) => name.text).join() ?? ''}`);
      if (event === BAD) {
        said.push(`bad ${parser.bad?.status}`);
        return false;
      }
    }
  };
  for (const piece of pieces) {
    parser.push(piece);
    if (!read()) break;
    // What waits for more is at most one head or one chunk line: 32 KB and what came with it.
    expect(parser.buffered).toBeLessThanOrEqual(piece.length + 40_000);
  }
  if (text !== '') said.push(`body ${text}`);
  if (said.at(-1)?.startsWith('bad') !== true) said.push(`finish ${parser.finish()}`);
  return said;
}

function headOf(parser: MessageParser): string {
  const { names, values } = parser.headers;
  const all = names.map((name, i) => `${name.text}=${values[i]}`).join('&');
  const own =
    parser instanceof RequestParser
      ? `${parser.method} ${parser.target} ${parser.host} 1.${parser.minorVersion}`
      : parser instanceof ResponseParser
        ? `${parser.status} ${parser.reason}`
        : '';
  return `${own} ${parser.framing} ${parser.contentLength} ${all}`;
}

function sameHoweverCut(make: () => MessageParser, good: fc.Arbitrary<string>, effort: Effort): void {
  fuzz(fc.tuple(changed(good), cuts), effort, ([bytes, places]) => {
    const whole = transcript(make(), [bytes]);
    expect(transcript(make(), cut(bytes, places))).toEqual(whole);
    if (bytes.length < 600) {
      const single = Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
      expect(transcript(make(), single)).toEqual(whole);
    }
  });
}

export function requestsReadTheSameHoweverCut(effort: Effort): void {
  sameHoweverCut(() => new RequestParser(), goodRequest, effort);
}

export function responsesReadTheSameHoweverCut(effort: Effort): void {
  sameHoweverCut(() => new ResponseParser(), goodResponse, effort);
}

interface Read {
  readonly method: string;
  readonly target: string;
  readonly body: string;
}

/** The requests that our parser reads before it is done or finds one bad. */
function ourReading(bytes: Buffer): Read[] {
  const parser = new RequestParser();
  const all: Read[] = [];
  let text = '';
  parser.push(bytes);
  for (;;) {
    const event = parser.next();
    if (event === MORE || event === BAD) return all;
    if (event === BODY) text += parser.data.toString('latin1');
    if (event === HEAD) text = '';
    if (event === END) all.push({ method: parser.method, target: parser.target, body: text });
  }
}

/** One connection to Node's own server, without a network. */
class Loop extends Duplex {
  constructor(readonly bytes: Buffer) {
    super();
    this.push(bytes);
    this.push(null);
  }
  override _read(): void {}
  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    done();
  }
  setTimeout(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
}

/** The requests that Node's parser reads, an independent reader of the same RFC. */
function nodesReading(server: Server, bytes: Buffer): Promise<Read[]> {
  return new Promise((resolve) => {
    const all: Read[] = [];
    const loop = new Loop(bytes);
    const onRequest = (request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse) => {
      let text = '';
      request.setEncoding('latin1');
      request.on('data', (chunk: string) => {
        text += chunk;
      });
      request.on('error', () => {});
      request.on('end', () => {
        all.push({ method: request.method ?? '', target: request.url ?? '', body: text });
        response.end();
      });
    };
    server.on('request', onRequest);
    loop.on('error', () => {});
    loop.on('close', () => {
      server.off('request', onRequest);
      resolve(all);
    });
    server.emit('connection', loop);
  });
}

/**
 * What our parser takes for requests, Node's takes for the same requests: nobody behind us sees another one hidden in a
 * body (request smuggling). Node may refuse what we take, and stop earlier.
 */
export async function readAsNodeReadsThem(effort: Effort): Promise<void> {
  const server = createServer({ insecureHTTPParser: false, requireHostHeader: false });
  server.on('clientError', (_error, socket) => socket.destroy());
  server.on('checkContinue', (request, response) => server.emit('request', request, response));
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  server.on('connect', (_request, socket) => socket.destroy());
  server.on('upgrade', (_request, socket) => socket.destroy());
  try {
    await fuzzAsync(changed(goodRequest), effort, async (bytes) => {
      const ours = ourReading(bytes);
      if (ours.length === 0) return;
      const theirs = await nodesReading(server, bytes);
      const common = Math.min(ours.length, theirs.length);
      const plain = (all: readonly Read[]) =>
        // An absolute-form target is taken apart by us, and Node's requests for it keep it.
        all.slice(0, common).map(({ method, body }) => ({ method, body }));
      expect(plain(ours)).toEqual(plain(theirs));
    });
  } finally {
    server.close();
  }
}
