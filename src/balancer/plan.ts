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
  readonly errorLog: { readonly path: string; readonly level: LogLevel } | null;
  readonly workerConnections: number;
}

export type LogLevel = 'debug' | 'info' | 'notice' | 'warn' | 'error' | 'crit' | 'alert' | 'emerg';

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
  /** Made from a proxy_pass with a literal address rather than an `upstream` block. */
  readonly implicit: boolean;
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
  readonly servers: readonly StreamServerPlan[];
}

export interface StreamServerPlan {
  readonly listens: readonly ListenPlan[];
  readonly span: Span;
  readonly proxyPass: UpstreamPlan;
  readonly connectTimeoutMs: number;
  /** Idle time between two reads or writes. */
  readonly timeoutMs: number;
  readonly nextUpstream: { readonly enabled: boolean; readonly tries: number; readonly timeoutMs: number };
  readonly halfClose: boolean;
  /** Send a PROXY protocol v1 header to the server. */
  readonly proxyProtocol: boolean;
}

export interface HttpPlan {
  readonly upstreams: readonly UpstreamPlan[];
  readonly servers: readonly HttpServerPlan[];
}

export interface HttpServerPlan {
  readonly listens: readonly ListenPlan[];
  /** Choose with selectServer() in servers.ts. */
  readonly names: readonly ServerName[];
  readonly span: Span;
  /** In file order; choose with selectLocation() in locations.ts. */
  readonly locations: readonly LocationPlan[];
  /** For requests that match no location, and for what happens before a location is chosen. */
  readonly settings: HttpSettings;
  readonly handler: HttpHandler;
}

export interface LocationPlan {
  readonly match:
    | { readonly kind: 'prefix' | 'exact' | 'prefix-no-regex'; readonly path: string }
    | { readonly kind: 'regex'; readonly pattern: RegExp; readonly source: string }
    | { readonly kind: 'named'; readonly name: string };
  readonly span: Span;
  readonly locations: readonly LocationPlan[];
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
  | { readonly kind: 'return'; readonly status: number; readonly body: Template | null }
  /** Static files under root or alias (or 404 where nothing else is said). */
  | { readonly kind: 'static'; readonly root: string; readonly alias: boolean; readonly index: readonly string[] };

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
  readonly keepaliveRequests: number;
  readonly addHeaders: readonly { readonly name: string; readonly value: Template; readonly always: boolean }[];
  readonly defaultType: string;
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
