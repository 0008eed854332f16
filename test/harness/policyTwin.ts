import { once } from 'node:events';
import fc from 'fast-check';
import { afterAll, beforeAll, expect } from 'vitest';
import { createUpstream, type Upstream } from '../../src/balancer/upstream';
import { seededRandom } from '../../src/base/random';
import { freePorts, httpTempPaths, nginxIsMissing, type RunningNginx, startNginx } from './nginx';
import { askTcp, HttpClient, HttpPortBackends, TcpPortBackends } from './portBackends';
import { type ServerOptions, StillClock, serverLine, upstreamPlan } from './upstreams';

/*
 * The same requests, in the same order, with the same servers refusing connections, through the installed nginx and
 * through createUpstream: every peer that is tried must be the same. nginx names them in $upstream_addr.
 */

export type Context = 'http' | 'stream';

export interface Client {
  readonly address: string;
  readonly key: string;
  /** Which of the live servers close this one's connection without an answer; http only. */
  readonly failing?: readonly number[];
}

export const live = 5;
const refusing = 3;
export let ports: { readonly http: number[]; readonly stream: number[]; readonly front: number[] };
export const httpBackends = new HttpPortBackends();
export const tcpBackends = new TcpPortBackends();
export const client = new HttpClient();

/** Call once in a test file: starts the backends before its tests and ends them afterwards. */
export function useBackends(): void {
  beforeAll(startBackends);
  afterAll(stopBackends);
}

async function startBackends(): Promise<void> {
  if (nginxIsMissing) return;
  const free = await freePorts(2 * (live + refusing) + 20);
  ports = { http: free.slice(0, 8), stream: free.slice(8, 16), front: free.slice(16) };
  for (const port of ports.http.slice(0, live)) await httpBackends.listen(port);
  for (const port of ports.stream.slice(0, live)) await tcpBackends.listen(port);
}

async function stopBackends(): Promise<void> {
  client.close();
  await httpBackends.close();
  await tcpBackends.close();
}

/** The directive last, so that nginx accepts `backup` with every policy: it checks while it reads the server lines. */
function upstreamBlock(name: string, policy: string, servers: readonly ServerOptions[]): string {
  return `upstream ${name} { ${servers.map(serverLine).join(' ')} ${policy === '' ? '' : `${policy};`} }`;
}

export interface Case {
  readonly context: Context;
  readonly policy: string;
  readonly servers: readonly ServerOptions[];
}

export function confOf(cases: readonly Case[]): string {
  const blocks = (context: Context, server: (i: number) => string) =>
    cases
      .map((c, i) => (c.context === context ? `${upstreamBlock(`u${i}`, c.policy, c.servers)}\n${server(i)}\n` : ''))
      .join('');
  return `events {}
http { ${httpTempPaths} access_log off;
${blocks(
  'http',
  (i) => `server { listen 127.0.0.1:${ports.front[i]}; set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For;
  location / { proxy_pass http://u${i}; add_header X-Tried $upstream_addr always; } }`,
)}}
stream { log_format tried $upstream_addr;
${blocks(
  'stream',
  (i) => `server { listen 127.0.0.1:${ports.front[i]} proxy_protocol; set_real_ip_from 127.0.0.1;
  access_log tried${i}.log tried; proxy_pass u${i}; }`,
)}}
`;
}

/** "127.0.0.1:1, 127.0.0.1:2, u0" as nginx would list it: the peers tried in turn, and the upstream's name where none was left. */
export function ourTries(
  upstream: Upstream,
  name: string,
  { address, key }: Client,
  refuses: (address: string) => boolean,
): string {
  const selection = upstream.begin({ clientAddress: address, key, traced: true });
  const tried: string[] = [];
  for (;;) {
    if (tried.length > 0 && selection.triesLeft === 0) return tried.join(', ');
    const next = selection.next();
    if (next === null) return [...tried, name].join(', ');
    expect(next.decision?.chosen).toBe(next.peer.address);
    tried.push(next.peer.address);
    if (refuses(next.peer.address)) selection.failed(next.peer);
    else {
      selection.connected(next.peer);
      selection.succeeded(next.peer, 1);
      return tried.join(', ');
    }
  }
}

/** nginx's clock and ours agree on the second while `action` runs; throws Straddled where the machine was too slow for that. */
class Straddled extends Error {}

export async function withinOneSecond<T>(clock: StillClock, action: () => Promise<T>): Promise<T> {
  const into = Date.now() % 1000;
  if (into > 800) await realTime(1005 - into);
  const second = Math.floor(Date.now() / 1000);
  clock.ms = second * 1000;
  const value = await action();
  if (Math.floor(Date.now() / 1000) !== second) throw new Straddled();
  return value;
}

/** nginx lives in real time, and so must a test that waits for its fail_timeout. */
export function realTime(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export async function notStraddling(run: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof Straddled) || attempt === 8) throw error;
    }
  }
}

/** What nginx tried for one request. On stream it is in the log, which is written before the client sees the end. */
export async function nginxTries(nginx: RunningNginx, context: Context, i: number, one: Client): Promise<string> {
  const { address, key } = one;
  const port = ports.front[i] ?? 0;
  if (context === 'http') {
    const failing = failingPorts(one).join(' ');
    return (await client.get(port, '/', { 'X-Forwarded-For': address, 'X-Key': key, 'X-Fail': failing })).tried;
  }
  const { socket } = await askTcp(port, `${proxyHeader(address)}ask\n`);
  if (!socket.closed) await once(socket.end(), 'close');
  return nginx.read(`tried${i}.log`).trimEnd().split('\n').at(-1) ?? '';
}

function failingPorts({ failing = [] }: Client): number[] {
  return failing.map((which) => ports.http[which] ?? 0);
}

export function proxyHeader(address: string): string {
  const [family, to] = address.includes(':') ? ['TCP6', '::1'] : ['TCP4', '127.0.0.1'];
  return `PROXY ${family} ${address} ${to} 1000 80\r\n`;
}

export async function sameChoices(cases: readonly Case[], clients: readonly Client[]): Promise<void> {
  await notStraddling(async () => {
    const nginx = await startNginx(confOf(cases));
    try {
      const clock = new StillClock();
      const refused = refusingAddresses();
      for (const [i, { context, policy, servers }] of cases.entries()) {
        const upstream = createUpstream(upstreamPlan(policy, servers, context), clock, seededRandom(1));
        const ours: string[] = [];
        const theirs: string[] = [];
        for (const one of clients) {
          const failing = failingPorts(one).map((port) => `127.0.0.1:${port}`);
          theirs.push(await withinOneSecond(clock, () => nginxTries(nginx, context, i, one)));
          ours.push(
            ourTries(
              upstream,
              `u${i}`,
              keyed(one, policy),
              (address) => refused.has(address) || failing.includes(address),
            ),
          );
        }
        expect(ours, `${context} ${policy}`).toEqual(theirs);
        expect(upstream.peers.map((peer) => peer.inFlight)).toEqual(servers.map(() => 0));
      }
    } finally {
      await nginx.stop();
    }
  });
}

export function refusingAddresses(): Set<string> {
  return new Set([...ports.http.slice(live), ...ports.stream.slice(live)].map((port) => `127.0.0.1:${port}`));
}

/** The value of the key as the plan's template would give it. */
export function keyed({ address, key }: Client, policy: string): Client {
  return { address, key: policy.includes('$remote_addr') ? address : policy.includes('$http_x_key') ? key : '' };
}

export const policiesOf: Readonly<Record<Context, readonly string[]>> = {
  http: ['', 'least_conn', 'ip_hash', 'hash $http_x_key', 'hash $http_x_key consistent'],
  stream: ['', 'least_conn', 'hash $remote_addr', 'hash $remote_addr consistent'],
};

export const addresses = fc.oneof(fc.ipV4(), fc.ipV4(), fc.constant('2001:db8::17'), fc.constant('fd00:1:2:3:4:5:6:7'));

export const clientsOf = (count: { minLength: number; maxLength: number }) =>
  fc.array(
    fc.record({
      address: addresses,
      key: fc.stringMatching(/^[!-~]{0,12}$/),
      failing: fc.oneof(fc.constant([]), fc.subarray(Array.from({ length: live }, (_, i) => i))),
    }),
    count,
  );

export const serversOf = (context: Context) =>
  fc
    .array(
      fc.record({
        which: fc.oneof(
          { weight: 3, arbitrary: fc.nat(live - 1) },
          fc.integer({ min: live, max: live + refusing - 1 }),
        ),
        weight: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 6 }), fc.constant(40)),
        maxFails: fc.integer({ min: 0, max: 3 }),
        failTimeoutSeconds: fc.constantFrom(0, 1, 10),
        backup: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
        down: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
      }),
      { minLength: 1, maxLength: 7 },
    )
    .filter((servers) => servers.some(({ backup }) => !backup))
    .map((servers) => servers.map(({ which, ...rest }) => ({ port: ports[context][which] ?? 0, ...rest })));

export const equal = (context: Context, count: number, options: Partial<ServerOptions> = {}): ServerOptions[] =>
  ports[context].slice(0, count).map((port) => ({ port, ...options }));

export const manyClients: readonly Client[] = Array.from({ length: 40 }, (_, i) => ({
  address: `${10 + (i % 7)}.${i * 5}.${(i * 37) % 256}.${i}`,
  key: `key${i}`,
}));

export const contexts: readonly Context[] = ['http', 'stream'];

/** One upstream per policy of the context, all with the same servers. */
export const perPolicy = (context: Context, servers: readonly ServerOptions[]): Case[] =>
  policiesOf[context].map((policy) => ({ context, policy, servers }));

export const everywhere = (servers: (context: Context) => readonly ServerOptions[]): Case[] =>
  contexts.flatMap((context) => perPolicy(context, servers(context)));
