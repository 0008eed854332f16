/**
 * Every bound of the data plane that no directive sets yet, in one place. Bytes, milliseconds, counts.
 * Where nginx has a default for it, that is the value and its directive is named.
 */
export const LIMITS = {
  /** large_client_header_buffers 4 8k: the longest request line or header line ... */
  lineBytes: 8 * 1024,
  /** ... and all of them together. */
  headBytes: 32 * 1024,
  /** Header lines of one message, always. */
  headerLines: 1_000,
  /** Of all chunks of one body together, always. */
  chunkExtensionBytes: 4 * 1024,
  /** Empty lines before a request line (RFC 9112, section 2.2). */
  leadingEmptyLines: 4,
  /** Interim (1xx) responses before a final one. */
  interimResponses: 16,
  /** Bytes read that wait: of later, pipelined requests while one is being answered, of a body that nobody takes yet. */
  waitingBytes: 64 * 1024,
  /** Of a request's body kept in memory, for another server or until its length is known; what is more goes to a file. */
  replayBytes: 64 * 1024,
  /** Bodies up to this size are joined with what precedes them into one write. */
  joinBytes: 16 * 1024,
  /** lingering_timeout: how long a refused client may go on sending before its connection is closed. */
  lingerMs: 2_000,
  /** keepalive_timeout of an upstream: how long an idle connection to a server is kept. */
  upstreamIdleMs: 60_000,
  /** keepalive_time of an upstream: how old a connection to a server gets. */
  upstreamAgeMs: 3_600_000,
  /** keepalive_requests of an upstream. */
  upstreamRequests: 1_000,
  /** Idle client connections of a replaced configuration may send one more request for so long. */
  retiredIdleMs: 1_000,
  /** Streams on one connection to a server, where the server allows more. */
  upstreamStreamsPerSession: 100,
  /** HTTP/2 flow control towards us: what one stream, and all of a connection, may have on the way. */
  streamWindowBytes: 256 * 1024,
  sessionWindowBytes: 4 * 1024 * 1024,
  /** Invalid frames or refused streams after which an HTTP/2 client is cut off. */
  invalidFrames: 100,
  /** Header block sent on HTTP/2, as nghttp2 counts it. */
  sentHeaderBlockBytes: 256 * 1024,
  /** Attempts on the same server where a connection was draining and provably did not process the request. */
  refusedStreamRetries: 2,
  /** Upstreams remembered for addresses that variables in proxy_pass gave. */
  literalUpstreams: 256,
} as const;
