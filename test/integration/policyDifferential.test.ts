import { once } from 'node:events';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { policies } from '../../src/balancer/policies';
import { createUpstream, type Upstream } from '../../src/balancer/upstream';
import { seededRandom } from '../../src/base/random';
import { freePorts, httpTempPaths, nginxIsMissing, type RunningNginx, startNginx, testConf } from '../harness/nginx';
import { askTcp, HttpClient, HttpPortBackends, TcpPortBackends } from '../harness/portBackends';
import { directive, type ServerOptions, StillClock, serverLine, upstreamPlan } from '../harness/upstreams';

/*
 * The same requests, in the same order, with the same servers refusing connections, through the installed nginx and
 * through createUpstream: every peer that is tried must be the same. nginx names them in $upstream_addr.
 */

type Context = 'http' | 'stream';

interface Client {
  readonly address: string;
  readonly key: string;
}

const live = 5;
const refusing = 3;
let ports: { readonly http: number[]; readonly stream: number[]; readonly front: number[] };
const httpBackends = new HttpPortBackends();
const tcpBackends = new TcpPortBackends();
const client = new HttpClient();

beforeAll(async () => {
  if (nginxIsMissing) return;
  const free = await freePorts(2 * (live + refusing) + 20);
  ports = { http: free.slice(0, 8), stream: free.slice(8, 16), front: free.slice(16) };
  for (const port of ports.http.slice(0, live)) await httpBackends.listen(port);
  for (const port of ports.stream.slice(0, live)) await tcpBackends.listen(port);
});

afterAll(async () => {
  client.close();
  await httpBackends.close();
  await tcpBackends.close();
});

/** The directive last, so that nginx accepts `backup` with every policy: it checks while it reads the server lines. */
function upstreamBlock(name: string, policy: string, servers: readonly ServerOptions[]): string {
  return `upstream ${name} { ${servers.map(serverLine).join(' ')} ${policy === '' ? '' : `${policy};`} }`;
}

interface Case {
  readonly context: Context;
  readonly policy: string;
  readonly servers: readonly ServerOptions[];
}

function confOf(cases: readonly Case[]): string {
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
function ourTries(
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

async function withinOneSecond<T>(clock: StillClock, action: () => Promise<T>): Promise<T> {
  const into = Date.now() % 1000;
  if (into > 850) await realTime(1005 - into);
  const second = Math.floor(Date.now() / 1000);
  clock.ms = second * 1000;
  const value = await action();
  if (Math.floor(Date.now() / 1000) !== second) throw new Straddled();
  return value;
}

/** nginx lives in real time, and so must a test that waits for its fail_timeout. */
function realTime(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function notStraddling(run: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof Straddled) || attempt === 5) throw error;
    }
  }
}

/** What nginx tried for one request. On stream it is in the log, which is written before the client sees the end. */
async function nginxTries(nginx: RunningNginx, context: Context, i: number, { address, key }: Client): Promise<string> {
  const port = ports.front[i] ?? 0;
  if (context === 'http') return (await client.get(port, '/', { 'X-Forwarded-For': address, 'X-Key': key })).tried;
  const { socket } = await askTcp(port, `${proxyHeader(address)}ask\n`);
  if (!socket.closed) await once(socket.end(), 'close');
  return nginx.read(`tried${i}.log`).trimEnd().split('\n').at(-1) ?? '';
}

function proxyHeader(address: string): string {
  const [family, to] = address.includes(':') ? ['TCP6', '::1'] : ['TCP4', '127.0.0.1'];
  return `PROXY ${family} ${address} ${to} 1000 80\r\n`;
}

async function sameChoices(cases: readonly Case[], clients: readonly Client[]): Promise<void> {
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
          theirs.push(await withinOneSecond(clock, () => nginxTries(nginx, context, i, one)));
          ours.push(ourTries(upstream, `u${i}`, keyed(one, policy), (address) => refused.has(address)));
        }
        expect(ours, `${context} ${policy}`).toEqual(theirs);
        expect(upstream.peers.map((peer) => peer.inFlight)).toEqual(servers.map(() => 0));
      }
    } finally {
      await nginx.stop();
    }
  });
}

function refusingAddresses(): Set<string> {
  return new Set([...ports.http.slice(live), ...ports.stream.slice(live)].map((port) => `127.0.0.1:${port}`));
}

/** The value of the key as the plan's template would give it. */
function keyed({ address, key }: Client, policy: string): Client {
  return { address, key: policy.includes('$remote_addr') ? address : policy.includes('$http_x_key') ? key : '' };
}

const policiesOf: Readonly<Record<Context, readonly string[]>> = {
  http: ['', 'least_conn', 'ip_hash', 'hash $http_x_key', 'hash $http_x_key consistent'],
  stream: ['', 'least_conn', 'hash $remote_addr', 'hash $remote_addr consistent'],
};

const addresses = fc.oneof(fc.ipV4(), fc.ipV4(), fc.constant('2001:db8::17'), fc.constant('fd00:1:2:3:4:5:6:7'));

const clientsOf = (count: { minLength: number; maxLength: number }) =>
  fc.array(fc.record({ address: addresses, key: fc.stringMatching(/^[!-~]{0,12}$/) }), count);

const serversOf = (context: Context) =>
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

const equal = (context: Context, count: number, options: Partial<ServerOptions> = {}): ServerOptions[] =>
  ports[context].slice(0, count).map((port) => ({ port, ...options }));

const manyClients: readonly Client[] = Array.from({ length: 40 }, (_, i) => ({
  address: `${10 + (i % 7)}.${i * 5}.${(i * 37) % 256}.${i}`,
  key: `key${i}`,
}));

describe.skipIf(nginxIsMissing)('the same peers as nginx', () => {
  const contexts: readonly Context[] = ['http', 'stream'];

  /** One upstream per policy of the context, all with the same servers. */
  const perPolicy = (context: Context, servers: readonly ServerOptions[]): Case[] =>
    policiesOf[context].map((policy) => ({ context, policy, servers }));

  const everywhere = (servers: (context: Context) => readonly ServerOptions[]): Case[] =>
    contexts.flatMap((context) => perPolicy(context, servers(context)));

  test('equal servers', () =>
    sameChoices(
      everywhere((context) => equal(context, 4)),
      manyClients,
    ));

  test('weights', () =>
    sameChoices(
      everywhere((context) => equal(context, 3).map((server, i) => ({ ...server, weight: [5, 1, 2][i] ?? 1 }))),
      manyClients,
    ));

  test('a heavy server that is down: hashing gives up after exactly as many misses', () =>
    sameChoices(
      everywhere((context) =>
        equal(context, 3).map((server, i) => (i === 1 ? { ...server, weight: 60, down: true } : server)),
      ),
      manyClients,
    ));

  test('a server that refuses, with max_fails and weights', () =>
    sameChoices(
      everywhere((context) => [
        ...equal(context, 2, { weight: 2 }),
        { port: ports[context][live] ?? 0, weight: 5, maxFails: 3, failTimeoutSeconds: 60 },
      ]),
      manyClients,
    ));

  test('all primaries refuse and the backup steps in', () =>
    sameChoices(
      everywhere((context) => [
        ...ports[context].slice(live).map((port) => ({ port, weight: 2 })),
        { port: ports[context][0] ?? 0, backup: true },
        { port: ports[context][1] ?? 0, backup: true, weight: 2 },
      ]),
      manyClients,
    ));

  test('nobody answers: all are tried, then none is live', () =>
    sameChoices(
      everywhere((context) => ports[context].slice(live).map((port) => ({ port, failTimeoutSeconds: 60 }))),
      manyClients.slice(0, 6),
    ));

  test('a single server is never taken out', () =>
    sameChoices(
      everywhere((context) => [{ port: ports[context][live] ?? 0 }]),
      manyClients.slice(0, 4),
    ));

  test('an empty key', () =>
    sameChoices(
      [
        { context: 'http', policy: 'hash $http_x_key', servers: equal('http', 3) },
        { context: 'http', policy: 'hash $http_x_key consistent', servers: equal('http', 3) },
      ],
      manyClients.slice(0, 8).map((one) => ({ ...one, key: '' })),
    ));

  test('bytes beyond ASCII in the key', () =>
    sameChoices(
      [{ context: 'http', policy: 'hash $http_x_key consistent', servers: equal('http', 5) }],
      manyClients.slice(0, 12).map((one, i) => ({ ...one, key: `\u00ea\u00b0${String.fromCharCode(0x80 + i)}` })),
    ));

  test(
    'generated configurations',
    () =>
      fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...contexts).chain((context) =>
            fc.record({
              context: fc.constant(context),
              policy: fc.constantFrom(...policiesOf[context]),
              servers: fc.constant(null).chain(() => serversOf(context)),
              clients: clientsOf({ minLength: 10, maxLength: 30 }),
            }),
          ),
          ({ clients, ...one }) => sameChoices([one], clients),
        ),
        { numRuns: 40, interruptAfterTimeLimit: 60_000 },
      ),
    120_000,
  );

  test('random: the same shares, weights counted', async () => {
    const policies = ['random', 'random two', 'random two least_conn'];
    const draws = 700;
    for (const context of contexts) {
      const servers = equal(context, 3).map((server, i) => ({ ...server, weight: i + 1 }));
      const nginx = await startNginx(confOf(policies.map((policy) => ({ context, policy, servers }))));
      try {
        for (const [i, policy] of policies.entries()) {
          const upstream = createUpstream(upstreamPlan(policy, servers, context), new StillClock(), seededRandom(i));
          const theirs = new Map<string, number>();
          const ours = new Map<string, number>();
          for (let n = 0; n < draws; n += 1) {
            count(theirs, await nginxTries(nginx, context, i, { address: '10.0.0.1', key: '' }));
            count(
              ours,
              ourTries(upstream, `u${i}`, { address: '10.0.0.1', key: '' }, () => false),
            );
          }
          for (const { address } of upstream.peers) {
            const difference = Math.abs((theirs.get(address) ?? 0) - (ours.get(address) ?? 0));
            // Five standard deviations of the difference of two binomial counts.
            expect(difference, `${context} ${policy} ${address}`).toBeLessThan(5 * Math.sqrt(draws / 2));
          }
        }
      } finally {
        await nginx.stop();
      }
    }
  }, 60_000);
});

function count(into: Map<string, number>, address: string): void {
  into.set(address, (into.get(address) ?? 0) + 1);
}

describe.skipIf(nginxIsMissing)('the same directives as nginx', () => {
  test.each([
    'least_conn',
    'least_conn now',
    'ip_hash',
    'ip_hash 3',
    'hash $remote_addr',
    'hash ""',
    'hash constant consistent',
    'hash',
    'hash $remote_addr consistant',
    'hash $remote_addr consistent 160',
    'random',
    'random one',
    'random two',
    'random two least_conn',
    'random two least_conns',
    'random two least_conn 1',
  ])('%s', async (written) => {
    const head = directive(written);
    for (const context of ['http', 'stream'] as const) {
      const policy = policies.find((one) => one.directive === head.name.value && one.contexts.includes(context));
      const { good, output } = await testConf(
        `events {}\n${context} { ${context === 'http' ? httpTempPaths : ''} upstream u { ${written}; server 127.0.0.1:1; } }`,
      );
      expect(policy?.parse(head).ok === true, `${context}: ${output}`).toBe(good);
    }
  });

  test('which policies take a backup below them', async () => {
    const written = { least_conn: 'least_conn', ip_hash: 'ip_hash', hash: 'hash $remote_addr', random: 'random' };
    for (const [name, text] of Object.entries(written)) {
      const servers = 'server 127.0.0.1:1; server 127.0.0.1:2 backup;';
      const { good, output } = await testConf(
        `events {}\nhttp { ${httpTempPaths} upstream u { ${text}; ${servers} } }`,
      );
      expect(policies.find((policy) => policy.name === name)?.allowsBackup, output).toBe(good);
    }
  });
});

describe.skipIf(nginxIsMissing)('the same peers as nginx while requests are under way', () => {
  interface Step {
    /** Begin one request, or end the one that has been open longest but `end`. */
    readonly end: number | null;
    readonly client: Client;
  }

  /** Begins requests that stay open through nginx, and ends them. */
  interface Held {
    begin(id: string, client: Client): Promise<string | null>;
    end(id: string): Promise<void>;
  }

  function heldRequests(port: number): Held {
    const answers = new Map<string, Promise<unknown>>();
    return {
      async begin(id, { address, key }) {
        const arrival = httpBackends.arrival(id);
        const answer = client.get(port, `/hold/${id}`, { 'X-Forwarded-For': address, 'X-Key': key });
        answers.set(id, answer);
        const arrived = await Promise.race([arrival, answer.then(() => null)]);
        return arrived === null ? null : String(arrived);
      },
      async end(id) {
        httpBackends.letGo(id);
        await answers.get(id);
      },
    };
  }

  function heldConnections(port: number): Held {
    const sockets = new Map<string, Awaited<ReturnType<typeof askTcp>>['socket']>();
    return {
      async begin(id, { address }) {
        const { answer, socket } = await askTcp(port, `${proxyHeader(address)}hold ${id}\n`);
        sockets.set(id, socket);
        return answer;
      },
      async end(id) {
        sockets.get(id)?.destroy();
        await tcpBackends.gone(id);
      },
    };
  }

  let runs = 0;

  async function sameWhileHeld(one: Case, steps: readonly Step[]): Promise<void> {
    await notStraddling(async () => {
      runs += 1;
      const nginx = await startNginx(confOf([one]));
      const port = ports.front[0] ?? 0;
      const held = one.context === 'http' ? heldRequests(port) : heldConnections(port);
      const open: { id: string; end: () => void }[] = [];
      const end = async (which: { id: string; end: () => void }) => {
        which.end();
        await held.end(which.id);
      };
      try {
        const clock = new StillClock();
        const upstream = createUpstream(upstreamPlan(one.policy, one.servers, one.context), clock, seededRandom(1));
        const refused = refusingAddresses();
        const ours: (string | null)[] = [];
        const theirs: (string | null)[] = [];
        for (const [i, step] of steps.entries()) {
          const [ending] = step.end === null ? [] : open.splice(step.end % Math.max(1, open.length), 1);
          if (ending !== undefined) {
            await end(ending);
            continue;
          }
          const id = `r${runs}x${i}`;
          const chosen = await withinOneSecond(clock, () => held.begin(id, step.client));
          theirs.push(chosen);
          const begun = beginOurs(upstream, keyed(step.client, one.policy), (address) => refused.has(address));
          ours.push(begun?.port ?? null);
          if (chosen !== null) open.push({ id, end: begun?.end ?? (() => {}) });
        }
        expect(ours).toEqual(theirs);
        for (const which of open.splice(0)) await end(which);
        expect(upstream.peers.map((peer) => peer.inFlight)).toEqual(one.servers.map(() => 0));
      } finally {
        for (const which of open.splice(0)) await end(which);
        await nginx.stop();
      }
    });
  }

  function beginOurs(upstream: Upstream, { address, key }: Client, refuses: (address: string) => boolean) {
    const selection = upstream.begin({ clientAddress: address, key, traced: false });
    for (let next = selection.next(); next !== null; next = selection.next()) {
      const { peer } = next;
      if (refuses(peer.address)) selection.failed(peer);
      else {
        selection.connected(peer);
        return { port: peer.address.slice('127.0.0.1:'.length), end: () => selection.succeeded(peer, 1) };
      }
    }
    return null;
  }

  test(
    'generated configurations with max_conns',
    () =>
      fc.assert(
        fc.asyncProperty(
          fc.constantFrom<Context>('http', 'stream').chain((context) =>
            fc.record({
              context: fc.constant(context),
              policy: fc.constantFrom('least_conn', 'least_conn', ...policiesOf[context]),
              servers: fc
                .constant(null)
                .chain(() =>
                  serversOf(context).chain((servers) =>
                    fc
                      .array(fc.constantFrom(0, 0, 1, 2), { minLength: servers.length, maxLength: servers.length })
                      .map((limits) => servers.map((server, i) => ({ ...server, maxConns: limits[i] ?? 0 }))),
                  ),
                ),
            }),
          ),
          fc.array(
            fc.record({
              end: fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 2, arbitrary: fc.nat(9) }),
              client: fc.record({ address: addresses, key: fc.stringMatching(/^[!-~]{0,12}$/) }),
            }),
            { minLength: 8, maxLength: 30 },
          ),
          sameWhileHeld,
        ),
        { numRuns: 25, interruptAfterTimeLimit: 60_000 },
      ),
    120_000,
  );
});

describe.skipIf(nginxIsMissing)('the same peers as nginx when a server goes and comes back', () => {
  test('out for fail_timeout, one failing trial, one that passes', async () => {
    const contexts: readonly Context[] = ['http', 'stream'];
    await notStraddling(async () => {
      const returning = { http: new HttpPortBackends(), stream: new TcpPortBackends() };
      const portOf = (context: Context) => ports[context][live] ?? 0;
      const cases: Case[] = contexts.flatMap((context) => {
        const others = ports[context].slice(0, 3).map((port, i) => ({ port, weight: i + 1 }));
        const servers = [{ port: portOf(context), weight: 4, maxFails: 2, failTimeoutSeconds: 1 }, ...others];
        return policiesOf[context].map((policy) => ({ context, policy, servers }));
      });
      const nginx = await startNginx(confOf(cases));
      try {
        const clock = new StillClock();
        const health: string[] = [];
        const upstreams = cases.map(({ context, policy, servers }) =>
          createUpstream(upstreamPlan(policy, servers, context), clock, seededRandom(1), (_peer, state) => {
            if (policy === '' && context === 'http') health.push(state);
          }),
        );
        const refused = refusingAddresses();
        const phase = async (name: string) => {
          for (const [i, { context, policy }] of cases.entries()) {
            const ours: string[] = [];
            const theirs: string[] = [];
            for (const one of manyClients.slice(0, 20)) {
              theirs.push(await withinOneSecond(clock, () => nginxTries(nginx, context, i, one)));
              const upstream = upstreams[i];
              if (upstream === undefined) throw new Error('one upstream per case');
              ours.push(ourTries(upstream, `u${i}`, keyed(one, policy), (address) => refused.has(address)));
            }
            expect(ours, `${name}, ${context} ${policy}`).toEqual(theirs);
          }
        };
        await phase('it refuses');
        await realTime(2050);
        await phase('its trial fails');
        await returning.http.listen(portOf('http'));
        await returning.stream.listen(portOf('stream'));
        for (const context of contexts) refused.delete(`127.0.0.1:${portOf(context)}`);
        await realTime(2050);
        await phase('its trial passes');
        await phase('it grows back to its weight');
        expect(health).toEqual(['unavailable', 'up']);
      } finally {
        await nginx.stop();
        await returning.http.close();
        await returning.stream.close();
      }
    });
  }, 60_000);
});
