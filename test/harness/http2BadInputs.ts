import { block, type Fields, flags, frame, get, post, preface, request, settings, types, uint32 } from './http2Wire';

/** One connection's worth of bad input, and how it has to end. */
export interface BadInput {
  readonly name: string;
  /** All that the client sends, preface included. */
  readonly bytes: Buffer;
  /** The stream that is looked at. */
  readonly stream: number;
  /** As WireClient.outcome() says it. */
  readonly ends: string;
}

const opened = [preface, settings()];
const { endStream, endHeaders, padded, priority, ack } = flags;

function bad(name: string, ends: string, parts: readonly Buffer[], stream = 1): BadInput {
  return { name, bytes: Buffer.concat([...opened, ...parts]), stream, ends };
}

const fields = (name: string, list: Fields, ends = '400') => bad(name, ends, [request(1, list)]);
const withField = (name: string, field: string, value: string, ends = '400') =>
  fields(name, [...get, [field, value]], ends);
const pseudo = (name: string, of: string, value: string | null) =>
  fields(
    name,
    get.flatMap(([key, old]): Fields => (key !== of ? [[key, old]] : value === null ? [] : [[key, value]])),
    '400',
  );
const fatal = (name: string, code: string, parts: readonly Buffer[]) => bad(name, `GOAWAY ${code}`, parts);

/** A request that stays open: its body is to come. */
const upload = request(1, post, false);
const lengthy = (length: string) => request(1, [...post, ['content-length', length]], false);
const data = (bytes: string, flagBits = 0, stream = 1) => frame(types.data, flagBits, stream, bytes);
const repeat = (bytes: Buffer, count: number) => Buffer.concat(Array.from({ length: count }, () => bytes));
const resetOf = (stream: number) => frame(types.reset, 0, stream, uint32(8));

export const badInputs: readonly BadInput[] = [
  // Preface
  { name: 'malformed preface', bytes: Buffer.from('PRI * HTTP/2.0\r\n\r\nSX\r\n\r\n'), stream: 1, ends: 'closed' },
  {
    name: 'a preface cut short, then frames',
    bytes: Buffer.concat([preface.subarray(0, 20), settings(), settings()]),
    stream: 1,
    ends: 'closed',
  },
  // Frame sizes
  fatal('a SETTINGS frame larger than any has to be', 'FRAME_SIZE_ERROR', [
    frame(types.settings, 0, 0, Buffer.alloc(16_386)),
  ]),
  fatal('a header frame larger than any head may be', 'ENHANCE_YOUR_CALM', [
    frame(types.headers, endHeaders, 1, Buffer.alloc(256 * 1024 + 1)),
  ]),
  fatal('SETTINGS of five bytes', 'FRAME_SIZE_ERROR', [frame(types.settings, 0, 0, Buffer.alloc(5))]),
  fatal('SETTINGS acknowledged with a payload', 'FRAME_SIZE_ERROR', [frame(types.settings, ack, 0, Buffer.alloc(6))]),
  fatal('PING of seven bytes', 'FRAME_SIZE_ERROR', [frame(types.ping, 0, 0, Buffer.alloc(7))]),
  fatal('PRIORITY of four bytes', 'FRAME_SIZE_ERROR', [frame(types.priority, 0, 1, Buffer.alloc(4))]),
  fatal('RST_STREAM of three bytes', 'FRAME_SIZE_ERROR', [upload, frame(types.reset, 0, 1, Buffer.alloc(3))]),
  fatal('WINDOW_UPDATE of five bytes', 'FRAME_SIZE_ERROR', [frame(types.windowUpdate, 0, 0, Buffer.alloc(5))]),
  fatal('GOAWAY of four bytes', 'FRAME_SIZE_ERROR', [frame(types.goaway, 0, 0, Buffer.alloc(4))]),
  fatal('HEADERS too short for their priority', 'FRAME_SIZE_ERROR', [
    frame(types.headers, endHeaders | priority, 1, Buffer.alloc(3)),
  ]),
  fatal('HEADERS with more padding than payload', 'PROTOCOL_ERROR', [
    frame(types.headers, endHeaders | padded, 1, Buffer.from([9, 0x82])),
  ]),
  fatal('DATA with more padding than payload', 'PROTOCOL_ERROR', [
    upload,
    frame(types.data, padded, 1, Buffer.from([9, 1, 2])),
  ]),
  // Stream numbers and states
  fatal('HEADERS on stream 0', 'PROTOCOL_ERROR', [request(0)]),
  fatal('HEADERS on an even stream', 'PROTOCOL_ERROR', [request(2)]),
  fatal('HEADERS on a stream that is long closed', 'PROTOCOL_ERROR', [request(3), request(1)]),
  fatal('DATA on stream 0', 'PROTOCOL_ERROR', [data('x', 0, 0)]),
  fatal('DATA on an idle stream', 'PROTOCOL_ERROR', [data('x', 0, 5)]),
  fatal('RST_STREAM on an idle stream', 'PROTOCOL_ERROR', [resetOf(5)]),
  fatal('RST_STREAM on stream 0', 'PROTOCOL_ERROR', [resetOf(0)]),
  fatal('WINDOW_UPDATE on an idle stream', 'PROTOCOL_ERROR', [frame(types.windowUpdate, 0, 5, uint32(1))]),
  fatal('SETTINGS on a stream', 'PROTOCOL_ERROR', [frame(types.settings, 0, 1)]),
  fatal('PING on a stream', 'PROTOCOL_ERROR', [frame(types.ping, 0, 1, Buffer.alloc(8))]),
  fatal('GOAWAY on a stream', 'PROTOCOL_ERROR', [frame(types.goaway, 0, 1, Buffer.alloc(8))]),
  fatal('PRIORITY on stream 0', 'PROTOCOL_ERROR', [frame(types.priority, 0, 0, Buffer.alloc(5))]),
  fatal('PUSH_PROMISE from a client', 'PROTOCOL_ERROR', [frame(types.pushPromise, endHeaders, 1, Buffer.alloc(4))]),
  bad('DATA behind END_STREAM', 'RST STREAM_CLOSED', [
    request(1, [...post.filter(([name]) => name !== ':path'), [':path', '/hang']]),
    data('x'),
  ]),
  bad('a second HEADERS behind END_STREAM', 'RST STREAM_CLOSED', [
    request(1, [...post.filter(([name]) => name !== ':path'), [':path', '/hang']]),
    request(1),
  ]),
  bad('trailers without END_STREAM', 'RST PROTOCOL_ERROR', [
    upload,
    frame(types.headers, endHeaders, 1, block([['a', 'b']])),
  ]),
  bad('trailers with a pseudo-header field', '400', [upload, request(1)]),
  // Header blocks
  fatal('CONTINUATION without HEADERS', 'PROTOCOL_ERROR', [frame(types.continuation, endHeaders, 1, block(get))]),
  fatal('CONTINUATION of another stream', 'PROTOCOL_ERROR', [
    frame(types.headers, endStream, 1, block(get)),
    frame(types.continuation, endHeaders, 3),
  ]),
  fatal('another frame within a header block', 'PROTOCOL_ERROR', [
    frame(types.headers, endStream, 1, block(get)),
    frame(types.ping, 0, 0, Buffer.alloc(8)),
  ]),
  fatal('DATA within a header block', 'PROTOCOL_ERROR', [frame(types.headers, 0, 1, block(post)), data('x')]),
  fatal('HPACK: an index that is not there', 'COMPRESSION_ERROR', [
    frame(types.headers, endHeaders | endStream, 1, Buffer.from([0xff, 0x20])),
  ]),
  fatal('HPACK: index 0', 'COMPRESSION_ERROR', [frame(types.headers, endHeaders | endStream, 1, Buffer.from([0x80]))]),
  fatal('HPACK: an integer without an end', 'COMPRESSION_ERROR', [
    frame(types.headers, endHeaders | endStream, 1, Buffer.alloc(12, 0xff)),
  ]),
  fatal('HPACK: a string that is cut off', 'COMPRESSION_ERROR', [
    frame(types.headers, endHeaders | endStream, 1, Buffer.from([0, 9, 97])),
  ]),
  fatal('HPACK: bad Huffman padding', 'COMPRESSION_ERROR', [
    frame(types.headers, endHeaders | endStream, 1, Buffer.from([0, 0x81, 0x18, 1, 97])),
  ]),
  fatal('HPACK: a table larger than allowed', 'COMPRESSION_ERROR', [
    frame(types.headers, endHeaders | endStream, 1, Buffer.from([0x3f, 0xe1, 0xff, 0x03])),
  ]),
  // Pseudo-header fields
  pseudo('no :method', ':method', null),
  pseudo('no :scheme', ':scheme', null),
  pseudo('no :path', ':path', null),
  pseudo('neither :authority nor host', ':authority', null),
  pseudo('an empty :path', ':path', ''),
  pseudo('an empty :method', ':method', ''),
  pseudo('an empty :authority', ':authority', ''),
  pseudo('a :path without a slash', ':path', 'x'),
  pseudo('a :path of an asterisk', ':path', '*'),
  pseudo('a :path in absolute form', ':path', 'http://lab/'),
  pseudo('a :path with a space', ':path', '/a b'),
  pseudo('a :path with a NUL', ':path', '/a\0b'),
  pseudo('a :path above the root', ':path', '/../a'),
  pseudo('a :method in lower case', ':method', 'get'),
  pseudo('a :method with a space', ':method', 'GET /x'),
  pseudo('a :scheme with a slash', ':scheme', 'http://lab/'),
  pseudo('an :authority with a user', ':authority', 'user@lab'),
  pseudo('an :authority with a space', ':authority', 'la b'),
  pseudo('an :authority with a slash', ':authority', 'lab/x'),
  fields('two :method', [[':method', 'GET'], ...get]),
  fields('two :path', [[':path', '/'], ...get]),
  fields('two :scheme', [[':scheme', 'http'], ...get]),
  fields('two :authority', [[':authority', 'lab'], ...get]),
  fields('an unknown pseudo-header field', [...get, [':protocol', 'websocket']]),
  fields('a response pseudo-header field', [...get, [':status', '200']]),
  fields('a pseudo-header field behind others', [...get.slice(0, 3), ['a', 'b'], [':authority', 'lab']]),
  fields(
    'CONNECT',
    [
      [':method', 'CONNECT'],
      [':authority', 'lab:80'],
    ],
    '405',
  ),
  fields('TRACE', [[':method', 'TRACE'], ...get.slice(1)], '405'),
  // Fields
  withField(':authority unlike host', 'host', 'other'),
  withField('host unlike :authority in its port', 'host', 'lab:81'),
  fields('two hosts', [...get.slice(0, 3), ['host', 'lab'], ['host', 'lab']]),
  withField('upper case in a name', 'Name', 'x'),
  withField('an empty name', '', 'x'),
  withField('a space in a name', 'a b', 'x'),
  withField('a colon in a name', 'a:b', 'x'),
  withField('CR and LF in a name', 'a\r\nb', 'x'),
  withField('NUL in a name', 'a\0b', 'x'),
  withField('a high byte in a name', 'a\xe9', 'x'),
  withField('CR in a value', 'a', 'b\rc'),
  withField('LF in a value', 'a', 'b\nc'),
  withField('a smuggled field in a value', 'a', 'b\r\nhost: evil'),
  withField('NUL in a value', 'a', 'b\0c'),
  withField('a value with a space before', 'a', ' b'),
  withField('a value with a tab behind', 'a', 'b\t'),
  withField('connection', 'connection', 'close'),
  withField('keep-alive', 'keep-alive', 'timeout=5'),
  withField('proxy-connection', 'proxy-connection', 'close'),
  withField('transfer-encoding', 'transfer-encoding', 'chunked'),
  withField('upgrade', 'upgrade', 'h2c'),
  withField('TE other than trailers', 'te', 'gzip'),
  withField('TE with more than trailers', 'te', 'trailers, deflate'),
  // Bodies
  withField('a length without a body', 'content-length', '3'),
  withField('a negative length', 'content-length', '-1'),
  withField('a hexadecimal length', 'content-length', '0x3'),
  withField('a list of lengths', 'content-length', '0, 0'),
  fields('two lengths', [...get, ['content-length', '0'], ['content-length', '0']]),
  bad('a body larger than its length', '400', [lengthy('2'), data('abc', endStream)]),
  bad('a body smaller than its length', '400', [lengthy('4'), data('abc', endStream)]),
  bad('a body where the length is 0', '400', [lengthy('0'), data('abc', endStream)]),
  bad('a body that is declared too large', '413', [lengthy('1048577')]),
  bad('a body that grows too large', '413', [upload, repeat(data('x'.repeat(16_000)), 15)]),
  // Windows and settings
  bad('WINDOW_UPDATE of nothing on a stream', 'RST PROTOCOL_ERROR', [
    upload,
    frame(types.windowUpdate, 0, 1, uint32(0)),
  ]),
  bad('a stream window opened too far', 'RST FLOW_CONTROL_ERROR', [
    upload,
    frame(types.windowUpdate, 0, 1, uint32(2 ** 31 - 1)),
  ]),
  fatal('WINDOW_UPDATE of nothing', 'PROTOCOL_ERROR', [frame(types.windowUpdate, 0, 0, uint32(0))]),
  fatal('the connection window opened too far', 'FLOW_CONTROL_ERROR', [
    frame(types.windowUpdate, 0, 0, uint32(2 ** 31 - 1)),
  ]),
  fatal('ENABLE_PUSH of 2', 'PROTOCOL_ERROR', [settings([[2, 2]])]),
  fatal('INITIAL_WINDOW_SIZE too large', 'FLOW_CONTROL_ERROR', [settings([[4, 2 ** 31]])]),
  fatal('MAX_FRAME_SIZE too small', 'PROTOCOL_ERROR', [settings([[5, 16_383]])]),
  fatal('MAX_FRAME_SIZE too large', 'PROTOCOL_ERROR', [settings([[5, 2 ** 24]])]),
  fatal('windows of streams opened too far by SETTINGS', 'FLOW_CONTROL_ERROR', [
    upload,
    frame(types.windowUpdate, 0, 1, uint32(2 ** 30)),
    settings([[4, 2 ** 30 + 2 ** 29]]),
  ]),
  // Priorities
  bad('HEADERS that depend on themselves', 'RST PROTOCOL_ERROR', [
    frame(
      types.headers,
      endHeaders | endStream | priority,
      1,
      Buffer.concat([uint32(1), Buffer.from([0]), block(get)]),
    ),
  ]),
  bad('PRIORITY of an open stream on itself', 'RST PROTOCOL_ERROR', [
    upload,
    frame(types.priority, 0, 1, Buffer.concat([uint32(1), Buffer.from([0])])),
  ]),
  // Too much
  withField('a field that is too long', 'a', 'b'.repeat(9_000), 'RST ENHANCE_YOUR_CALM'),
  fields(
    'fields that are too long in all',
    [...get, ...Array.from({ length: 12 }, (_, i): [string, string] => [`a${i}`, 'b'.repeat(4_000)])],
    'RST ENHANCE_YOUR_CALM',
  ),
  fields(
    'too many fields',
    [...get, ...Array.from({ length: 1_001 }, (): [string, string] => ['a', 'b'])],
    'RST ENHANCE_YOUR_CALM',
  ),
  fatal('a CONTINUATION flood', 'ENHANCE_YOUR_CALM', [
    frame(types.headers, endStream, 1, block(get)),
    repeat(frame(types.continuation, 0, 1, Buffer.alloc(16_000, 0x82)), 20),
  ]),
  fatal('a flood of empty CONTINUATIONs', 'ENHANCE_YOUR_CALM', [
    frame(types.headers, endStream, 1, block(get)),
    repeat(frame(types.continuation, 0, 1), 100),
  ]),
  bad(
    'rapid reset',
    'GOAWAY ENHANCE_YOUR_CALM',
    Array.from({ length: 1_200 }, (_, i) => Buffer.concat([request(1 + 2 * i), resetOf(1 + 2 * i)])),
    9_999,
  ),
  fatal('a PING flood', 'ENHANCE_YOUR_CALM', [repeat(frame(types.ping, 0, 0, Buffer.alloc(8)), 3_000)]),
  fatal('a SETTINGS flood', 'ENHANCE_YOUR_CALM', [repeat(settings(), 1_000)]),
  fatal('a PRIORITY flood', 'ENHANCE_YOUR_CALM', [repeat(frame(types.priority, 0, 1, Buffer.alloc(5)), 3_000)]),
  fatal('a flood of unknown frames', 'ENHANCE_YOUR_CALM', [repeat(frame(99, 0, 0), 3_000)]),
  bad('a flood of empty DATA', 'GOAWAY ENHANCE_YOUR_CALM', [upload, repeat(data(''), 1_000)]),
  bad('a flood of WINDOW_UPDATE', 'GOAWAY ENHANCE_YOUR_CALM', [
    upload,
    repeat(frame(types.windowUpdate, 0, 1, uint32(1)), 3_000),
  ]),
  bad(
    'a flood of bad requests',
    'GOAWAY ENHANCE_YOUR_CALM',
    Array.from({ length: 200 }, (_, i) => request(1 + 2 * i, [...get, ['te', 'x']])),
    9_999,
  ),
];
