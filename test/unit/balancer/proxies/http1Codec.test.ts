import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BAD, BODY, END, HEAD, type MessageParser, MORE } from '../../../../src/balancer/proxies/http1Codec';
import { RequestParser } from '../../../../src/balancer/proxies/http1RequestCodec';
import { ResponseParser } from '../../../../src/balancer/proxies/http1ResponseCodec';
import { badMessages } from './badRequests';

const bytes = (text: string) => Buffer.from(text, 'latin1');

/** Everything that the parser says about the chunks, bodies joined, as readable lines. */
function transcript(parser: MessageParser, chunks: readonly Buffer[], closes = false): string[] {
  const lines: string[] = [];
  let body: string | null = null;
  const flush = () => {
    if (body !== null) lines.push(`body ${JSON.stringify(body)}`);
    body = null;
  };
  const read = () => {
    for (;;) {
      const event = parser.next();
      if (event === MORE) return;
      if (event === BODY) {
        body = (body ?? '') + parser.data.toString('latin1');
        continue;
      }
      flush();
      if (event === HEAD) lines.push(`head ${describeHead(parser)}`);
      if (event === END) lines.push(`end ${describeTrailers(parser)}`);
      if (event === BAD) {
        lines.push(`bad ${parser.bad?.status}`);
        return;
      }
    }
  };
  for (const chunk of chunks) {
    if (lines.at(-1)?.startsWith('bad') === true) break;
    parser.push(chunk);
    read();
  }
  if (closes && lines.at(-1)?.startsWith('bad') !== true) {
    const event = parser.finish();
    flush();
    if (event === END) lines.push('end at close');
    if (event === BAD) lines.push(`bad ${parser.bad?.status} at close`);
  }
  flush();
  return lines;
}

function describeHead(parser: MessageParser): string {
  const headers = parser.headers.names.map((name, i) => `${name.text}=${parser.headers.values[i]}`).join('&');
  if (parser instanceof RequestParser)
    return `${parser.method} ${parser.target} ${parser.host} 1.${parser.minorVersion} ${headers}`;
  if (parser instanceof ResponseParser) return `${parser.status} ${parser.reason} ${headers}`;
  return headers;
}

function describeTrailers(parser: MessageParser): string {
  return parser.trailers?.names.map((name, i) => `${name.text}=${parser.trailers?.values[i]}`).join('&') ?? '';
}

const requests = (text: string) => transcript(new RequestParser(), [bytes(text)]);
const responses = (text: string, closes = true) => transcript(new ResponseParser(), [bytes(text)], closes);

describe('requests', () => {
  it('are read one after the other', () => {
    expect(
      requests(
        'GET /a?b HTTP/1.1\r\nHost: lab\r\nX-Two:  words here \t\r\n\r\n' +
          'POST / HTTP/1.1\r\nHost: lab:80\r\nContent-Length: 5\r\n\r\nhello' +
          'PUT /c HTTP/1.1\r\nhost: lab\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\nA;x="y;\\"z" ; q\r\n0123456789\r\n0\r\nT: 1\r\n\r\n' +
          'GET http://other/x HTTP/1.1\r\nHost: lab\r\n\r\n' +
          'GET http://other?q HTTP/1.0\r\n\r\n',
      ),
    ).toEqual([
      'head GET /a?b lab 1.1 Host=lab&X-Two=words here',
      'end ',
      'head POST / lab:80 1.1 Host=lab:80&Content-Length=5',
      'body "hello"',
      'end ',
      'head PUT /c lab 1.1 host=lab&Transfer-Encoding=Chunked',
      'body "abc0123456789"',
      'end T=1',
      'head GET /x other 1.1 Host=lab',
      'end ',
      'head GET /?q other 1.0 ',
      'end ',
    ]);
  });

  it('leave out names that nginx leaves out', () => {
    expect(requests('GET / HTTP/1.1\r\nHost: lab\r\nun_der: 1\r\na.b: 2\r\nOk-1: 3\r\n\r\n')[0]).toBe(
      'head GET / lab 1.1 Host=lab&Ok-1=3',
    );
  });

  it.each(['lab', 'LAB:8080', '127.0.0.1', '[::1]:80', '[fe80::1]', 'a-b_c.d~e', 'a%20b', 'lab.'])(
    'take %s for a host',
    (host) => {
      expect(requests(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)[0]).toContain(` ${host} `);
    },
  );

  it('may have a bare LF where a test suite needs it', () => {
    const text = 'POST / HTTP/1.1\nHost: lab\nTransfer-Encoding: chunked\n\n3\nabc\n0\n\n';
    expect(transcript(new RequestParser({ tolerateBareLf: true }), [bytes(text)])).toEqual([
      'head POST / lab 1.1 Host=lab&Transfer-Encoding=chunked',
      'body "abc"',
      'end ',
    ]);
  });

  it.each(badMessages)('are refused: $name', ({ bytes: text, status }) => {
    expect(requests(text).at(-1)).toBe(`bad ${status}`);
  });
});

describe('responses', () => {
  it('end by length, by chunks, at once, or with the connection', () => {
    expect(
      responses(
        'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok' +
          'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nT: 1\r\n\r\n' +
          'HTTP/1.1 204 No Content\r\n\r\n' +
          'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n' +
          'HTTP/1.0 200 OK\r\n\r\nuntil the end',
      ),
    ).toEqual([
      'head 200 OK Content-Length=2',
      'body "ok"',
      'end ',
      'head 200  Transfer-Encoding=chunked',
      'body "ok"',
      'end T=1',
      'head 204 No Content ',
      'end ',
      'head 304 Not Modified Content-Length=9',
      'end ',
      'head 200 OK ',
      'body "until the end"',
      'end at close',
    ]);
  });

  it('to HEAD have no body', () => {
    const parser = new ResponseParser();
    parser.answersHead = true;
    expect(transcript(parser, [bytes('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n')])).toEqual([
      'head 200 OK Content-Length=9',
      'end ',
    ]);
  });

  it.each([
    ['garbage', 'garbage\r\n\r\n'],
    ['another protocol', 'ICY 200 OK\r\n\r\n'],
    ['another version', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['a short status', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['a long status', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['a status of letters', 'HTTP/1.1 abc OK\r\n\r\n'],
    ['a status below 100', 'HTTP/1.1 099 OK\r\n\r\n'],
    ['a control character in the reason', 'HTTP/1.1 200 O\0K\r\n\r\n'],
    ['a bare LF', 'HTTP/1.1 200 OK\nA: b\r\n\r\n'],
    ['an upgrade', 'HTTP/1.1 101 Switching\r\n\r\n'],
    ['interim responses without end', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(17)],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n'],
    ['length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['another coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n'],
    ['chunks on HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['a folded line', 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n'],
    ['too large a head', `HTTP/1.1 200 OK\r\nA: ${'x'.repeat(40_000)}\r\n\r\n`],
    ['a bad chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n'],
  ])('with %s are refused', (_name, text) => {
    expect(responses(text, false).at(-1)).toBe('bad 502');
  });

  it.each([
    ['nothing', '', []],
    ['half a head', 'HTTP/1.1 200 OK\r\nA', ['bad 502 at close']],
    [
      'half a body',
      'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab',
      ['head 200 OK Content-Length=3', 'body "ab"', 'bad 502 at close'],
    ],
    [
      'no last chunk',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n',
      ['head 200 OK Transfer-Encoding=chunked', 'body "a"', 'bad 502 at close'],
    ],
  ])('cut off after %s are no whole ones', (_name, text, expected) => {
    expect(responses(text)).toEqual(expected);
  });
});

/** The text cut at the places, anywhere. */
function cut(text: string, places: readonly number[]): Buffer[] {
  const all = bytes(text);
  const sorted = [...new Set(places.map((place) => place % (all.length + 1)))].sort((a, b) => a - b);
  return [0, ...sorted].map((from, i) => Buffer.from(all.subarray(from, sorted[i] ?? all.length)));
}

const good = fc.oneof(
  fc.constant('GET / HTTP/1.1\r\nHost: lab\r\n\r\n'),
  fc
    .string({ maxLength: 40 })
    .map(
      (text) =>
        `POST /p HTTP/1.1\r\nHost: lab\r\nContent-Length: ${bytes(text).length}\r\n\r\n${bytes(text).toString('latin1')}`,
    ),
  fc.array(fc.string({ minLength: 1, maxLength: 20 }).map((text) => bytes(text).toString('latin1'))).map((chunks) => {
    const coded = chunks.map((chunk) => `${chunk.length.toString(16)};a=b\r\n${chunk}\r\n`).join('');
    return `PUT / HTTP/1.1\r\nHost: lab\r\nTransfer-Encoding: chunked\r\n\r\n${coded}0\r\nT: 1\r\n\r\n`;
  }),
);
const anything = fc.oneof(
  { weight: 3, arbitrary: good },
  { weight: 1, arbitrary: fc.constantFrom(...badMessages.map((each) => each.bytes)) },
  {
    weight: 1,
    arbitrary: fc.string({ unit: fc.constantFrom('\r', '\n', ':', ' ', 'A', '0', ';', '\0', '/'), maxLength: 30 }),
  },
);

describe('the same bytes', () => {
  it('are the same requests, however they are cut', () => {
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 4 }), fc.array(fc.nat(), { maxLength: 12 }), (parts, places) => {
        const text = parts.join('');
        const whole = transcript(new RequestParser(), [bytes(text)]);
        expect(transcript(new RequestParser(), cut(text, places))).toEqual(whole);
      }),
      { numRuns: 500 },
    );
  });

  it('are the same requests byte by byte', () => {
    for (const { bytes: text } of badMessages) {
      if (text.length > 2_000) continue;
      const stream = `GET /before HTTP/1.1\r\nHost: lab\r\n\r\n${text}`;
      const single = Array.from(bytes(stream), (byte) => Buffer.from([byte]));
      expect(transcript(new RequestParser(), single)).toEqual(transcript(new RequestParser(), [bytes(stream)]));
    }
  });

  it('are the same responses, however they are cut', () => {
    const response = fc.constantFrom(
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
      'HTTP/1.1 100 Continue\r\n\r\n',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
      'HTTP/1.1 204 None\r\n\r\n',
      'HTTP/1.0 200 OK\r\n\r\nrest',
      'HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n',
    );
    fc.assert(
      fc.property(fc.array(response, { maxLength: 5 }), fc.array(fc.nat(), { maxLength: 12 }), (parts, places) => {
        const text = parts.join('');
        const whole = transcript(new ResponseParser(), [bytes(text)], true);
        expect(transcript(new ResponseParser(), cut(text, places), true)).toEqual(whole);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a head that comes again and again', () => {
  const request = 'POST /a?b HTTP/1.1\r\nHost: lab\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nhi';
  const response = 'HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nhi';
  const interim = 'HTTP/1.1 103 Early Hints\r\nX-A: 1\r\n\r\n';

  it('is read the same wherever it is cut', () => {
    for (const [text, make] of [
      [request, () => new RequestParser()],
      [response, () => new ResponseParser()],
      [interim + response, () => new ResponseParser()],
    ] as const) {
      const one = transcript(make(), [bytes(text)]);
      for (let at = 1; at < text.length; at++) {
        const chunks = [text, text, text, text.slice(0, at), text.slice(at), text].map(bytes);
        expect(transcript(make(), chunks), `cut at ${at}`).toEqual([...one, ...one, ...one, ...one, ...one]);
      }
    }
  });

  it('means something else where the request was another', () => {
    const parser = new ResponseParser();
    const whole = transcript(parser, [response, response, response].map(bytes));
    parser.answersHead = true;
    const headOnly = response.slice(0, -2);
    expect(transcript(parser, [bytes(headOnly)]).filter((line) => line.startsWith('body'))).toEqual([]);
    parser.answersHead = false;
    expect(transcript(parser, [bytes(response)])).toEqual(whole.slice(0, whole.length / 3));
  });

  it('is refused once it is over a lowered limit', () => {
    const parser = new ResponseParser();
    transcript(parser, [response, response, response].map(bytes));
    parser.limitHead(10, 10);
    expect(transcript(parser, [bytes(response)])).toEqual(['bad 502']);
  });
});
