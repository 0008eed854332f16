/** Requests that must be refused, each with the status that its client is told. The conf's defaults hold. */
export interface BadRequest {
  readonly name: string;
  readonly bytes: string;
  readonly status: number;
}

const bad = (name: string, bytes: string, status = 400): BadRequest => ({ name, bytes, status });
const field = (name: string, line: string, status = 400) =>
  bad(name, `GET / HTTP/1.1\r\nHost: lab\r\n${line}\r\n\r\n`, status);
const host = (name: string, value: string) => bad(name, `GET / HTTP/1.1\r\nHost: ${value}\r\n\r\n`);
const line = (name: string, text: string, status = 400) => bad(name, `${text}\r\nHost: lab\r\n\r\n`, status);
const body = (name: string, chunks: string) =>
  bad(name, `POST / HTTP/1.1\r\nHost: lab\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`);

/** Sound as messages, but with a target that means nothing. */
const badTargets: readonly BadRequest[] = [
  line('incomplete escape', 'GET /%4 HTTP/1.1'),
  line('bad escape', 'GET /%zz HTTP/1.1'),
  line('escaped NUL', 'GET /a%00b HTTP/1.1'),
  line('above the root', 'GET /../a HTTP/1.1'),
  line('above the root, escaped', 'GET /a/%2e%2e/../b HTTP/1.1'),
];

/** Refused by the codec. */
export const badMessages: readonly BadRequest[] = [
  // Request line
  line('only a method', 'GET'),
  line('no version (HTTP/0.9)', 'GET /'),
  line('no target', 'GET HTTP/1.1'),
  line('lower-case method', 'get / HTTP/1.1'),
  line('method with a digit', 'G3T / HTTP/1.1'),
  line('leading space', ' GET / HTTP/1.1'),
  line('two spaces before the target', 'GET  / HTTP/1.1'),
  line('two spaces before the version', 'GET /  HTTP/1.1'),
  line('space behind the version', 'GET / HTTP/1.1 '),
  line('tab for a space', 'GET\t/ HTTP/1.1'),
  line('space in the target', 'GET /a b HTTP/1.1'),
  line('control character in the target', 'GET /a\x01b HTTP/1.1'),
  line('NUL in the target', 'GET /a\0b HTTP/1.1'),
  line('DEL in the target', 'GET /a\x7fb HTTP/1.1'),
  line('bare CR in the request line', 'GET /a\rb HTTP/1.1'),
  line('target without a slash', 'GET a HTTP/1.1'),
  line('asterisk with GET', 'GET * HTTP/1.1'),
  line('asterisk with OPTIONS', 'OPTIONS * HTTP/1.1'),
  line('authority form', 'CONNECT lab:80 HTTP/1.1'),
  line('TRACE', 'TRACE / HTTP/1.1', 405),
  line('unknown scheme', 'GET ftp://lab/ HTTP/1.1'),
  line('absolute form without a host', 'GET http:/// HTTP/1.1'),
  line('absolute form with a user', 'GET http://user@lab/ HTTP/1.1'),
  line('HTTP/2.0', 'GET / HTTP/2.0', 505),
  line('HTTP/3.0', 'GET / HTTP/3.0', 505),
  line('HTTP/0.9 written out', 'GET / HTTP/0.9'),
  line('lower-case protocol', 'GET / http/1.1'),
  line('other protocol', 'GET / ICY/1.1'),
  line('version without a dot', 'GET / HTTP/11'),
  line('version without digits', 'GET / HTTP/a.b'),
  line('version with too many digits', 'GET / HTTP/1.1111'),
  line('too long', `GET /${'a'.repeat(9_000)} HTTP/1.1`, 414),
  bad('bare LF behind the request line', 'GET / HTTP/1.1\nHost: lab\r\n\r\n'),
  bad('bare LF first', '\nGET / HTTP/1.1\r\nHost: lab\r\n\r\n'),
  bad('too many empty lines first', `${'\r\n'.repeat(9)}GET / HTTP/1.1\r\nHost: lab\r\n\r\n`),
  bad('TLS', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n'),
  // Host
  bad('no Host', 'GET / HTTP/1.1\r\n\r\n'),
  bad('no Host with the absolute form', 'GET http://lab/ HTTP/1.1\r\n\r\n'),
  field('two Hosts', 'Host: lab'),
  host('empty Host', ''),
  host('Host with a space', 'la b'),
  host('Host with a slash', 'lab/x'),
  host('Host with a user', 'user@lab'),
  host('Host with two values', 'lab, lab'),
  host('Host with a bad port', 'lab:8x'),
  host('Host with no port behind the colon', 'lab:'),
  host('Host with too large a port', 'lab:65536'),
  host('Host with two dots', 'la..b'),
  host('Host with a quote', '"lab"'),
  host('Host with brackets left open', '[::1'),
  host('Host with an angle bracket', '<lab>'),
  // Header lines
  field('space before the colon', 'A : b'),
  field('tab before the colon', 'A\t: b'),
  field('no colon', 'nonsense'),
  field('no name', ': b'),
  field('obs-fold by space', 'A: b\r\n c'),
  field('obs-fold by tab', 'A: b\r\n\tc'),
  bad('obs-fold first', 'GET / HTTP/1.1\r\n Host: lab\r\n\r\n'),
  field('bare LF', 'A: b\nC: d'),
  field('bare CR', 'A: b\rC: d'),
  field('CR CR LF', 'A: b\r'),
  field('NUL in a value', 'A: b\0c'),
  field('NUL in a name', 'A\0: b'),
  field('slash in a name', 'A/B: c'),
  field('bracket in a name', 'A(B): c'),
  field('high byte in a name', 'A\xe9: c'),
  field('control character in a name', 'A\x01: c'),
  field('a line that is too long', `A: ${'b'.repeat(9_000)}`),
  field('too much in all', Array.from({ length: 10 }, (_, i) => `A${i}: ${'b'.repeat(4_000)}`).join('\r\n')),
  field('too many lines', Array.from({ length: 1_001 }, (_, i) => `A${i}:b`).join('\r\n')),
  // Framing
  field('length and chunks', 'Content-Length: 3\r\nTransfer-Encoding: chunked'),
  field('chunks and length', 'Transfer-Encoding: chunked\r\nContent-Length: 3'),
  field('two lengths', 'Content-Length: 3\r\nContent-Length: 4'),
  field('two equal lengths', 'Content-Length: 3\r\nContent-Length: 3'),
  field('a list of lengths', 'Content-Length: 3, 3'),
  field('a negative length', 'Content-Length: -3'),
  field('a signed length', 'Content-Length: +3'),
  field('a hexadecimal length', 'Content-Length: 0x3'),
  field('a length with a fraction', 'Content-Length: 3.0'),
  field('a length with a space in it', 'Content-Length: 1 1'),
  field('an empty length', 'Content-Length:'),
  field('a length too large to hold', 'Content-Length: 99999999999999999999'),
  field('a coding that is unknown', 'Transfer-Encoding: gzip', 501),
  field('chunks within another coding', 'Transfer-Encoding: gzip, chunked', 501),
  field('chunks twice', 'Transfer-Encoding: chunked, chunked', 501),
  field('chunks not last', 'Transfer-Encoding: chunked, gzip', 501),
  field('identity', 'Transfer-Encoding: identity', 501),
  field('an empty coding', 'Transfer-Encoding:', 501),
  field('a quoted coding', 'Transfer-Encoding: "chunked"', 501),
  field('a coding with a vertical tab', 'Transfer-Encoding: \x0bchunked', 501),
  field('codings on two lines', 'Transfer-Encoding: x\r\nTransfer-Encoding: chunked'),
  field('chunks on two lines', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked'),
  bad('chunks on HTTP/1.0', 'POST / HTTP/1.0\r\nHost: lab\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
  // Chunks
  body('chunk size empty', '\r\nabc\r\n0\r\n\r\n'),
  body('chunk size not hexadecimal', 'g\r\nabc\r\n0\r\n\r\n'),
  body('chunk size negative', '-1\r\na\r\n0\r\n\r\n'),
  body('chunk size with 0x', '0x3\r\nabc\r\n0\r\n\r\n'),
  body('chunk size with a space before', ' 3\r\nabc\r\n0\r\n\r\n'),
  body('chunk size with a space behind', '3 \r\nabc\r\n0\r\n\r\n'),
  body('chunk size too large to hold', 'fffffffffffffffff\r\nabc\r\n'),
  body('chunk size by bare LF', '3\nabc\r\n0\r\n\r\n'),
  body('chunk longer than its size', '3\r\nabcd\r\n0\r\n\r\n'),
  body('chunk ended by bare LF', '3\r\nabc\n0\r\n\r\n'),
  body('chunk ended by bare CR', '3\r\nabc\rx0\r\n\r\n'),
  body('chunk extension without a name', '3;\r\nabc\r\n0\r\n\r\n'),
  body('chunk extension without a value', '3;a=\r\nabc\r\n0\r\n\r\n'),
  body('chunk extension with an open quote', '3;a="b\r\nabc\r\n0\r\n\r\n'),
  body('chunk extension with a bare CR', '3;a\rb\r\nabc\r\n0\r\n\r\n'),
  body('chunk extension with a NUL', '3;a=\0\r\nabc\r\n0\r\n\r\n'),
  body('chunk extension that is too long', `3;${'a'.repeat(5_000)}\r\nabc\r\n0\r\n\r\n`),
  body('chunk extensions that are too long in all', `${`1;${'a'.repeat(1_000)}\r\nx\r\n`.repeat(5)}0\r\n\r\n`),
  body('trailer without a colon', '0\r\nnonsense\r\n\r\n'),
  body('trailer with a space before the colon', '0\r\nA : b\r\n\r\n'),
  body('trailer ended by bare LF', '0\r\nA: b\n\r\n'),
];

export const badRequests: readonly BadRequest[] = [...badTargets, ...badMessages];
