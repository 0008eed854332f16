import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from '../../.ci/prepare.mjs';
import { deferred } from '../../src/base/deferred';
import type { LabDefinition } from '../../src/lab/labDefinition';
import type { AskPage } from '../../src/lab/pageTraffic';
import type { BrowseBatch, BrowsePlan } from '../../src/protocol/browse';
import { labNamed, runArm, runOf } from '../harness/labs';

/** The arms of rest-vs-grpc that only a browser can run, in a real one: the page's own code, from an origin of its own. */

const executablePath = findChromium();
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

let lab: LabDefinition;
beforeAll(async () => {
  lab = await labNamed('rest-vs-grpc');
});

it.each(['browser-fetch', 'browser-grpc', 'browser-grpc-web'])(
  '%s does not run where there is no page',
  async (arm) => {
    await expect(runArm(lab, arm)).rejects.toMatchObject({ code: 'page-only' });
  },
);

it('a page that says nothing ends the run when the reader stops it, and nothing is left', async () => {
  let plan: BrowsePlan | null = null;
  const asked = deferred<void>();
  const { run } = runOf(
    lab,
    'browser-fetch',
    { requests: 5 },
    {
      askPage: (wanted) => {
        plan = wanted;
        asked.resolve();
        return { setRate: () => {}, stop: () => {}, forget: () => {} };
      },
    },
  );
  const finished = run.run();
  await asked.promise;
  run.stop();
  await expect(finished).rejects.toMatchObject({ code: 'disposed' });
  expect(plan).toMatchObject({ kind: 'browser-fetch', requests: 5 });
});

describe.skipIf(executablePath === null)('in a real browser', () => {
  let browser: Browser;
  let page: Page;
  let heard: (batch: BrowseBatch) => void = () => {};
  const site = createServer((_request, response) =>
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>a page</title>'),
  );
  beforeAll(async () => {
    const built = await build({
      stdin: {
        contents:
          "import { browse, Pace } from './webview/lab/browserTraffic'; Object.assign(globalThis, { browse, Pace });",
        resolveDir: process.cwd(),
        loader: 'ts',
      },
      bundle: true,
      write: false,
      format: 'iife',
    });
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    browser = await chromium.launch({ executablePath: executablePath ?? '', args: flags });
    page = await browser.newPage();
    await page.exposeFunction('told', (batch: BrowseBatch) => heard(batch));
    await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
    await page.addScriptTag({ content: built.outputFiles[0]?.text ?? '' });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    site.close();
  });

  const askPage: AskPage = (plan, told) => {
    heard = told;
    void page.evaluate((wanted) => {
      const scope = globalThis as unknown as {
        browse(plan: unknown, tell: unknown, signal: AbortSignal, pace: unknown): unknown;
        Pace: new (rate: number | null) => unknown;
        pace: unknown;
        told: unknown;
        stop: AbortController;
      };
      scope.stop = new AbortController();
      scope.pace = new scope.Pace(wanted.rate);
      return scope.browse(wanted, scope.told, scope.stop.signal, scope.pace);
    }, plan);
    return {
      stop: () => void page.evaluate(() => (globalThis as unknown as { stop: AbortController }).stop.abort()),
      setRate: (rate) =>
        void page.evaluate((next) => {
          (globalThis as unknown as { pace: { setRate(rate: number | null): void } }).pace.setRate(next);
        }, rate),
      forget: () => {
        heard = () => {};
      },
    };
  };
  const browsed = (arm: string, requests: number) =>
    runOf(lab, arm, { requests, concurrency: 4, message: 'order' }, { askPage }).run.run();

  it('stops when the reader stops it, with what was measured so far', async () => {
    const { run, until } = runOf(lab, 'browser-fetch', { requests: 100_000, concurrency: 4 }, { askPage });
    const finished = run.run();
    await until(({ client }) => client.answered > 50);
    run.stop();
    const { result, snapshot } = await finished;
    expect(result.answered).toBeGreaterThan(50);
    expect(result).toMatchObject({ sent: result.answered, failed: 0, inFlight: 0 });
    expect(snapshot.phase).toBe('stopped');
    expect(snapshot.reconciliation).toMatchObject({ agree: true, differences: [] });
  });

  it('keeps to its rate, and to another one from when it is told', async () => {
    const { run, until } = runOf(lab, 'browser-fetch', { requests: 120, concurrency: 4, rate: 20 }, { askPage });
    const finished = run.run();
    const { client } = await until((snapshot) => snapshot.client.answered >= 20);
    expect(client.requestsPerSecond).toBeLessThan(40);
    run.setRate(null);
    const { result, snapshot } = await finished;
    expect(result).toMatchObject({ sent: 120, answered: 120, failed: 0 });
    // At twenty a second the other hundred would have taken five seconds more.
    const [changed] = snapshot.timeline.filter(({ kind }) => kind === 'load');
    expect(changed?.load).toEqual({ rate: null });
    expect(result.requestsPerSecond).toBeGreaterThan(22);
  });

  it('is one client: it cannot be skewed', async () => {
    const { run, until } = runOf(lab, 'browser-fetch', { requests: 100_000, concurrency: 4 }, { askPage });
    const finished = run.run();
    await until((snapshot) => snapshot.client.answered > 0);
    expect(() => run.setPopulation('skewed')).toThrow('only client');
    run.stop();
    await finished;
  });

  it('fetch of JSON works', async () => {
    const { result, snapshot } = await browsed('browser-fetch', 40);
    expect(result).toMatchObject({ sent: 40, answered: 40, failed: 0, message: 'order' });
    expect(result.outcomes.map(({ status }) => status)).toEqual(['200', '200']);
    expect(result.counts.backends).toBe(40);
    // The browser asked first, at least once, and the page never heard of it.
    expect(result.counts).toMatchObject({ client: 40, balancer: 40 });
    expect(result.counts.preflights).toBeGreaterThan(0);
    expect(snapshot.reconciliation).toMatchObject({ agree: true, differences: [] });
  });

  it('plain gRPC does not: a gRPC server gives no answer, and through the balancer no status is to be seen', async () => {
    const { result, snapshot } = await browsed('browser-grpc', 8);
    expect(result).toMatchObject({ sent: 8, answered: 4, failed: 4 });
    expect(result.outcomes.filter(({ by }) => by === 'client').map(({ status }) => status)).toEqual([
      'TypeError: Failed to fetch',
    ]);
    for (const { status } of result.outcomes.filter(({ by }) => by !== 'client'))
      expect(status).toBe('200 without grpc-status');
    expect(result.browser?.said).toBe('TypeError: Failed to fetch');
    expect(result.counts).toMatchObject({ client: 4, balancer: 4, backends: 4 });
    // What never reached a server's gRPC was in no count of requests; the connections were there.
    expect(result.servers.every(({ requests }) => requests === 2)).toBe(true);
    expect(snapshot.reconciliation).toMatchObject({ agree: true, differences: [] });
  });

  it('gRPC-Web does, unary and as a server stream', async () => {
    const { result, snapshot } = await browsed('browser-grpc-web', 40);
    expect(result).toMatchObject({ sent: 40, answered: 40, failed: 0 });
    expect(result.outcomes.map(({ status }) => status)).toEqual(['OK', 'OK']);
    expect(result.streamed).toEqual({ streams: 20, toServer: 0, toClient: 100 });
    expect(snapshot.reconciliation).toMatchObject({ agree: true, differences: [] });
  });
});
