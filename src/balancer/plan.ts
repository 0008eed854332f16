import type { Problem, Span } from '../base/problem';
import type { Policy } from './policy';
import type { ServerName } from './servers';
import type { Template } from './template';

/**
 * What a configuration means, validated: made by buildPlan() from the syntax tree, run by the proxies. Inheritance is
 * resolved here (a location holds its own effective settings), so that the data plane never looks upwards.
 * Times in ms, sizes in bytes. Plain data but for the policies and the compiled templates.
 */
export interface Plan {
  readonly main: MainPlan;
  readonly http: HttpPlan | null;
  readonly stream: StreamPlan | null;
  /** Accepted with a note, and warnings. Errors prevent a plan. */
  readonly notes: readonly Problem[];
}

export interface MainPlan {
  readonly pid: string | null;
  readonly daemon: boolean;
  readonly errorLog: ErrorLogPlan | null;
  /** All of them; `errorLog` is the first. Empty: where the command line says, else logs/error.log. */
  readonly errorLogs: readonly ErrorLogPlan[];
  readonly workerConnections: number;
  /** How long what runs may take to end once it is asked to, ms; 0: as long as it takes. */
  readonly shutdownTimeoutMs: number;
}

export type LogLevel = 'debug' | 'info' | 'notice' | 'warn' | 'error' | 'crit' | 'alert' | 'emerg';

export interface ErrorLogPlan {
  /** "stderr", or a file. */
  readonly path: string;
  readonly level: LogLevel;
}

export interface UpstreamPlan {
  readonly name: string;
  readonly span: Span;
  readonly context: 'http' | 'stream';
  readonly policy: Policy;
  readonly policyConfig: unknown;
  /** What `hash` or `sticky` reads, compiled; null where the policy needs no key. */
  readonly key: Template | null;
  readonly servers: readonly ServerPlan[];
  /** Idle connections kept to the servers; 0: none, each request opens its own. */
  readonly keepalive: number;
  readonly keepaliveLimits: KeepaliveLimits;
  /** Made from a proxy_pass with a literal address rather than an `upstream` block. */
  readonly implicit: boolean;
}

/** How long a kept connection to a server is used. */
export interface KeepaliveLimits {
  /** Null where the file says nothing: a connection that carries many requests at a time carries more of them. */
  readonly requests: number | null;
  readonly idleMs: number;
  readonly ageMs: number;
}

export interface ServerPlan {
  /** Resolved "host:port" of this peer. */
  readonly address: string;
  readonly host: string;
  readonly port: number;
  /** As written in the file. */
  readonly text: string;
  readonly weight: number;
  readonly maxFails: number;
  readonly failTimeoutMs: number;
  readonly maxConns: number;
  readonly backup: boolean;
  readonly down: boolean;
  readonly span: Span;
  /** From `# lab: backend <id> <rest|grpc>` behind the line. */
  readonly lab: { readonly serverId: string; readonly protocol: string } | null;
}

export interface ListenPlan {
  readonly host: string;
  readonly port: number;
  /** "host:port" as declared. */
  readonly declared: string;
  /** All addresses were asked for ("listen 80"): `host` is the loopback address that is bound in their place. */
  readonly wildcard: boolean;
  readonly ssl: boolean;
  readonly http2: boolean;
  readonly defaultServer: boolean;
  readonly proxyProtocol: boolean;
  readonly span: Span;
}

export interface StreamPlan {
  readonly upstreams: readonly UpstreamPlan[];
  readonly maps: readonly VariableMap[];
  readonly splitClients: readonly SplitClients[];
  readonly limitZones: LimitZones;
  readonly servers: readonly StreamServerPlan[];
  /** Those of `stream {}` itself; the files exist, whether a server writes there or not. */
  readonly accessLogs: readonly AccessLog[];
}

export interface StreamServerPlan {
  readonly listens: readonly ListenPlan[];
  readonly span: Span;
  /** Null where only the connection tells where to (`dynamicPass` has the value of proxy_pass then), or nothing is passed on. */
  readonly proxyPass: UpstreamPlan | null;
  readonly dynamicPass: Template | null;
  readonly connectTimeoutMs: number;
  /** Text that is the whole answer; null: the connection is passed on. */
  readonly returns: Template | null;
  /** Idle time between two reads or writes. */
  readonly timeoutMs: number;
  readonly nextUpstream: { readonly enabled: boolean; readonly tries: number; readonly timeoutMs: number };
  readonly halfClose: boolean;
  /** Send a PROXY protocol v1 header to the server. */
  readonly proxyProtocol: boolean;
  /** Networks whose PROXY protocol header is believed. */
  readonly realIpFrom: readonly AddressRange[];
  readonly accessRules: readonly AccessRule[];
  /** Address to connect from; null: the system's choice. */
  readonly bind: Template | null;
  /** Read the ClientHello of a TLS connection that passes through, for the `$ssl_preread_` variables. */
  readonly sslPreread: boolean;
  readonly limitConns: readonly LimitConn[];
  readonly limitConnDryRun: boolean;
  /** Null: those of the outermost level. */
  readonly errorLogs: readonly ErrorLogPlan[] | null;
  readonly tls: ServerTls | null;
  /** How TLS is spoken to the servers; null: it is not. */
  readonly upstreamTls: UpstreamTls | null;
  /** The name or address in proxy_pass, which certificates are held against; '' where variables give it. */
  readonly passHost: string;
  readonly proxyProtocolTimeoutMs: number;
  /** Of ssl_preread: how much may be read before it is known what was said, and in which time. */
  readonly prereadBufferSize: number;
  readonly prereadTimeoutMs: number;
  readonly accessLogs: readonly AccessLog[];
}

export interface HttpPlan {
  readonly upstreams: readonly UpstreamPlan[];
  readonly maps: readonly VariableMap[];
  readonly splitClients: readonly SplitClients[];
  readonly limitZones: LimitZones;
  readonly servers: readonly HttpServerPlan[];
}

export interface HttpServerPlan {
  readonly listens: readonly ListenPlan[];
  /** Choose with selectServer() in servers.ts. */
  readonly names: readonly ServerName[];
  readonly span: Span;
  /** In file order; choose with selectLocation() in locations.ts. */
  readonly locations: readonly LocationPlan[];
  /** Run before a location is chosen; a `return` among them answers the request. */
  readonly rewrite: readonly RewriteStep[];
  readonly headerBuffers: HeaderBuffers;
  readonly http2: Http2Settings;
  readonly mergeSlashes: boolean;
  readonly invalidHeaders: InvalidHeaders;
  /** Where one of its listeners is `ssl`. */
  readonly tls: ServerTls | null;
  /** Clients that ask for it by name are turned away before anything is agreed (ssl_reject_handshake). */
  readonly rejectsHandshakes: boolean;
  /** For requests that match no location, and for what happens before a location is chosen. */
  readonly settings: HttpSettings;
  readonly handler: HttpHandler;
}

export interface LocationPlan {
  /** What it says is bytes as latin1 text, as the paths of requests are. */
  readonly match:
    | { readonly kind: 'prefix' | 'exact' | 'prefix-no-regex'; readonly path: string }
    | { readonly kind: 'regex'; readonly pattern: RegExp; readonly source: string }
    | { readonly kind: 'named'; readonly name: string };
  readonly span: Span;
  readonly locations: readonly LocationPlan[];
  /** Run before everything else the location does. */
  readonly rewrite: readonly RewriteStep[];
  readonly settings: HttpSettings;
  readonly handler: HttpHandler;
  readonly internal: boolean;
  /** A request for its path without the last "/" is answered 301; selectLocation() says when. */
  readonly autoRedirect: boolean;
}

export type HttpHandler =
  | {
      readonly kind: 'proxy';
      readonly scheme: 'http' | 'https';
      readonly upstream: UpstreamPlan;
      readonly hostHeader: string /** URI part of proxy_pass; null: pass the request's own. */;
      readonly uri: Template | null;
    }
  | {
      readonly kind: 'grpc';
      readonly scheme: 'grpc' | 'grpcs';
      readonly upstream: UpstreamPlan;
      readonly hostHeader: string;
    }
  /** Where to is known with the request only: `target` gives the whole value of proxy_pass or grpc_pass, whose host is an upstream of the plan or an address. */
  | { readonly kind: 'dynamic'; readonly family: 'proxy' | 'grpc'; readonly target: Template; readonly span: Span }
  /** The first rewrite step is an unconditional `return`; it is among `rewrite` too. */
  | { readonly kind: 'return'; readonly status: number; readonly body: Template | null }
  /** Static files under root or alias (or 404 where nothing else is said). */
  | { readonly kind: 'static'; readonly root: Template; readonly alias: boolean; readonly index: readonly Template[] };

/** Effective settings of a server or location after inheritance. More fields join as directives do. */
export interface HttpSettings {
  readonly connectTimeoutMs: number;
  readonly readTimeoutMs: number;
  readonly sendTimeoutMs: number;
  readonly httpVersion: '1.0' | '1.1';
  /** Headers set on the request to the server; an empty value removes the header. Defaults as nginx's are in here. */
  readonly setHeaders: readonly { readonly name: string; readonly value: Template }[];
  readonly nextUpstream: NextUpstream;
  readonly clientMaxBodySize: number;
  readonly clientHeaderTimeoutMs: number;
  readonly clientBodyTimeoutMs: number;
  readonly keepaliveTimeoutMs: number;
  /** Of the field Keep-Alive, s; null: it is not sent. */
  readonly keepaliveHeaderSeconds: number | null;
  readonly keepaliveRequests: number;
  readonly addHeaders: readonly { readonly name: string; readonly value: Template; readonly always: boolean }[];
  readonly defaultType: string;
  /** Content types by file extension in lower case. */
  readonly types: ReadonlyMap<string, string>;
  /** Time between two writes to the client. */
  readonly clientSendTimeoutMs: number;
  readonly buffering: boolean;
  readonly requestBuffering: boolean;
  readonly passRequestBody: boolean;
  readonly passRequestHeaders: boolean;
  /** proxy_buffer_size or grpc_buffer_size: what the head of an answer may take. */
  readonly bufferSize: number;
  readonly limitReqs: readonly LimitReq[];
  readonly limitReqStatus: number;
  readonly limitReqDryRun: boolean;
  readonly limitReqLogLevel: LimitLogLevel;
  readonly limitConns: readonly LimitConn[];
  readonly limitConnStatus: number;
  readonly limitConnDryRun: boolean;
  readonly limitConnLogLevel: LimitLogLevel;
  /** Null: the connection's address is the client's. */
  readonly realIp: RealIp | null;
  readonly errorPages: readonly ErrorPage[];
  /** Path of the subrequest that decides; null: none. */
  readonly authRequest: string | null;
  readonly authRequestSets: readonly { readonly variable: string; readonly value: Template }[];
  /** Empty where nothing says `access_log`: unlike nginx's, this balancer writes no log unasked. */
  readonly accessLogs: readonly AccessLog[];
  /** Null: those of the outermost level. */
  readonly errorLogs: readonly ErrorLogPlan[] | null;
  /** Null: off. */
  readonly gzip: Gzip | null;
  readonly conditions: Conditions;
  /** Null: none on this very level. */
  readonly tryFiles: TryFiles | null;
  readonly redirectForm: RedirectForm;
  readonly keepaliveTimeMs: number;
  /** Browsers whose connections are not kept: those of msie6 after a POST only. */
  readonly keepaliveDisable: ReadonlySet<'msie6' | 'safari'>;
  readonly linger: Linger;
  /** A client that is too slow gets its connection reset. */
  readonly resetTimedOut: boolean;
  /** HTTP/1.1 bodies of unknown length go in chunks; else the connection's end is theirs. */
  readonly chunkedEncoding: boolean;
  readonly addTrailers: HttpSettings['addHeaders'];
  readonly logNotFound: boolean;
  readonly logSubrequests: boolean;
  /** An error page's own error may have a page, too. */
  readonly recursiveErrorPages: boolean;
  /** Where files are, whatever serves the request. */
  readonly root: FileRoot;
  /** The most that one DATA frame carries. */
  readonly http2ChunkBytes: number;
  /** For https:// and grpcs:// servers; null where the handler needs none. */
  readonly upstreamTls: UpstreamTls | null;
  /** A server's error status is answered as one of the balancer's own, where error_page names it. */
  readonly interceptErrors: boolean;
  /** X-Accel-Redirect of a server leads its request on. */
  readonly followsAccelRedirect: boolean;
  /** Null: fields of a server's answer go on as nginx passes them by default. */
  readonly fieldFilter: FieldFilter | null;
  /** What becomes of Location and Refresh of a server's answer; the first rule that fits counts. */
  readonly redirects: readonly Redirect[];
  /** Bytes of a request's body that `$request_body` can tell. */
  readonly clientBodyBufferSize: number;
  /** What servers are asked to do; null: what the client asked. */
  readonly method: Template | null;
  /** What servers get for a body (proxy_set_body); null: the client's. */
  readonly ownBody: Template | null;
}

/** Field names in lower case. */
export interface FieldFilter {
  /** Not passed on to clients, though others like it are. */
  readonly hidden: ReadonlySet<string>;
  /** Passed on, though nginx keeps them to itself by default. */
  readonly shown: ReadonlySet<string>;
}

/** `proxy_redirect`: `to` stands in for what `from` says (at the beginning), or for all of what `pattern` matches in. */
export type Redirect =
  | { readonly kind: 'prefix'; readonly from: Template; readonly to: Template }
  | { readonly kind: 'regex'; readonly pattern: RegExp; readonly to: Template };

/** What happens to header names that are tokens, but not of letters, digits and hyphens. */
export interface InvalidHeaders {
  /** They are left out. */
  readonly ignore: boolean;
  /** Underscores are as good as letters. */
  readonly underscores: boolean;
}

/** `client_header_buffer_size` and `large_client_header_buffers`. */
export interface HeaderBuffers {
  readonly size: number;
  readonly largeCount: number;
  /** No line of a head may be longer. */
  readonly largeSize: number;
}

/** What the settings of HTTP/2 connections say to clients. */
export interface Http2Settings {
  readonly maxConcurrentStreams: number;
  /** What a client may send of a body before anybody reads it; null: as much as later. */
  readonly prereadBytes: number | null;
}

/** `set`, `if`, `rewrite`, `break` and `return` in the order of the file. */
export type RewriteStep =
  | { readonly kind: 'return'; readonly status: number; readonly body: Template | null }
  | { readonly kind: 'set'; readonly variable: string; readonly value: Template }
  | { readonly kind: 'if'; readonly condition: IfCondition; readonly steps: readonly RewriteStep[] }
  | {
      readonly kind: 'rewrite';
      readonly pattern: RegExp;
      readonly path: Template;
      /** Null: none are written, so that the request's stay. */
      readonly args: Template | null;
      /** The request's arguments go on behind those that are written. */
      readonly keepsArgs: boolean;
      /** 'on': with the next step; 'last': with the location of the new path; 'break': here; a number: the status of a redirect. */
      readonly then: 'on' | 'last' | 'break' | number;
    }
  | { readonly kind: 'break' };

export type IfCondition =
  /** Neither empty nor "0". */
  | { readonly kind: 'set'; readonly tested: Template }
  | { readonly kind: 'equals'; readonly tested: Template; readonly value: Template; readonly negated: boolean }
  | { readonly kind: 'matches'; readonly tested: Template; readonly pattern: RegExp; readonly negated: boolean };

/** `map`: looked up in the order exact, longest `*.name`, longest `name.*`, first regular expression, fallback. */
export interface VariableMap {
  readonly variable: string;
  readonly source: Template;
  /** Keys in lower case; the source is compared without regard to case. */
  readonly exact: ReadonlyMap<string, Template>;
  /** With `hostnames`: ".name", "*.name" and "name.*". */
  readonly wildcards: readonly { readonly pattern: string; readonly value: Template }[];
  readonly patterns: readonly { readonly pattern: RegExp; readonly value: Template }[];
  /** The source is a host name: its last dot does not count, and there may be wildcards. */
  readonly hostnames: boolean;
  /** Not kept for the rest of the request. */
  readonly volatile: boolean;
  /** Null: ''. */
  readonly fallback: Template | null;
}

/** `split_clients`: MurmurHash2 of the source falls into one of the parts. */
export interface SplitClients {
  readonly variable: string;
  readonly source: Template;
  /** Hundredths of a percent; null: all the rest ("*"). */
  readonly parts: readonly { readonly hundredths: number | null; readonly value: string }[];
}

export interface LimitReqZone {
  readonly name: string;
  readonly key: Template;
  readonly ratePerSecond: number;
  /** Of shared memory in nginx: what the zone has room for. */
  readonly bytes: number;
  readonly span: Span;
}

export interface LimitReq {
  readonly zone: LimitReqZone;
  readonly burst: number;
  /** Excess requests from here on are delayed; Number.MAX_SAFE_INTEGER: none (`nodelay`). */
  readonly delay: number;
}

export interface LimitConnZone {
  readonly name: string;
  readonly key: Template;
  readonly bytes: number;
  readonly span: Span;
}

/** All that are declared, used or not. */
export interface LimitZones {
  readonly requests: readonly LimitReqZone[];
  readonly connections: readonly LimitConnZone[];
}

export interface LimitConn {
  readonly zone: LimitConnZone;
  readonly connections: number;
}

/** An IPv4 or IPv6 network. */
export interface AddressRange {
  readonly address: string;
  /** Bits that count. */
  readonly prefix: number;
}

/** Who may connect; the first rule that fits decides, and nobody is turned away where none does. */
export interface AccessRule {
  /** Null: everybody. */
  readonly range: AddressRange | null;
  readonly allows: boolean;
}

export interface RealIp {
  readonly from: readonly AddressRange[];
  /** Header that is believed, or "proxy_protocol". */
  readonly header: string;
  readonly recursive: boolean;
}

export interface ErrorPage {
  readonly statuses: readonly number[];
  /** The status that the client gets: the error's own, the page's (`=`), or a number (`=200`). */
  readonly answer: 'own' | 'page' | number;
  /** A path, a named location, or an address to redirect to. */
  readonly uri: Template;
}

/** Conditional requests and requests for parts. */
export interface Conditions {
  /** Files have entity tags. */
  readonly etag: boolean;
  /** What of If-Modified-Since counts: nothing, the very time of the file, or any that is not before it. */
  readonly modifiedSince: 'off' | 'exact' | 'before';
  /** Of one request; 0: none. */
  readonly maxRanges: number;
}

/** `try_files`: the first that exists is served in the place of what was asked for. */
export interface TryFiles {
  readonly files: readonly { readonly path: Template; readonly isDirectory: boolean }[];
  /** Where nothing exists: a status, a named location or another path with its arguments. */
  readonly otherwise: number | Template;
}

/** Of refusals; delays are one level less urgent. */
export type LimitLogLevel = 'info' | 'notice' | 'warn' | 'error';

/** How a path to redirect to becomes an address. */
export interface RedirectForm {
  /** With scheme and host in front. */
  readonly absolute: boolean;
  readonly port: boolean;
  /** The host is the server's first name, not that of the request. */
  readonly serverName: boolean;
}

/** What happens to a client that still sends when its connection is to be closed; ms. */
export interface Linger {
  readonly mode: 'on' | 'off' | 'always';
  /** Altogether. */
  readonly timeMs: number;
  /** Between two pieces. */
  readonly timeoutMs: number;
}

export interface FileRoot {
  readonly path: Template;
  /** The location's path is not part of the file's. */
  readonly alias: boolean;
}

export interface Gzip {
  /** Content types in lower case; "*": all. */
  readonly types: ReadonlySet<string>;
  /** Of a response that tells its length, bytes. */
  readonly minLength: number;
  /** 1 to 9. */
  readonly level: number;
  /** Tell caches that the answer depends on Accept-Encoding. */
  readonly vary: boolean;
}

/** A file that only the request or the connection names. */
export interface VaryingPath {
  readonly path: Template;
  /** Nothing is written while the root of the location is no directory; null in stream, which has no roots. */
  readonly root: Template | null;
}

export interface AccessLog {
  readonly path: string;
  /** Where the path has variables; null: it has none. */
  readonly varying: VaryingPath | null;
  readonly span: Span;
  /** Only requests for which it is neither empty nor "0"; null: all. */
  readonly condition: Template | null;
  readonly escape: 'default' | 'json' | 'none';
  readonly template: Template;
}

/** A PEM file that was read together with the configuration. */
export interface PemFile {
  readonly path: string;
  readonly text: string;
}

export type TlsProtocol = 'SSLv2' | 'SSLv3' | 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

/** How clients go on with an earlier session. */
export interface TlsSessions {
  /** They may at all. */
  readonly resumable: boolean;
  readonly timeoutSeconds: number;
}

/** TLS towards clients; certificate n goes with key n. */
export interface ServerTls {
  readonly certificates: readonly { readonly certificate: PemFile; readonly key: PemFile }[];
  readonly protocols: readonly TlsProtocol[];
  readonly ciphers: string;
  readonly preferServerCiphers: boolean;
  /** Names with ":" between; "auto". */
  readonly curves: string;
  /** Parameters for DHE ciphers; null: there are no such ciphers. */
  readonly dhParameters: PemFile | null;
  readonly sessions: TlsSessions;
  /** What may be agreed on by ALPN in stream; empty: nothing is. */
  readonly alpn: readonly string[];
  /** Of stream; http has client_header_timeout. */
  readonly handshakeTimeoutMs: number;
}

/** TLS towards servers. */
export interface UpstreamTls {
  readonly certificate: PemFile | null;
  readonly key: PemFile | null;
  readonly trusted: PemFile | null;
  readonly verify: boolean;
  readonly verifyDepth: number;
  /** Name to verify and send; null: the host of proxy_pass. */
  readonly name: Template | null;
  /** Send it as SNI. */
  readonly sendName: boolean;
  readonly protocols: readonly TlsProtocol[];
  readonly ciphers: string;
  readonly reuseSessions: boolean;
}

export interface NextUpstream {
  readonly on: ReadonlySet<NextUpstreamCondition>;
  /** 0: as many as there are peers. */
  readonly tries: number;
  /** 0: no limit. */
  readonly timeoutMs: number;
}

export type NextUpstreamCondition =
  | 'error'
  | 'timeout'
  | 'invalid_header'
  | 'http_500'
  | 'http_502'
  | 'http_503'
  | 'http_504'
  | 'http_403'
  | 'http_404'
  | 'http_429'
  | 'non_idempotent';
