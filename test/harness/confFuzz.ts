import fc from 'fast-check';
import { expect } from 'vitest';
import { readPlan } from '../../src/balancer/buildPlan';
import { parseConf } from '../../src/conf/parse';
import { printConf } from '../../src/conf/print';
import { anyConf, goodConf } from '../unit/conf/confText';
import { type ConfJudges, withModules } from './confVerdict';
import { type Effort, fuzz, mutate, mutationsOf } from './fuzz';

/* What must hold of the configuration reader for any text. */

const REAL = `worker_processes 1;
events { worker_connections 64; }
http {
  log_format lab '$remote_addr "$request" $status';
  upstream a { least_conn; server 127.0.0.1:8001 weight=2 max_fails=3 fail_timeout=5s; server 127.0.0.1:8002 backup; keepalive 4; }
  server {
    listen 127.0.0.1:8080 default_server; server_name ~^(?<who>\\w+)\\.example$ *.org;
    add_header X-Lab "$who $upstream_addr" always;
    location / { proxy_pass http://a; proxy_set_header Host $host; proxy_next_upstream error http_503; }
    location ^~ /files/ { alias /srv/; index a.html b.html; }
    location ~* \\.(gif|jpe?g)$ { return 404 "no $1"; }
    location = /x { return 302 https://$host$request_uri; }
  }
}
stream { upstream b { hash $remote_addr consistent; server 127.0.0.1:9001; } server { listen 127.0.0.1:9000; proxy_pass b; } }
# lab: backend one 127.0.0.1:8001
`;

const PIECES = [
  ...[';', '{', '}', '"', "'", '#', '\\', '$', '${', '$1', ' ', '\n', '\t', '\0', '\u{1F600}', '~', '=', '*', '@', '('],
  ...['server', 'upstream x {', 'include x;', 'listen 80;', 'return 200 ;', '127.0.0.1:99999', '1000000000000m', '-1'],
  ...[
    'location',
    'if ($x) {',
    'map $a $b {',
    'default',
    'weight=0',
    'max_fails=x',
    '[::1]:80',
    'unix:/x',
    '(?<x>',
    '[a-',
  ],
];

/** A file that both nginx and the balancer take, and what a few changes make of it. */
const mutatedReal = fc
  .tuple(fc.constant(REAL), mutationsOf(PIECES))
  .map(([text, mutations]) => mutate(text, mutations));

const anyText = fc.oneof(
  anyConf,
  goodConf.map(({ text }) => text),
  mutatedReal,
  fc.tuple(goodConf, mutationsOf(PIECES)).map(([{ text }, mutations]) => mutate(text, mutations)),
);

/** Reads without a throw, points into the text, prints what it read without loss, and makes a plan or says why not. */
export function confIsReadOrRefused(effort: Effort): void {
  fuzz(anyText, effort, (text) => {
    const { file, problems } = parseConf('nginx.conf', text);
    const lines = text.split('\n');
    for (const { span } of problems) {
      expect(span.line).toBeGreaterThanOrEqual(1);
      expect(span.line).toBeLessThanOrEqual(lines.length);
      expect(span.column).toBeGreaterThanOrEqual(1);
    }
    if (problems.length === 0) {
      expect(printConf(file)).toBe(text);
    }
    const plan = readPlan({ path: 'nginx.conf', text });
    if (!plan.ok) expect(plan.error.filter(({ severity }) => severity === 'error')).not.toEqual([]);
  });
}

/** What nginx takes and this balancer does not say that it does not support; anything else is a wrong refusal. */
const BY_NAME = /not supported|Supported in|not served yet/;

/** nginx refuses what the balancer refuses, and takes what it takes. */
export function nginxAgrees(effort: Effort, judges: ConfJudges): void {
  const unchanged = judges.nginx(withModules(REAL));
  expect(unchanged.good, unchanged.text).toBe(true);
  fuzz(mutatedReal, effort, (written) => {
    // What a lab's comment says is none of nginx's business.
    const text = withModules(written.replaceAll('# lab:', '# lob:'));
    const ours = judges.balancer(text);
    const theirs = judges.nginx(text);
    const both = `nginx:\n${theirs.text}\nbalancer:\n${ours.text}\nfile:\n${text}`;
    if (ours.good) expect(theirs.good, both).toBe(true);
    else if (!BY_NAME.test(ours.text)) expect(theirs.good, both).toBe(false);
  });
}
