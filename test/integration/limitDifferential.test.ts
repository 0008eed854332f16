import * as fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { LimitConn, LimitReq } from '../../src/balancer/plan';
import { freePorts, httpTempPaths, nginxIsMissing, type RunningNginx, startNginx } from '../harness/nginx';
import { HttpClient, HttpPortBackends } from '../harness/portBackends';
import { limitConn, limitReq, limitsRig } from '../unit/balancer/gateway/limitBuilder';

/** limit_req and limit_conn let pass, delay and refuse exactly the requests that nginx does. */

const NODELAY = Number.MAX_SAFE_INTEGER;
const client = new HttpClient();
const backends = new HttpPortBackends();
afterAll(async () => {
  client.close();
  await backends.close();
});

const [front = 0, back = 0] = await freePorts(2);

async function withNginx<T>(http: string, use: (nginx: RunningNginx) => Promise<T>): Promise<T> {
  const nginx = await startNginx(
    `events { worker_connections 256; } http { ${httpTempPaths} access_log off; error_log limits.log warn; ${http} }`,
  );
  try {
    return await use(nginx);
  } finally {
    await nginx.stop();
  }
}

/** nginx's own word on a request, and its time. */
async function ask(path: string): Promise<{ readonly outcome: string; readonly atMs: number }> {
  const { tried } = await client.get(front, path, {});
  const [seconds = '', outcome = ''] = tried.split(' ');
  return { outcome, atMs: Number(seconds) * 1000 };
}

const tell = (variable: string) => `add_header X-Tried "$msec ${variable}" always;`;

const zoneLine = ({ zone }: LimitReq) =>
  `limit_req_zone ${zone.key.source} zone=${zone.name}:${zone.bytes} rate=${
    zone.ratePerSecond < 1 ? `${Math.round(zone.ratePerSecond * 60)}r/m` : `${zone.ratePerSecond}r/s`
  };`;

const limitLine = ({ zone, burst, delay }: LimitReq) => {
  const waits = delay === NODELAY ? 'nodelay' : delay > 0 ? `delay=${delay}` : '';
  return `limit_req zone=${zone.name}${burst > 0 ? ` burst=${burst}` : ''} ${waits};`;
};

/** Without the numbers that time moves while the test runs. */
const withoutExcess = (text: string) => text.replace(/excess: \d+\.\d+/, 'excess');

describe.skipIf(nginxIsMissing)('limit_req, as nginx decides', () => {
  interface Sequence {
    readonly limits: readonly LimitReq[];
    readonly requests: readonly { readonly a: string; readonly b: string }[];
  }

  /** So slow that nothing runs out while the test runs; dry run, so that a delay need not be waited for. */
  const sequences: fc.Arbitrary<Omit<Sequence, 'limits'> & { limits: readonly Partial<LimitReq & { key: string }>[] }> =
    fc.record({
      limits: fc.array(
        fc.record({
          key: fc.constantFrom('$arg_a', '$arg_b', '$arg_a$arg_b'),
          burst: fc.nat(4),
          delay: fc.constantFrom(0, 0, 1, 2, NODELAY),
        }),
        { minLength: 1, maxLength: 3 },
      ),
      requests: fc.array(fc.record({ a: fc.constantFrom('x', 'y', ''), b: fc.constantFrom('1', '2', '') }), {
        minLength: 4,
        maxLength: 14,
      }),
    });

  test('any limits, keys and orders', async () => {
    const cases: Sequence[] = fc.sample(sequences, { numRuns: 40, seed: 7 }).map((each, i) => ({
      ...each,
      limits: each.limits.map((limit, k) => limitReq({ name: `z${i}_${k}`, rate: 1 / 60, ...limit })),
    }));
    const zones = cases.flatMap(({ limits }) => limits.map(zoneLine)).join('\n');
    const places = cases.map(({ limits }, i) => `location /${i} { empty_gif; ${limits.map(limitLine).join(' ')} }`);
    await withNginx(
      `${zones} limit_req_dry_run on; ${tell('$limit_req_status')}
       server { listen 127.0.0.1:${front}; ${places.join('\n')} }`,
      async (nginx) => {
        const rig = limitsRig();
        const theirs: string[][] = [];
        const ours: string[][] = [];
        for (const [i, { limits, requests }] of cases.entries()) {
          const own: string[] = [];
          const nginxs: string[] = [];
          for (const { a, b } of requests) {
            nginxs.push((await ask(`/${i}?a=${a}&b=${b}`)).outcome);
            const source = { variable: (name: string) => (name === 'arg_a' ? a : b) };
            own.push(rig.limits.request(limits, true, source, rig.log).outcome ?? '');
          }
          theirs.push(nginxs);
          ours.push(own);
        }
        expect(ours).toEqual(theirs);
        expect(new Set(theirs.flat())).toEqual(new Set(['PASSED', 'DELAYED_DRY_RUN', 'REJECTED_DRY_RUN', '']));
        const logged = [...nginx.read('limits.log').matchAll(/\[(\w+)\] .*?: \*\d+ (.*?), client:/g)].map(
          ([, level, text]) => withoutExcess(`[${level}] ${text}`),
        );
        expect(rig.logs.map(withoutExcess)).toEqual(logged);
      },
    );
  });

  test('over time, with the very excess that nginx counts', async () => {
    const limit = limitReq({ key: '$arg_a', rate: 50, burst: 3 });
    await withNginx(
      `${zoneLine(limit)} limit_req_dry_run on; ${tell('$limit_req_status')}
       server { listen 127.0.0.1:${front}; location / { empty_gif; ${limitLine(limit)} } }`,
      async (nginx) => {
        const arrivals: { readonly outcome: string; readonly atMs: number }[] = [];
        // What is refused comes again at once, until the bucket has run out far enough.
        while (arrivals.filter(({ outcome }) => outcome === 'DELAYED_DRY_RUN').length < 12)
          arrivals.push(await ask('/?a=k'));
        const logged = [
          ...nginx.read('limits.log').matchAll(/\[(\w+)\] .*?: \*\d+ (.*?excess: ([\d.]+).*?), client:/g),
        ];
        const rig = limitsRig();
        const startMs = rig.nowMs;
        const pour = () => rig.limits.request([limit], true, rig.source('k'), rig.log).outcome;
        const ours = [pour()];
        for (const [, , , excess] of logged) {
          // nginx's clock is read off what had run out until then: it has the steps that ours has not.
          const before = rig.limits.buckets()[0]?.excess ?? 0;
          rig.nowMs += Math.round(((before + 1 - Number(excess)) * 1000) / 50);
          ours.push(pour());
        }
        expect(ours).toEqual(arrivals.map(({ outcome }) => outcome));
        expect(rig.logs).toEqual(logged.map(([, level, text]) => `[${level}] ${text}`));
        // And the clock read off is the real one, within its own steps (CLOCK_MONOTONIC_COARSE).
        const passedMs = (arrivals.at(-1)?.atMs ?? 0) - (arrivals[0]?.atMs ?? 0);
        expect(Math.abs(rig.nowMs - startMs - passedMs)).toBeLessThan(20);
      },
    );
  });

  test('a full zone forgets the same buckets', async () => {
    const limit = limitReq({ key: '$arg_a', rate: 1 / 60, bytes: 32_768, delay: NODELAY });
    await withNginx(
      `${zoneLine(limit)} ${tell('$limit_req_status')}
       server { listen 127.0.0.1:${front}; location / { empty_gif; ${limitLine(limit)} } }`,
      async () => {
        const rig = limitsRig();
        const keys = [
          ...Array.from({ length: 200 }, (_, i) => `k${i}`),
          ...fc.sample(fc.nat(260), { numRuns: 300, seed: 3 }).map((i) => `k${i}`),
        ];
        const theirs: string[] = [];
        for (const key of keys) theirs.push((await ask(`/?a=${key}`)).outcome);
        const ours = keys.map((key) => rig.limits.request([limit], false, rig.source(key), rig.log).outcome);
        expect(ours).toEqual(theirs);
        expect(theirs).toContain('REJECTED');
      },
    );
  });
});

describe.skipIf(nginxIsMissing)('limit_conn, as nginx decides', () => {
  test('any limits, keys, arrivals and departures', async () => {
    await backends.listen(back);
    const steps = fc.array(
      fc.record({
        end: fc.oneof({ weight: 2, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat(9) }),
        a: fc.constantFrom('x', 'y', ''),
        b: fc.constantFrom('1', '2', ''),
      }),
      { minLength: 10, maxLength: 24 },
    );
    const limitsOf = fc.array(
      fc.record({ key: fc.constantFrom('$arg_a', '$arg_b'), connections: fc.integer({ min: 1, max: 4 }) }),
      { minLength: 1, maxLength: 2 },
    );
    const cases = fc.sample(fc.tuple(limitsOf, steps), { numRuns: 20, seed: 11 }).map(([limits, moves], i) => ({
      moves,
      limits: limits.map((limit, k) => limitConn({ name: `c${i}_${k}`, ...limit })),
    }));
    const line = ({ zone, connections }: LimitConn) => `limit_conn ${zone.name} ${connections};`;
    const zones = cases.flatMap(({ limits }) =>
      limits.map(({ zone }) => `limit_conn_zone ${zone.key.source} zone=${zone.name}:${zone.bytes};`),
    );
    const places = cases.map(
      ({ limits }, i) => `location /${i}/ { ${limits.map(line).join(' ')} proxy_pass http://127.0.0.1:${back}/; }`,
    );
    await withNginx(
      `${zones.join('\n')} ${tell('$limit_conn_status')} server { listen 127.0.0.1:${front}; ${places.join('\n')} }`,
      async (nginx) => {
        const rig = limitsRig();
        const theirs: string[][] = [];
        const ours: string[][] = [];
        for (const [i, { limits, moves }] of cases.entries()) {
          const open: { id: string; answer: Promise<unknown>; release: (() => void) | null }[] = [];
          const end = async (ended: (typeof open)[number]) => {
            backends.letGo(ended.id);
            await ended.answer;
            ended.release?.();
          };
          const own: string[] = [];
          const nginxs: string[] = [];
          for (const [n, { end: which, a, b }] of moves.entries()) {
            const [ending] = which === null ? [] : open.splice(which % Math.max(1, open.length), 1);
            if (ending !== undefined) {
              await end(ending);
              continue;
            }
            const id = `h${i}x${n}`;
            const arrived = backends.arrival(id).then(() => 'passed');
            const answer = client.get(front, `/${i}/hold/${id}?a=${a}&b=${b}`, {});
            nginxs.push(await Promise.race([arrived, answer.then(() => 'refused')]));
            const source = { variable: (name: string) => (name === 'arg_a' ? a : b) };
            const verdict = rig.limits.connection(limits, false, source, rig.log);
            own.push(verdict.kind === 'pass' ? 'passed' : 'refused');
            if (nginxs.at(-1) === 'passed') {
              open.push({ id, answer, release: verdict.kind === 'pass' ? verdict.release : null });
            }
          }
          for (const each of open) await end(each);
          theirs.push(nginxs);
          ours.push(own);
        }
        expect(ours).toEqual(theirs);
        expect(new Set(theirs.flat())).toEqual(new Set(['passed', 'refused']));
        expect(rig.limits.connections()).toEqual([]);
        const logged = [...nginx.read('limits.log').matchAll(/limiting connections.*?(?=, client:)/g)].map(
          ([text]) => text,
        );
        expect(rig.logs).toEqual(logged.map((text) => `[error] ${text}`));
      },
    );
  });
});
