// Drives the course page in a plain browser, without VS Code: theme variables and a fake host with test data around the
// real bundle. `node test/webview/harness.mjs [--shots DIR] [--only TEXT]` checks behaviour and accessibility (what has
// the text in its name) and, if asked, takes screenshots. Each theme is seen in one of the languages at each width, with
// --all in both. --report FILE: writes {passed, failed}. Exit 0: all checks held.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { mermaidStubs } from '../../.ci/mermaidStubs.mjs';
import { findChromium } from '../../.ci/prepare.mjs';
import { themes } from './themes.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.join(here, '..', '..');
const shotsAt = process.argv.indexOf('--shots');
const shots = shotsAt === -1 ? null : (process.argv[shotsAt + 1] ?? '/tmp/shots');
const onlyAt = process.argv.indexOf('--only');
const reportAt = process.argv.indexOf('--report');
const all = process.argv.includes('--all') || shots !== null;
const only = onlyAt === -1 ? null : (process.argv[onlyAt + 1] ?? '');
if (shots !== null) mkdirSync(shots, { recursive: true });

/** The bundle is made in memory, so that the harness needs no other part of the project to be built. */
async function bundle() {
  const made = await build({
    entryPoints: { page: path.join(root, 'webview/page.ts') },
    outdir: '/bundle',
    write: false,
    bundle: true,
    minify: true,
    legalComments: 'none',
    platform: 'browser',
    target: 'chrome128',
    format: 'iife',
    plugins: [mermaidStubs()],
  });
  const text = (end) => made.outputFiles.find((file) => file.path.endsWith(end)).text;
  return { js: text('page.js'), css: text('page.css') };
}

const catalogFile = path.join(root, 'media/l10n/bundle.l10n.ko.json');
const catalogs = { ko: existsSync(catalogFile) ? JSON.parse(readFileSync(catalogFile, 'utf8')) : {} };

// What VS Code puts before the page's own style, as far as it shows.
const DEFAULT_STYLE =
  'a, a code { color: var(--vscode-textLink-foreground); text-decoration: none } code { background-color: #8883; padding: 1px 3px; border-radius: 4px }';

function html(theme, language) {
  const { bodyClass, kind, colours } = themes[theme];
  const style = Object.entries(colours)
    .map(([name, value]) => `--vscode-${name}: ${value}`)
    .join(';');
  // The policy of the real webview, with 'self' in the place of VS Code's resource origin.
  const policy =
    "default-src 'none'; img-src 'self' data:; font-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'self' 'nonce-test'";
  return `<!doctype html><html lang="${language}" style="${style.replace(/"/g, '&quot;')}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><meta http-equiv="Content-Security-Policy" content="${policy}">
<title>Test</title><style>${DEFAULT_STYLE}</style><link rel="stylesheet" href="/page.css"></head>
<body class="${bodyClass}" data-vscode-theme-kind="${kind}">
<script type="module" nonce="test">
import { startFakeHost } from '/fakeHost.mjs';
startFakeHost({ language: ${JSON.stringify(language)}, choices: new URLSearchParams(location.search).has('choices'), catalogs: ${JSON.stringify(catalogs)} });
const page = document.createElement('script'); page.src = '/page.js'; document.head.append(page);
</script></body></html>`;
}

const { js, css } = await bundle();
const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://localhost');
  const send = (type, body) => response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(body);
  if (url.pathname === '/page.js') return send('text/javascript', js);
  if (url.pathname === '/page.css') return send('text/css', css);
  if (url.pathname === '/') {
    return send('text/html', html(url.searchParams.get('theme') ?? 'dark', url.searchParams.get('lang') ?? 'en'));
  }
  const file = path.join(here, path.basename(url.pathname));
  if (existsSync(file)) return send('text/javascript', readFileSync(file, 'utf8'));
  return response.writeHead(404).end();
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${server.address().port}`;
const browser = await chromium.launch({
  executablePath: findChromium(),
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-sync',
  ],
});
const axe = readFileSync(path.join(root, 'node_modules/axe-core/axe.min.js'), 'utf8');

async function open({ theme = 'dark', language = 'en', width = 1200, height = 900, choices = false, context } = {}) {
  const inside = context ?? (await browser.newContext({ viewport: { width, height }, bypassCSP: false }));
  const page = await inside.newPage();
  page.setDefaultTimeout(10_000);
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.stack ?? String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('404')) errors.push(message.text());
  });
  await page.goto(`${origin}/?theme=${theme}&lang=${language}${choices ? '&choices' : ''}`);
  await page.waitForSelector('.lab').catch((error) => {
    throw new Error(`${errors.join('; ')} ${error.message}`);
  });
  await page.waitForSelector('.live-diagram svg .edge-requests');
  return { page, errors, close: () => inside.close() };
}

const sent = (page, type) => page.evaluate((wanted) => window.fakeHost.sent.filter((m) => m.type === wanted), type);
const host = (page, name, ...args) => page.evaluate(([call, values]) => window.fakeHost[call](...values), [name, args]);

async function violations(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'] });
    return violations.map((v) => ({
      id: v.id,
      impact: v.impact,
      nodes: v.nodes
        .slice(0, 6)
        .map((n) => `${n.target.join(' ')} :: ${n.any[0]?.message ?? n.all[0]?.message ?? n.none[0]?.message ?? ''}`),
    }));
  });
  return found;
}

const NO_CHOICE = { scenario: null, protocol: null, message: null };

const failures = [];
let held = 0;
async function check(name, run) {
  if (only !== null && !name.includes(only)) return;
  try {
    await run();
    held += 1;
    process.stdout.write(`ok    ${name}\n`);
  } catch (error) {
    failures.push(name);
    process.stdout.write(`FAIL  ${name}\n${error.stack ?? error}\n`);
  }
}

await check('a run: numbers, diagram and table are equal, counts and focus are right', async () => {
  const { page, errors, close } = await open();
  await page.getByRole('button', { name: 'All on server-a' }).first().click();
  await page.locator('[data-action="run"]').click();
  const [run] = await sent(page, 'run');
  assert.deepEqual(run.params, { requests: 3000, concurrency: 16, clients: 1, rate: 400, ...NO_CHOICE, seed: 7 });
  await host(page, 'tick', 1200);
  await page.waitForFunction(
    () => document.querySelector('[data-server-row="server-a"] td:nth-of-type(3)').textContent === '1,200',
  );
  const edge = await page.locator('.live-diagram .label[data-id="e2"] .edgeLabel').innerText();
  assert.match(edge, /1 connection\n+1,200 requests/);
  assert.equal(await page.locator('[data-server-row="server-b"] td').nth(2).innerText(), '0');
  assert.equal((await sent(page, 'mark')).filter((m) => m.name === 'first-live-number').length, 1);
  await host(page, 'finish');
  await page.waitForSelector('.reconciliation[data-verdict="agree"]');
  assert.match(await page.locator('.score').innerText(), /100 of 100/);
  assert.match(await page.locator('.summary').innerText(), /3,000 requests, but 1 connection/);
  assert.deepEqual(errors, []);
  await close();
});

await check(
  'a value in the text is the author’s words, then the reader’s own, and theirs again after a reset',
  async () => {
    const { page, errors, close } = await open();
    const own = page.locator('a.measured[data-arm="grpc-l4"]');
    const ratio = page.locator('a.measured[data-over="grpc-l4"]');
    assert.equal(await own.innerText(), 'measure it');
    await host(page, 'finish');
    await page.locator('a.measured[data-arm="grpc-l4"][data-value]').waitFor();
    assert.match(await own.innerText(), /^here: \d[\d.]* ms, \w{3} \d+/);
    assert.match(await own.getAttribute('title'), /Measured by you on/);
    // A ratio waits for the other arm.
    assert.equal(await ratio.innerText(), 'compare both');
    await host(page, 'receive', { type: 'selectArm', arm: 'grpc-l7' });
    await host(page, 'finish');
    await page.locator('a.measured[data-over][data-value]').waitFor();
    assert.match(await ratio.innerText(), /^here: [\d.]+×/);
    await own.click();
    assert.equal(await page.evaluate(() => document.activeElement.id), 'lab-grpc-pinning');
    await host(page, 'receive', { type: 'reset' });
    await page.locator('a.measured[data-value]').first().waitFor({ state: 'detached' });
    assert.equal(await ratio.locator('em').innerText(), 'both');
    assert.deepEqual(errors, []);
    await close();
  },
);

await check('one chosen product is shown in every strip of tabs, by keyboard, and after a reload', async () => {
  const { page, errors, close } = await open();
  const strips = page.locator('.tabs');
  const chosen = () => page.locator('[role="tab"][aria-selected="true"]').allInnerTexts();
  assert.deepEqual(await chosen(), ['nginx', 'AWS']);
  assert.equal(await strips.first().locator('[role="tabpanel"]:visible').count(), 1);
  // One stop for the tab key; arrows go around.
  assert.equal(await strips.first().locator('[role="tab"][tabindex="0"]').count(), 1);
  await strips.first().locator('[data-tab="nginx"]').focus();
  await page.keyboard.press('ArrowLeft');
  assert.equal(await page.evaluate(() => document.activeElement.dataset.tab), 'Envoy');
  assert.deepEqual(await chosen(), ['Envoy', 'AWS']);
  await page.keyboard.press('ArrowLeft');
  assert.deepEqual(await chosen(), ['HAProxy', 'HAProxy']);
  assert.match(await strips.nth(1).locator('[role="tabpanel"]:visible').innerText(), /stick on src/);
  const tabs = strips.nth(1).locator('[data-tab="AWS"]');
  await tabs.scrollIntoViewIfNeeded();
  await tabs.click();
  assert.deepEqual(await chosen(), ['HAProxy', 'AWS']);
  await page.reload();
  await page.waitForSelector('.tabs');
  assert.deepEqual(await chosen(), ['HAProxy', 'AWS']);
  assert.deepEqual(errors, []);
  await close();
});

await check('a listing of a lab’s file is opened, run and shown as the reader has it', async () => {
  const { page, errors, close } = await open();
  const listing = page.locator('[data-listing="l7.nginx.conf"]');
  assert.match(await listing.innerText(), /server 127\.0\.0\.1:28201;/);
  assert.equal(await listing.locator('.listing-note').isVisible(), false);
  await listing.locator('[data-action="open-listing"]').click();
  assert.deepEqual((await sent(page, 'openLabFile'))[0], {
    type: 'openLabFile',
    lab: 'grpc-pinning',
    file: 'l7.nginx.conf',
    line: 12,
  });
  await host(page, 'changeListing', {
    html: 'upstream orders_grpc {\n    least_conn;\n}',
    state: 'changed',
    originalHtml: 'upstream orders_grpc {\n    server 127.0.0.1:28201;\n}',
  });
  await listing.locator('.listing-note', { hasText: 'differs from the original' }).waitFor();
  assert.match(await listing.locator('pre').first().innerText(), /least_conn/);
  await listing.locator('.fold summary').click();
  assert.match(await listing.locator('.fold pre').innerText(), /28201/);
  await listing.locator('[data-action="run-listing"]').click();
  const [run] = await sent(page, 'run');
  assert.deepEqual([run.lab, run.arm, run.params.requests], ['grpc-pinning', 'grpc-l7', 3000]);
  await listing.locator('.listing-result', { hasText: 'Running' }).waitFor();
  await host(page, 'finish');
  await listing.locator('.listing-result', { hasText: '3,000 answered, 0 failed' }).waitFor();
  await host(page, 'post', {
    type: 'refused',
    lab: 'grpc-pinning',
    field: 'run',
    message: { text: 'The configuration has problems; nothing was changed.', args: {} },
    problems: [],
    setting: null,
  });
  await listing.locator('.field-error', { hasText: 'has problems' }).waitFor();
  assert.deepEqual(errors, []);
  await close();
});

await check(
  'a word is explained on hover and on focus, described to a screen reader, and gone with Escape',
  async () => {
    const { page, errors, close } = await open();
    const word = page.locator('.term[data-term="l4"]').first();
    const tip = page.locator('.term-tip');
    assert.equal(await tip.isVisible(), false);
    await word.hover();
    await tip.waitFor();
    assert.match(await tip.innerText(), /L4\s+The transport layer/);
    // The pointer may go on to what is shown; it stays.
    await tip.hover();
    assert.equal(await tip.isVisible(), true);
    await page.mouse.move(2, 400);
    await tip.waitFor({ state: 'hidden' });
    await word.focus();
    await tip.waitFor();
    const described = await word.evaluate(
      (e) => document.getElementById(e.getAttribute('aria-describedby')).textContent,
    );
    assert.match(described, /knows TCP connections/);
    await page.keyboard.press('Escape');
    await tip.waitFor({ state: 'hidden' });
    assert.equal(await word.evaluate((e) => e === document.activeElement), true);
    await page.keyboard.press('Enter');
    await tip.waitFor();
    assert.deepEqual(await violations(page), []);
    // Never over the edge.
    const box = await tip.boundingBox();
    assert.ok(box.x >= 0 && box.x + box.width <= 1200);
    await page.keyboard.press('Tab');
    await tip.waitFor({ state: 'hidden' });
    assert.deepEqual(errors, []);
    await close();
  },
);

await check('a wrong field is named where it is and nothing is sent', async () => {
  const { page, close } = await open();
  const field = page.locator('[data-field="requests"]');
  await field.locator('input').fill('0');
  await page.locator('[data-action="run"]').click();
  assert.match(await page.locator('.field.invalid .field-error').innerText(), /1 to 1,000,000/);
  assert.equal((await sent(page, 'run')).length, 0);
  await field.locator('input').fill('5,000');
  await page.locator('[data-field="rate"] input').fill('');
  await page.locator('[data-action="run"]').click();
  assert.deepEqual((await sent(page, 'run'))[0].params, {
    requests: 5000,
    concurrency: 16,
    clients: 1,
    rate: null,
    ...NO_CHOICE,
    seed: 7,
  });
  await close();
});

await check('a killed server is told in words, can be revived, and counts that differ are red', async () => {
  const { page, close } = await open();
  await page.locator('[data-action="run"]').click();
  await host(page, 'tick', 900, { dead: 'server-b', differ: true });
  await page.waitForSelector('tr[data-state="dead"]');
  assert.match(await page.locator('[data-server-row="server-b"] .state').innerText(), /dead/);
  await page.waitForFunction(() =>
    /dead/.test(document.querySelector('.live-diagram [data-state="dead"]').textContent),
  );
  await page.locator('[data-action="revive"][data-server="server-b"]').click();
  assert.equal((await sent(page, 'reviveServer'))[0].server, 'server-b');
  assert.match(await page.locator('.reconciliation').innerText(), /do not agree/);
  assert.match(await page.locator('.step-run p[role="status"]').innerText(), /server-b was killed/);
  await close();
});

await check('a request is chosen by keyboard and stays while traffic goes on', async () => {
  const { page, close } = await open();
  await page.locator('[data-action="run"]').click();
  await host(page, 'tick', 700);
  const list = page.locator('.sample-list');
  // The list is hidden, and takes no focus, until the numbers of the tick are painted.
  await list.locator('.sample').first().waitFor();
  await list.focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  const chosen = await page.locator('.sample[aria-selected="true"]').innerText();
  assert.match(await page.locator('.why').innerText(), /already bound/);
  await host(page, 'tick', 1400);
  await page.waitForFunction(() => document.querySelector('.standing').textContent.includes('newer'));
  assert.equal(await page.locator('.sample[aria-selected="true"]').innerText(), chosen);
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('.sample[aria-selected="true"]').count(), 0);
  await close();
});

await check('a server is slowed, failed, healed and drained from its menu, by keyboard', async () => {
  const { page, errors, close } = await open();
  const more = page.locator('[data-action="more"][data-server="server-b"]');
  assert.equal(await more.isDisabled(), true);
  await page.locator('[data-action="run"]').click();
  await host(page, 'tick', 900);
  await page.waitForFunction(() => !document.querySelector('[data-action="more"]').disabled);
  await more.focus();
  await page.keyboard.press('Enter');
  const focused = () => page.evaluate(() => document.activeElement.dataset.action);
  await page.waitForFunction(() => document.activeElement.dataset.action === 'slow');
  if (shots !== null) await page.screenshot({ path: path.join(shots, 'menu.png') });
  await page.keyboard.press('ArrowDown');
  assert.equal(await focused(), 'fail');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  assert.deepEqual(await sent(page, 'setFault'), [
    { type: 'setFault', lab: 'grpc-pinning', server: 'server-b', slowFactor: 10, errorRate: 0 },
  ]);
  assert.equal(await focused(), 'more');
  await host(page, 'tick', 1000, { slow: 'server-b', drained: 'server-c' });
  await page.waitForSelector('tr[data-state="slow"]');
  assert.match(await page.locator('[data-server-row="server-c"] .state').innerText(), /draining/);
  await more.click();
  assert.equal(await page.locator('[data-action="slow"][data-server="server-b"]').isVisible(), false);
  await page.locator('[data-action="heal"][data-server="server-b"]').click();
  assert.deepEqual((await sent(page, 'setFault')).at(-1), {
    ...{ type: 'setFault', lab: 'grpc-pinning', server: 'server-b' },
    ...{ slowFactor: 1, errorRate: 0 },
  });
  await page.locator('[data-action="more"][data-server="server-c"]').click();
  await page.locator('[data-action="undrain"][data-server="server-c"]').click();
  assert.equal((await sent(page, 'setDrained'))[0].drained, false);
  await more.click();
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('.menu:popover-open').count(), 0);
  assert.equal(await focused(), 'more');
  assert.deepEqual(errors, []);
  await close();
});

for (const [theme, language, width] of [
  ['light', 'en', 1400],
  ['dark', 'ko', 700],
  ['hc', 'ko', 400],
]) {
  await check(`a broken run reads as cause and effect: ${theme} ${language} ${width} px`, async () => {
    const { page, errors, close } = await open({ theme, language, width, choices: true });
    await page.locator('[data-action="run"]').click();
    const happened = (atMs, kind, text) => ({
      atMs,
      kind,
      server: 'server-b',
      text: { text, args: { server: 'server-b' } },
    });
    await host(page, 'tick', 2400, {
      slow: 'server-b',
      findings: { maxOverMean: 1.02, availability: 99.86 },
      events: [
        happened(1500, 'kill', '{server} was killed'),
        happened(1620, 'health', 'The balancer took {server} out'),
        happened(3500, 'revive', '{server} is back'),
        happened(3560, 'slow', '{server} is healthy again'),
      ],
    });
    await page.waitForSelector('.timeline .effect');
    const more = page.locator('[data-action="more"][data-server="server-b"]');
    await more.click();
    const menu = await page.locator('.menu:popover-open').boundingBox();
    assert.ok(
      menu !== null && menu.x >= 0 && menu.x + menu.width <= width,
      `the menu is in sight: ${JSON.stringify(menu)}`,
    );
    const button = await more.boundingBox();
    assert.ok(Math.abs(menu.y - (button.y + button.height)) < 12 || menu.y + menu.height <= button.y + 4);
    assert.deepEqual(await violations(page), []);
    if (shots !== null) {
      const name = `broken-${theme}-${language}-${width}`;
      await page.screenshot({ path: path.join(shots, `${name}.menu.png`) });
      await page.keyboard.press('Escape');
      for (const part of ['.step-run', '.step-compare', '.step-explain'])
        await page.locator(part).screenshot({ path: path.join(shots, `${name}${part}.png`) });
    }
    assert.deepEqual(errors, []);
    await close();
  });
}

await check('what is chosen is what the next run is, and the table says what each run was', async () => {
  const { page, errors, close } = await open({ choices: true });
  assert.equal(await page.locator('[data-choice]').count(), 3);
  await page.locator('[data-choice="scenario"] vscode-radio').first().focus();
  await page.keyboard.press('ArrowDown');
  await page.locator('[data-choice="protocol"] [data-option="rest"]').click();
  await page.locator('[data-choice="message"] [data-option="telemetry"]').click();
  assert.deepEqual(
    (await sent(page, 'setUp')).map(({ type: _, lab: __, ...choice }) => choice),
    [{ scenario: 'server-dies' }, { protocol: 'rest' }, { message: 'telemetry' }],
  );
  assert.match(await page.locator('[data-choice="protocol"]').innerText(), /speaks gRPC only/);
  await page.locator('[data-action="run"]').click();
  const [{ params }] = await sent(page, 'run');
  assert.deepEqual(
    { scenario: params.scenario, protocol: params.protocol, message: params.message },
    { scenario: 'server-dies', protocol: 'rest', message: 'telemetry' },
  );
  await host(page, 'finish');
  await page.waitForSelector('[data-arm-row="grpc-l4"]');
  assert.match(await page.locator('[data-arm-row="grpc-l4"] th').innerText(), /A server dies · REST · telemetry/);
  assert.equal(await page.locator('.shown-run').isVisible(), false);
  await page.locator('[data-choice="scenario"] [data-option="calm"]').click();
  await page.getByText(/the last run: A server dies/).waitFor();
  assert.deepEqual(errors, []);
  await close();
});

await check('a lab without choices shows none; rate and clients are changed while it runs', async () => {
  const plain = await open();
  assert.equal(await plain.page.locator('.set-up').isVisible(), false);
  assert.match(await plain.page.locator('.population').innerText(), /2 or more/);
  assert.equal(await plain.page.locator('[data-population="skewed"]').isDisabled(), true);
  await plain.close();
  const { page, errors, close } = await open({ choices: true });
  await page.locator('[data-action="run"]').click();
  await host(page, 'tick', 1200);
  await page.locator('[data-action="raise-rate"]').click();
  assert.deepEqual(await sent(page, 'setRate'), [{ type: 'setRate', lab: 'grpc-pinning', rate: 800 }]);
  assert.equal(await page.locator('[data-population="spread"]').getAttribute('aria-pressed'), 'true');
  await page.locator('[data-population="nat"]').click();
  assert.equal((await sent(page, 'setPopulation'))[0].population, 'nat');
  const load = (atMs, text, over) => ({ atMs, kind: 'load', server: null, text: { text, args: {} }, load: over });
  await host(page, 'tick', 1800, {
    events: [load(3000, 'The clients send faster', { rate: 800 }), load(3300, 'NAT', { population: 'nat' })],
  });
  await page.waitForFunction(() => document.querySelector('[data-population="nat"]').matches('[aria-pressed="true"]'));
  assert.match(await page.locator('[data-action="raise-rate"]').innerText(), /1,600/);
  assert.match(
    await page.locator('.timeline .cause').first().innerText(),
    /answered per second: \d+ before, \d+ after/,
  );
  // The chart is drawn anew with every second report.
  await host(page, 'tick', 1840, { events: [load(3000, 'The clients send faster', { rate: 800 })] });
  await page.getByText('The numbered lines are the events of the timeline.').waitFor();
  assert.deepEqual(errors, []);
  await close();
});

await check('figures that only some labs measure are shown where they are measured', async () => {
  const { page, close } = await open();
  assert.equal(await page.locator('[data-figure="max-over-mean"]').isVisible(), false);
  await page.locator('[data-action="run"]').click();
  await host(page, 'tick', 900, { findings: { maxOverMean: 3, availability: 99.5 } });
  await page.waitForFunction(() => document.querySelector('[data-figure="max-over-mean"]').textContent === '3.00 ×');
  assert.equal(await page.locator('[data-figure="availability"]').innerText(), '99.5 %');
  await close();
});

await check('an exercise is opened, checked, hinted at and solved, and says why not', async () => {
  const { page, errors, close } = await open();
  const card = page.locator('[data-exercise="spread-grpc"].exercise');
  const act = (action) => card.locator(`[data-action="exercise-${action}"]`);
  assert.equal(await act('solve').isVisible(), false);
  await act('open').click();
  await act('check').focus();
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-exercise="spread-grpc"][data-state="checking"]');
  assert.match(await card.locator('[role="status"]').innerText(), /Sending traffic/);
  assert.equal(await page.evaluate(() => document.activeElement.dataset.action), 'exercise-check');
  await page.keyboard.press('Enter');
  assert.equal((await sent(page, 'stop')).length, 1);
  await host(page, 'checked', 'spread-grpc', false);
  await page.waitForSelector('[data-exercise="spread-grpc"][data-state="unsolved"]');
  assert.match(await card.locator('[data-met="false"]').first().innerText(), /measured 3, wanted at most 1\.2/);
  assert.match(await card.locator('[data-met="false"] .help').first().innerText(), /still L4/);
  await act('hint').click();
  await act('hint').click();
  await card.locator('.exercise-hints li').nth(1).waitFor();
  assert.equal(await card.locator('.exercise-hints li').count(), 2);
  assert.equal(await act('hint').evaluate((button) => button.disabled), true);
  await act('compare').click();
  await act('solve').click();
  await host(page, 'checked', 'spread-grpc', true);
  await page.waitForSelector('[data-exercise="spread-grpc"][data-state="solved"]');
  assert.equal(await card.locator('.solved').isVisible(), true);
  await host(page, 'post', {
    ...{ type: 'refused', lab: 'grpc-pinning', field: 'exercise', problems: [], setting: 'trafficLab.redisUrl' },
    message: { text: 'This lab is already running.', args: {} },
  });
  await page.waitForFunction(() => /already running/.test(document.querySelector('.exercises .refusal').textContent));
  await page.locator('.exercises .refusal [data-action="open-setting"]').click();
  assert.deepEqual(await sent(page, 'openSetting'), [{ type: 'openSetting', setting: 'trafficLab.redisUrl' }]);
  assert.deepEqual(
    (await sent(page, 'exercise')).map((message) => message.do),
    ['open', 'check', 'hint', 'hint', 'compare', 'solve'],
  );
  assert.deepEqual(errors, []);
  await close();
});

await check('sliders sum to 100 by keyboard', async () => {
  const { page, close } = await open();
  await page.locator('.lab [data-share="server-a"]').focus();
  for (let i = 0; i < 5; i += 1) await page.keyboard.press('PageUp');
  const values = await page
    .locator('.lab [data-share]')
    .evaluateAll((inputs) => inputs.map((input) => Number(input.value)));
  assert.equal(
    values.reduce((sum, n) => sum + n, 0),
    100,
  );
  assert.ok(values[0] > 60);
  const shares = (await sent(page, 'predict')).at(-1).shares;
  assert.ok(Math.abs(Object.values(shares).reduce((sum, n) => sum + n, 0) - 1) < 1e-9);
  await close();
});

await check('questions are answered, explained and tried again; drafts and place survive a reload', async () => {
  const { page, close } = await open();
  await page.locator('[data-quiz="q1"] vscode-radio').nth(0).click();
  await page.locator('[data-quiz="q1"][data-action="check"]').click();
  await page.waitForSelector('[data-quiz="q1"] .verdict[data-verdict="wrong"]');
  assert.match(await page.locator('[data-quiz="q1"] .option-review').innerText(), /Right, but you did not choose it/);
  await page.locator('[data-quiz="q1"][data-action="retry"]').click();
  await page.locator('[data-quiz="q1"] vscode-radio').nth(1).click();
  await page.locator('[data-quiz="q2"] vscode-checkbox').nth(1).click();
  await page.locator('[data-field="requests"] input').fill('777');
  await page.locator('[data-quiz="q2"]').first().scrollIntoViewIfNeeded();
  const before = await page
    .locator('[data-quiz="q2"]')
    .first()
    .evaluate((e) => e.getBoundingClientRect().top);
  await page.waitForFunction(() => JSON.parse(sessionStorage.state).place?.anchor === 'section-2-2');
  await page.reload();
  await page.waitForSelector('.live-diagram svg .edge-requests');
  await page.waitForFunction(
    (top) => Math.abs(document.querySelector('[data-quiz="q2"]').getBoundingClientRect().top - top) < 4,
    before,
  );
  assert.equal(await page.locator('[data-quiz="q1"] vscode-radio').nth(1).getAttribute('aria-checked'), 'true');
  assert.equal(await page.locator('[data-quiz="q2"] vscode-checkbox').nth(1).getAttribute('aria-checked'), 'true');
  assert.equal(await page.locator('[data-field="requests"] input').inputValue(), '777');
  await close();
});

/** Answers each of the further kinds; `right` or not. */
async function answerAll(page, right) {
  const answers = {
    k1: (quiz) => quiz.locator('input').fill(right ? 'A maximum connection age' : 'keepalive'),
    k2: async (quiz) => {
      const wanted = right ? ['connect', 'choose', 'follow'] : ['follow', 'connect', 'choose'];
      for (const [place, step] of wanted.entries()) {
        const here = () => quiz.locator('.order-list li').nth(place).getAttribute('data-step');
        while ((await here()) !== step) await quiz.locator(`[data-step="${step}"] [data-action="up"]`).click();
      }
    },
    k3: async (quiz) => {
      await quiz.locator('[data-pair="nlb"]').selectOption(right ? 'l4' : 'l7');
      await quiz.locator('[data-pair="alb"]').selectOption('l7');
    },
    k4: (quiz) => quiz.locator(`[data-option="${right ? 'one' : 'all'}"]`).click(),
    k5: (quiz) => quiz.locator('input').fill('12.5'),
    k6: (quiz) => quiz.locator(`input[data-option="${right ? 'listen' : 'pass'}"]`).check(),
    k7: (quiz) => quiz.locator(`input[data-option="${right ? 'two' : 'one'}"]`).check(),
    k8: (quiz) => quiz.locator('textarea').fill('One connection.'),
  };
  for (const [id, give] of Object.entries(answers)) {
    const quiz = page.locator(`#quiz-${id}`);
    await give(quiz);
    await quiz.locator('[data-action="check"]').click();
    if (id === 'k8') {
      await quiz.locator(`[data-rating="${right ? 'good' : 'again'}"]`).click();
      await quiz.locator('.ratings').waitFor({ state: 'detached' });
    }
    await quiz.locator('.verdict').waitFor();
  }
}

const openFold = (page) => page.locator('.more-questions > summary').first().click();

await check('every kind is answered right and wrong, and explained; more than three questions are folded', async () => {
  const { page, errors, close } = await open();
  assert.equal(await page.locator('#quiz-k3').isVisible(), true);
  assert.equal(await page.locator('#quiz-k4').isVisible(), false);
  assert.match(await page.locator('.more-questions > summary').first().innerText(), /^5 more questions$/);
  await openFold(page);
  await answerAll(page, false);
  const verdicts = () =>
    page.locator('.quiz[data-quiz^="k"] .verdict').evaluateAll((all) => all.map((one) => one.dataset.verdict));
  assert.deepEqual(await verdicts(), ['wrong', 'wrong', 'wrong', 'wrong', 'waiting', 'wrong', 'wrong', 'wrong']);
  assert.match(await page.locator('#quiz-k2').innerText(), /You had it as number 2/);
  assert.match(await page.locator('#quiz-k3').innerText(), /You chose: L7/);
  assert.match(await page.locator('#quiz-k6').innerText(), /Line 4: grpc_pass/);
  assert.match(await page.locator('#quiz-k5').innerText(), /12\.5 ms/);
  for (const id of ['k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7', 'k8'])
    await page.locator(`#quiz-${id} [data-action="retry"]`).click();
  // The host takes the old answers back, one after the other; an answer given before that would be taken back with them.
  await page.waitForFunction(
    () => document.querySelectorAll('.quiz[data-quiz^="k"] [data-action="retry"]').length === 0,
  );
  await answerAll(page, true);
  assert.deepEqual(await verdicts(), ['right', 'right', 'right', 'right', 'waiting', 'right', 'right', 'right']);
  assert.deepEqual(errors, []);
  await close();
});

await check('a short answer that was not recognised counts once the reader says why', async () => {
  const { page, close } = await open();
  const quiz = page.locator('#quiz-k1');
  await quiz.locator('input').fill('GOAWAY now and then');
  await quiz.locator('[data-action="check"]').click();
  await quiz.locator('.override summary').click();
  await quiz.locator('[data-action="override"]').click();
  assert.match(await quiz.locator('.override .field-error').innerText(), /reason/);
  await quiz.locator('textarea').fill('It is the same.');
  await quiz.locator('[data-action="override"]').click();
  await quiz.locator('.verdict[data-verdict="right"]').waitFor();
  assert.match(await quiz.innerText(), /You counted this as right: It is the same\./);
  await close();
});

await check('an interview answer is kept, compared with the model, and rated by the reader', async () => {
  const { page, errors, close } = await open();
  await openFold(page);
  const quiz = page.locator('#quiz-k8');
  await quiz.locator('textarea').fill('Because of\nthe connection.');
  await page.reload();
  await page.waitForSelector('#quiz-k8', { state: 'attached' });
  assert.equal(await quiz.locator('textarea').inputValue(), 'Because of\nthe connection.');
  await quiz.locator('[data-action="check"]').click();
  await quiz.locator('.model-answer code').waitFor();
  assert.match(await quiz.locator('.own-answer').innerText(), /Because of\nthe connection\./);
  // The words that say what to do now have the focus; by the tab key the ratings follow.
  assert.equal(await page.evaluate(() => document.activeElement.className), 'verdict');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.dataset.rating), 'again');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await quiz.locator('.verdict', { hasText: 'Your own judgement: Hard' }).waitFor();
  assert.deepEqual((await sent(page, 'answer')).at(-1).answer, { text: 'Because of\nthe connection.', rating: 'hard' });
  assert.equal(await quiz.locator('.ratings').count(), 0);
  await quiz.locator('[data-action="retry"]').click();
  assert.equal(await quiz.locator('textarea').inputValue(), 'Because of\nthe connection.');
  assert.deepEqual(errors, []);
  await close();
});

await check('the questions of a section’s end are folded, counted, and opened by a link to one', async () => {
  const { page, errors, close } = await open();
  const fold = page.locator('[data-check="section-2-2-check"]');
  const summary = fold.locator('> summary');
  assert.equal(await summary.innerText(), '2 questions');
  assert.equal(await page.locator('#quiz-q4').isVisible(), false);
  await host(page, 'post', { type: 'reveal', anchor: 'quiz-q5' });
  await page.locator('#quiz-q5').waitFor();
  await page.locator('#quiz-q5 vscode-radio').nth(1).click();
  await page.locator('#quiz-q5 [data-action="check"]').click();
  await page.locator('#quiz-q5 .verdict[data-verdict="right"]').waitFor();
  assert.equal(await summary.innerText(), '2 questions, 1 answered');
  await summary.focus();
  await page.keyboard.press('Enter');
  await page.locator('#quiz-q5').waitFor({ state: 'hidden' });
  await page.keyboard.press('Enter');
  await page.locator('#quiz-q4 vscode-radio').nth(0).click();
  await page.locator('#quiz-q4 [data-action="check"]').click();
  await page.locator('#quiz-q4 .verdict').waitFor();
  assert.equal(await summary.innerText(), '✓ 2 questions, all answered');
  await page.locator('#quiz-q4 [data-action="retry"]').click();
  await page.locator('#quiz-q4 [data-action="check"]').waitFor();
  assert.equal(await summary.innerText(), '2 questions, 1 answered');
  assert.deepEqual(errors, []);
  await close();
});

await check('steps are put in order by keyboard, and each move is told', async () => {
  const { page, close } = await open();
  const quiz = page.locator('#quiz-k2');
  await quiz.locator('[data-action="check"]').click();
  assert.match(await quiz.locator('.field-error').innerText(), /Choose an answer first/);
  await quiz.locator('[data-step="connect"] [data-action="up"]').focus();
  await page.keyboard.press('Enter');
  assert.match(await quiz.locator('[role="status"]').innerText(), /The client connects is now number 2 of 3/);
  await page.keyboard.press('Enter');
  assert.equal(await quiz.locator('.order-list li').first().getAttribute('data-step'), 'connect');
  // At the top only the way down is left, and the focus is on it.
  assert.equal(await page.evaluate(() => document.activeElement.dataset.action), 'down');
  await close();
});

await check('a review asks one by one, what was wrong again, and replays the experiment', async () => {
  const { page, errors, close } = await open();
  await page.locator('[data-view="review"]').click();
  const review = page.locator('main.review');
  await review.waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.tagName), 'H1');
  assert.match(await review.locator('.review-count').innerText(), /2 of 2 left/);
  await review.locator('input').fill('keepalive');
  await review.locator('[data-action="check"]').click();
  await review.locator('.verdict[data-verdict="wrong"]').waitFor();
  assert.equal(await review.locator('[data-action="retry"]').count(), 0);
  await review.locator('[data-action="replay"]').click();
  assert.deepEqual(
    (await sent(page, 'replay')).map((message) => message.quiz),
    ['k1'],
  );
  await review.locator('[data-action="next-review"]').click();
  await page.waitForFunction(() => document.activeElement.closest('[data-quiz]')?.dataset.quiz === 'k3');
  await review.locator('[data-pair="nlb"]').selectOption('l4');
  await review.locator('[data-pair="alb"]').selectOption('l7');
  await review.locator('[data-action="check"]').click();
  await review.locator('.verdict[data-verdict="right"]').waitFor();
  await review.locator('[data-action="next-review"]').click();
  await review.locator('[data-quiz="k1"] input').fill('A maximum connection age');
  await review.locator('[data-action="check"]').click();
  await review.locator('.verdict[data-verdict="right"]').waitFor();
  assert.match(await review.locator('[data-action="next-review"]').innerText(), /Finish/);
  await review.locator('[data-action="next-review"]').click();
  await page.waitForFunction(() => /Done: 2 questions/.test(document.querySelector('main.review').textContent));
  assert.deepEqual(errors, []);
  await close();
});

await check('the progress page leads to what is weak, into the fold and back', async () => {
  const { page, close } = await open();
  await page
    .locator('#section-2-2')
    .evaluate((e) => window.scrollTo(0, e.getBoundingClientRect().top + window.scrollY - 60));
  await page.waitForFunction(() => JSON.parse(sessionStorage.state).place?.anchor === 'section-2-2');
  await page.locator('[data-view="progress"]').click();
  const progress = page.locator('main.progress');
  await progress.waitFor();
  assert.match(await progress.locator('[data-progress="known"]').innerText(), /^1 of \d+$/);
  await progress.locator('[data-action="to-course"]').click();
  await page.waitForFunction(
    () => Math.abs(document.querySelector('#section-2-2').getBoundingClientRect().top - 60) < 4,
  );
  await page.locator('[data-view="progress"]').click();
  await progress.locator('[data-weak="k6"] a').first().click();
  await page.locator('#quiz-k6').waitFor();
  assert.equal(await page.locator('#quiz-k6').isVisible(), true);
  assert.deepEqual((await sent(page, 'view')).map((message) => message.view).at(-1), 'course');
  await close();
});

await check('another language keeps the place', async () => {
  const { page, close } = await open();
  await page
    .locator('#section-2-2')
    .evaluate((e) => window.scrollTo(0, e.getBoundingClientRect().top + window.scrollY - 60));
  await page.waitForFunction(() => JSON.parse(sessionStorage.state).place?.anchor === 'section-2-2');
  await page.locator('[data-language="ko"]').click();
  await page.waitForFunction(() => document.documentElement.lang === 'ko');
  await page.waitForFunction(
    () => Math.abs(document.querySelector('#section-2-2').getBoundingClientRect().top - 60) < 4,
  );
  await close();
});

await check('the arms are changed by keyboard and one added server is drawn', async () => {
  const { page, close } = await open();
  await page.locator('vscode-radio[data-option="grpc-l4"]').focus();
  await page.keyboard.press('ArrowDown');
  await page.waitForFunction(() => window.fakeHost.sent.some((m) => m.type === 'selectArm' && m.arm === 'grpc-l7'));
  await page.waitForFunction(() => document.querySelector('.live-diagram svg').textContent.includes('L7'));
  await page.locator('[data-action="run"]').click();
  await page.locator('[data-action="add-server"]').click();
  await page.waitForFunction(() => document.querySelectorAll('.live-diagram .edge-requests').length === 5);
  await close();
});

await check('a broken block names its place and opens it', async () => {
  const { page, close } = await open();
  await page.locator('[data-action="open-problem"]').click();
  assert.deepEqual((await sent(page, 'openProblem'))[0], {
    type: 'openProblem',
    file: '/course/course.en.md',
    line: 212,
    column: 7,
  });
  await close();
});

const places = ['light', 'dark', 'hc'].flatMap((theme) => [1400, 700, 400].map((width) => `${theme} ${width}`));
for (const theme of ['light', 'dark', 'hc']) {
  for (const language of ['en', 'ko']) {
    for (const width of [1400, 700, 400]) {
      // So that either language is seen at each width and in each theme.
      if (!all && (places.indexOf(`${theme} ${width}`) % 2 === 0) !== (language === 'ko')) continue;
      await check(`${theme} ${language} ${width} px: no accessibility violation, no sideways scroll`, async () => {
        const { page, errors, close } = await open({ theme, language, width, choices: true });
        await host(page, 'receive', {
          type: 'predict',
          arm: 'grpc-l7',
          shares: { 'server-a': 0.5, 'server-b': 0.25, 'server-c': 0.25 },
        });
        await host(page, 'receive', { type: 'selectArm', arm: 'grpc-l7' });
        await host(page, 'finish');
        await host(page, 'receive', {
          type: 'predict',
          arm: 'grpc-l4',
          shares: { 'server-a': 0.34, 'server-b': 0.33, 'server-c': 0.33 },
        });
        await host(page, 'receive', { type: 'selectArm', arm: 'grpc-l4' });
        await host(page, 'finish');
        await host(page, 'checked', 'spread-grpc', false);
        await host(page, 'receive', { type: 'exercise', exercise: 'spread-grpc', do: 'hint' });
        await host(page, 'checked', 'spread-rest', true);
        await page.locator('.sample').nth(2).click();
        await page.locator('[data-quiz="q1"] vscode-radio').nth(0).click();
        await page.locator('[data-quiz="q1"][data-action="check"]').click();
        await openFold(page);
        assert.deepEqual(await violations(page), []);
        await answerAll(page, language === 'en');
        await page.waitForSelector('#quiz-k7 svg');
        await page.locator('#flow-l4').scrollIntoViewIfNeeded();
        await page.waitForSelector('#flow-l4[data-diagram="drawn"]');
        await page.waitForSelector('#sequence[data-diagram="drawn"]');
        await page.waitForFunction(() => document.querySelector('.live-diagram svg').textContent.includes('L4'));
        const sideways = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        if (shots !== null) await shoot(page, `${theme}-${language}-${width}`);
        assert.ok(sideways <= 0, `scrolls sideways by ${sideways} px: ${await wideElements(page)}`);
        assert.deepEqual(errors, []);
        assert.deepEqual(await violations(page), []);
        for (const view of ['review', 'progress']) {
          await page.locator(`[data-view="${view}"]`).click();
          await page.locator(`main.${view}`).waitFor();
          const wide = await page.evaluate(
            () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
          );
          if (shots !== null)
            await page.screenshot({ path: path.join(shots, `${theme}-${language}-${width}.${view}.png`) });
          assert.ok(wide <= 0, `${view} scrolls sideways by ${wide} px: ${await wideElements(page)}`);
          assert.deepEqual(await violations(page), []);
        }
        await close();
      });
    }
  }
}

/** The diagrams of a course, as its author wrote them. */
function diagramsOf(file) {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/^```mermaid\n([\s\S]*?)^```/gm)].map(([, source]) => ({
    kind: 'mermaid',
    id: /^%% id: (\S+)$/m.exec(source)[1],
    title: /accTitle: (.*)/.exec(source)[1],
    description: /accDescr: (.*)/.exec(source)[1],
    source,
  }));
}

for (const language of ['ko', 'en']) {
  await check(`every diagram of the course is drawn (${language})`, async () => {
    const { page, errors, close } = await open({ language });
    const diagrams = diagramsOf(path.join(root, `labs/traffic-lab/course.${language}.md`));
    assert.ok(diagrams.length >= 11);
    await host(page, 'showBlocks', diagrams);
    for (const { id, title } of diagrams) {
      const drawing = page.locator(`#${id}`);
      await drawing.scrollIntoViewIfNeeded();
      await page.waitForSelector(`#${id}[data-diagram="drawn"] svg`).catch((error) => {
        throw new Error(`${id}: ${error.message}`);
      });
      // Its words are there for who cannot see it.
      assert.ok((await drawing.innerHTML()).includes(title.replaceAll('&', '&amp;')), `${id} has no title`);
    }
    assert.deepEqual(errors, []);
    await close();
  });
}

await check('a diagram that mermaid cannot draw is said to be none', async () => {
  const { page, close } = await open();
  const broken = {
    kind: 'mermaid',
    id: 'broken',
    title: 'Broken',
    description: '',
    source: 'flowchart LR\n  a["b --> c',
  };
  await host(page, 'showBlocks', [broken]);
  await page.locator('#broken').scrollIntoViewIfNeeded();
  await page.locator('#broken:not([data-diagram="drawn"])', { hasText: /could not be drawn/i }).waitFor();
  await close();
});

await check('twice as large on a small screen, nothing is lost and nothing covers half the text', async () => {
  // 1280 px at 200 %.
  const context = await browser.newContext({ viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 });
  const { page, errors, close } = await open({ context, choices: true });
  await openFold(page);
  const sideways = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  assert.ok(sideways <= 0, `scrolls sideways by ${sideways} px: ${await wideElements(page)}`);
  await page.evaluate(() => window.scrollTo(0, 2_000));
  const covered = await page.evaluate(() => {
    const stuck = [...document.querySelectorAll('body *')].filter((e) =>
      ['fixed', 'sticky'].includes(getComputedStyle(e).position),
    );
    return Math.max(0, ...stuck.filter((e) => e.checkVisibility()).map((e) => e.getBoundingClientRect().height));
  });
  assert.ok(covered <= 200, `${covered} of 400 px are covered`);
  assert.deepEqual(await violations(page), []);
  assert.deepEqual(errors, []);
  await close();
});

/** What moves while a lab runs and its numbers come in. */
async function moving(reducedMotion) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, reducedMotion });
  const { page, close } = await open({ context });
  await page.locator('[data-action="run"]').click();
  await host(page, 'tick', 600);
  await host(page, 'tick', 1200);
  await page.locator('.live-diagram').scrollIntoViewIfNeeded();
  await page.waitForFunction(
    () => document.querySelector('[data-server-row="server-a"] td:nth-of-type(3)').textContent === '1,200',
  );
  const found = await page.evaluate(() => ({
    animations: document
      .getAnimations()
      .filter((a) => a.playState === 'running' && a.effect.getTiming().duration > 1)
      .map(
        (a) =>
          `${a.effect.target.tagName}.${a.effect.target.getAttribute('class')} ${a.animationName ?? a.transitionProperty}`,
      ),
    scroll: getComputedStyle(document.documentElement).scrollBehavior,
    durations: [...document.querySelectorAll('body *')]
      .filter((e) => {
        const { transitionDuration, animationDuration, animationName } = getComputedStyle(e);
        const longest = (list) => Math.max(...list.split(', ').map((each) => Number.parseFloat(each)));
        return longest(transitionDuration) > 0.01 || (animationName !== 'none' && longest(animationDuration) > 0.01);
      })
      .map((e) => `${e.tagName}.${e.getAttribute('class')}`),
  }));
  await close();
  return found;
}

await check('nothing moves for a reader who asked for less motion', async () => {
  const usual = await moving('no-preference');
  assert.ok(usual.durations.length > 0, 'usually something moves');
  assert.deepEqual(await moving('reduce'), { animations: [], scroll: 'auto', durations: [] });
});

/** What reaches beyond the right edge without a box of its own that scrolls. */
function wideElements(page) {
  return page.evaluate(() => {
    const edge = document.documentElement.clientWidth;
    return [...document.querySelectorAll('body *')]
      .filter((e) => e.getBoundingClientRect().right > edge + 1 && !e.closest('.table-scroll, .diagram-box, pre'))
      .slice(0, 5)
      .map((e) => `${e.tagName}.${e.className} ${Math.round(e.getBoundingClientRect().right)}`)
      .join('; ');
  });
}

async function shoot(page, name) {
  await page.evaluate(() => window.scrollTo(0, 0));
  await page.waitForTimeout(150);
  await page.screenshot({ path: path.join(shots, `${name}.png`), fullPage: true });
  await page.screenshot({ path: path.join(shots, `${name}.top.png`) });
  for (const part of ['.lab-head', '.step-predict', '.step-run', '.step-compare', '.step-explain', '.step-fix']) {
    await page.locator(part).screenshot({ path: path.join(shots, `${name}${part}.png`) });
  }
}

await browser.close();
server.close();
process.stdout.write(failures.length === 0 ? 'all checks held\n' : `${failures.length} failed\n`);
if (reportAt !== -1)
  writeFileSync(process.argv[reportAt + 1], JSON.stringify({ passed: held, failed: failures.length }));
process.exitCode = failures.length === 0 ? 0 : 1;
