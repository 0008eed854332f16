// The balancer beside nginx, HAProxy and the npm proxies, in interleaved rounds on one machine: what counts are the ratios.
// Everything runs at once on the same cores: load, proxy and server. Writes what BENCHMARKS.md is made of.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { median, print, printTable } from '../report.mjs';
import { grpcLoad, http1Load } from './load.mjs';
import * as run from './processes.mjs';

const SECONDS = Number(process.env.SECONDS ?? 3);
/** Under load before it is measured: what runs in V8 is compiled by then, its own and that of the npm proxies alike. */
const WARM_SECONDS = Number(process.env.WARM_SECONDS ?? 6);
const PARTS = (process.env.PARTS ?? 'http1,grpc,l4,memory').split(',');
const BASE = 17_800;
const PORTS = { pages: BASE, calls: BASE + 1, files: BASE + 2, front: BASE + 10 };
const connections = fileURLToPath(new URL('./connections.mjs', import.meta.url));
const OURS = 'this balancer';

const pages = (port) => `upstream pages { server 127.0.0.1:${PORTS.pages}; keepalive 64; }
  server { listen 127.0.0.1:${port}; keepalive_requests 100000000; client_max_body_size 0; proxy_request_buffering off; proxy_buffering off;
    location / { proxy_pass http://pages; proxy_http_version 1.1; proxy_set_header Connection ""; }
    location /files/ { proxy_pass http://127.0.0.1:${PORTS.files}/; } }`;
const calls = (port) => `upstream calls { server 127.0.0.1:${PORTS.calls}; keepalive 64; }
  server { listen 127.0.0.1:${port} http2; keepalive_requests 100000000; location / { grpc_pass grpc://calls; } }`;
const httpConf = (inside, extra = '') =>
  `events { worker_connections 19000; }\nhttp { access_log off; ${extra}\n${inside} }\n`;
const streamConf = (port, to) =>
  `events { worker_connections 19000; }\nstream { server { listen 127.0.0.1:${port}; proxy_pass 127.0.0.1:${to}; } }\n`;
const haproxyConf = (mode, port, to) => `defaults
  mode ${mode}
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend front
  bind 127.0.0.1:${port}
  default_backend back
backend back
  server one 127.0.0.1:${to}`;

/** Runs each contender in turn, round after round, and gives the medians of every figure by contender. */
async function rounds(count, contenders, measure) {
  const figures = new Map(contenders.map(({ name }) => [name, []]));
  let port = PORTS.front;
  for (let round = -1; round < count; round++) {
    // Another order each time, so that nobody always follows the same one.
    const order = contenders.map((_, i) => contenders[(i + Math.max(0, round)) % contenders.length]);
    for (const { name, start } of order) {
      port = port >= PORTS.front + 80 ? PORTS.front : port + 1;
      const server = await start(port);
      try {
        // The first round is for warming up the machine.
        await measure(port, round < 0 ? 1 : WARM_SECONDS);
        if (round < 0) continue;
        const before = run.cpuSeconds(server.pid);
        const figure = await measure(port, SECONDS);
        const used = run.cpuSeconds(server.pid) - before;
        // What others on the machine do changes the speed, but hardly this.
        figures.get(name).push({ ...figure, perCpuSecond: (figure.perSecond * SECONDS) / used });
      } finally {
        await server.stop();
      }
    }
  }
  return new Map(
    [...figures].map(([name, all]) => [
      name,
      Object.fromEntries(Object.keys(all[0]).map((key) => [key, median(all.map((each) => each[key]))])),
    ]),
  );
}

const number = (value) => Math.round(value).toLocaleString('en');
const ratio = (a, b) => (a / b).toFixed(2);

export async function benchBalancer(count) {
  const { nginx, haproxy, wrk, h2load } = run;
  for (const [name, found] of Object.entries({ nginx, haproxy, wrk, h2load })) {
    if (found === null)
      throw new Error(`${name} is needed (Debian: nginx with libnginx-mod-stream, haproxy, wrk, nghttp2-client)`);
  }
  const peers = await run.installPeers();
  print(`${run.versions(peers).join('\n')}\n`);
  const gigabyte = run.zeros(1024 ** 3);
  const chunk = run.zeros(8 * 1024 ** 2);
  const backends = await run.startNginx(
    httpConf(
      `server { listen 127.0.0.1:${PORTS.pages}; default_type application/json; return 200 '{"id":1,"name":"a","tags":["x","y"]}'; }
       server { listen 127.0.0.1:${PORTS.calls} http2; default_type application/grpc; location / { return 200 "12345"; } }
       server { listen 127.0.0.1:${PORTS.files}; sendfile on; root ${gigabyte.folder}; client_max_body_size 0;
         location /sink { proxy_pass http://127.0.0.1:${PORTS.pages}; } }`,
      'keepalive_requests 100000000; client_body_temp_path sink; proxy_temp_path proxied; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;',
    ),
    PORTS.pages,
  );
  try {
    if (PARTS.includes('http1')) await http1(count, peers);
    if (PARTS.includes('grpc')) await grpc(count);
    if (PARTS.includes('l4')) await l4(count, chunk);
    if (PARTS.includes('memory')) await memory(gigabyte);
  } finally {
    await backends.stop();
  }
}

const temporary =
  'client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;';

async function http1(count, peers) {
  const peer = (name, file) => ({ name, start: (port) => run.startPeer(peers, file, port, PORTS.pages) });
  const found = await rounds(
    count,
    [
      { name: 'nginx', start: (port) => run.startNginx(httpConf(pages(port), temporary), port) },
      { name: OURS, start: (port) => run.startBalancer(httpConf(pages(port)), port) },
      { name: 'HAProxy', start: (port) => run.startHaproxy(haproxyConf('http', port, PORTS.pages), port) },
      peer('http-proxy-3', 'http-proxy-3'),
      peer('fast-proxy', 'fast-proxy'),
      peer('@fastify/http-proxy', 'fastify-http-proxy'),
    ],
    (port, seconds) => http1Load(port, { seconds }),
  );
  const nginx = found.get('nginx');
  print('HTTP/1.1, 64 keep-alive connections, small JSON');
  printTable(
    [...found].map(([name, { perSecond, p99Ms, perCpuSecond }]) => [
      `  ${name}`,
      `${number(perSecond)}/s, p99 ${p99Ms.toFixed(2)} ms`,
      `${ratio(perSecond, nginx.perSecond)} of nginx, p99 ${ratio(p99Ms, nginx.p99Ms)}; ` +
        `per second of its own processor time ${number(perCpuSecond)}, ${ratio(perCpuSecond, nginx.perCpuSecond)}`,
    ]),
  );
  const fastest = Math.max(
    ...['http-proxy-3', 'fast-proxy', '@fastify/http-proxy'].map((name) => found.get(name).perSecond),
  );
  print(`  ${ratio(found.get(OURS).perSecond, fastest)} times the fastest npm proxy\n`);
}

async function grpc(count) {
  const message = path.join(run.zeros(16).folder, 'message');
  fs.writeFileSync(message, Buffer.concat([Buffer.from([0, 0, 0, 0, 32]), Buffer.alloc(32, 1)]));
  const found = await rounds(
    count,
    [
      { name: 'nginx', start: (port) => run.startNginx(httpConf(calls(port), temporary), port) },
      { name: OURS, start: (port) => run.startBalancer(httpConf(calls(port)), port) },
    ],
    (port, seconds) => grpcLoad(port, message, { seconds }),
  );
  const nginx = found.get('nginx');
  print('gRPC unary, 4 connections of 50 streams');
  printTable(
    [...found].map(([name, { perSecond, perCpuSecond, failed }]) => [
      `  ${name}`,
      `${number(perSecond)}/s`,
      `${ratio(perSecond, nginx.perSecond)} of nginx; per second of its own processor time ${number(perCpuSecond)}, ` +
        `${ratio(perCpuSecond, nginx.perCpuSecond)}${failed > 0 ? `; ${failed} failed in a round` : ''}`,
    ]),
  );
  print();
}

async function l4(count, chunk) {
  const found = await rounds(
    count,
    [
      {
        name: 'HAProxy',
        start: (port) => l4Pair(port, (front, to) => run.startHaproxy(haproxyConf('tcp', front, to), front)),
      },
      { name: OURS, start: (port) => l4Pair(port, (front, to) => run.startBalancer(streamConf(front, to), front)) },
      { name: 'nginx', start: (port) => l4Pair(port, (front, to) => run.startNginx(streamConf(front, to), front)) },
    ],
    async (port, seconds) => {
      const bulk = await http1Load(port, { connections: 8, seconds, path: `/${chunk.name}` });
      const fresh = await http1Load(port + 100, {
        connections: 32,
        seconds,
        headers: ['Connection: close'],
        failuresAllowed: true,
      });
      return { mbPerSecond: bulk.mbPerSecond, perSecond: fresh.perSecond };
    },
  );
  const haproxy = found.get('HAProxy');
  print('L4: 8 connections with bulk; new connections, 32 at a time, one small answer each');
  printTable(
    [...found].map(([name, { mbPerSecond, perSecond, perCpuSecond }]) => [
      `  ${name}`,
      `${number(mbPerSecond)} MB/s, ${number(perSecond)} connections/s`,
      `${ratio(mbPerSecond, haproxy.mbPerSecond)} and ${ratio(perSecond, haproxy.perSecond)} of HAProxy; ` +
        `connections per second of its own processor time ${ratio(perCpuSecond, haproxy.perCpuSecond)}`,
    ]),
  );
  print();
}

/** One proxy in front of the files, one in front of the pages. */
async function l4Pair(port, start) {
  const servers = [await start(port, PORTS.files), await start(port + 100, PORTS.pages)];
  return { pid: servers[1].pid, stop: () => Promise.all(servers.map((server) => server.stop())) };
}

async function memory(gigabyte) {
  const port = PORTS.front + 90;
  const conf = httpConf(pages(port));
  const idle = await run.startBalancer(conf, port);
  const before = run.memory(idle.pid).now;
  const clients = spawn(process.execPath, [connections, 'idle', String(port), '10000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await Promise.race([once(clients.stdout, 'data'), once(clients, 'exit')]);
  const held = run.memory(idle.pid).now;
  clients.kill();
  await once(clients, 'exit');
  await idle.stop();
  const rows = [['  10,000 idle keep-alive connections', `${held.toFixed(0)} MB`, `${before.toFixed(0)} MB before`]];
  for (const [what, args] of [
    ['1 GiB down', ['download', String(port), `/files/${gigabyte.name}`]],
    ['1 GiB up', ['upload', String(port), '/files/sink', String(1024 ** 3)]],
  ]) {
    const server = await run.startBalancer(conf, port);
    const start = run.memory(server.pid).now;
    const [status, received] = (await run.output(process.execPath, [connections, ...args])).trim().split(' ');
    const { peak } = run.memory(server.pid);
    await server.stop();
    rows.push([
      `  ${what}`,
      `${peak.toFixed(0)} MB at most`,
      `${start.toFixed(0)} MB before; status ${status}, ${received} bytes back`,
    ]);
  }
  print('Memory (resident)');
  printTable(rows);
  print();
}
