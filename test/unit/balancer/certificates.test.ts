import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPlan } from '../../../src/balancer/buildPlan';
import { machineFiles } from '../../../src/balancer/cli/files';
import { run } from '../../../src/balancer/cli/run';
import { renderMessage } from '../../../src/base/message';
import { certificateLines, pem, pemPath } from '../../harness/tlsClients';

/** Certificates and keys are proven when the file is read, with the line that names them. */

/** "line: message" of each error. */
function errorsOf(lines: readonly string[], files: Readonly<Record<string, string>> = {}): string[] {
  const text = lines.join('\n');
  const given = { ...machineFiles, load: (path: string) => files[path] ?? machineFiles.read(path) };
  const plan = readPlan({ path: '/conf/nginx.conf', text }, { files: given });
  return plan.ok
    ? []
    : plan.error
        .filter(({ severity }) => severity === 'error')
        .map(({ span, message }) => `${span.line}: ${renderMessage(message)}`);
}

const inServer = (...lines: string[]) => ['events { }', 'http { server {', 'listen 127.0.0.1:1 ssl;', ...lines, '} }'];
const inLocation = (...lines: string[]) => [
  'events { }',
  'http { server { listen 127.0.0.1:1; location / {',
  'proxy_pass https://127.0.0.1:2;',
  ...lines,
  '} } }',
];
const certificate = (path: string) => `ssl_certificate ${path};`;
const key = (path: string) => `ssl_certificate_key ${path};`;

describe('certificates of servers', () => {
  it('are fine where they and their keys are', () => {
    expect(errorsOf(inServer(certificateLines('localhost')))).toEqual([]);
    expect(
      errorsOf(inServer(certificate('chain.pem'), key('k.pem')), {
        '/conf/chain.pem': `${pem('a')}\n${pem('ca')}`,
        '/conf/k.pem': pem('a.key'),
      }),
    ).toEqual([]);
  });

  it('belong to their keys', () => {
    expect(errorsOf(inServer(certificate(pemPath('a')), key(pemPath('b.key'))))).toEqual([
      `5: SSL_CTX_use_PrivateKey("${pemPath('b.key')}") failed (key values mismatch)`,
    ]);
  });

  it.each([
    ['no file', 'missing.pem', /^4: cannot load "missing\.pem": No such file or directory$/],
    ['no PEM', 'text.pem', /^4: cannot load certificate "text\.pem": no start line/],
    ['a key', 'key.pem', /^4: cannot load certificate "key\.pem": no start line/],
    ['broken', 'broken.pem', /^4: cannot load certificate "broken\.pem": /],
    ['broken behind a good one', 'half.pem', /^4: cannot load certificate "half\.pem": /],
  ])('are refused: %s', (_what, path, expected) => {
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    const files = {
      '/conf/text.pem': 'hello',
      '/conf/key.pem': pem('a.key'),
      '/conf/broken.pem': broken,
      '/conf/half.pem': pem('a') + broken,
    };
    const errors = errorsOf(inServer(certificate(path), key(pemPath('a.key'))), files);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(expected);
  });

  it('need a key, and a good one', () => {
    expect(errorsOf(inServer(certificate(pemPath('a'))))).toEqual([
      `4: no "ssl_certificate_key" is defined for certificate "${pemPath('a')}"`,
    ]);
    const [error] = errorsOf(inServer(certificate(pemPath('a')), key('k.pem')), { '/conf/k.pem': pem('a') });
    expect(error).toMatch(/^5: cannot load certificate key "k\.pem": /);
  });

  it('are needed by the default server of an address of TLS only', () => {
    const two = (first: string, second: string) => [
      'events { }',
      'http {',
      `server { listen 127.0.0.1:1 ssl; ${first} }`,
      `server { listen 127.0.0.1:1; server_name b; ${second} }`,
      '}',
    ];
    const missing = ': no "ssl_certificate" is defined for the "listen ... ssl" directive';
    expect(errorsOf(two(certificateLines('a'), ''))).toEqual([]);
    expect(errorsOf(two('', certificateLines('b')))).toEqual([`3${missing}`]);
    expect(errorsOf(inServer())).toEqual([`3${missing}`]);
  });
});

it('are read for -T, but never printed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'traffic-lab-'));
  try {
    const conf = join(folder, 'nginx.conf');
    writeFileSync(conf, inServer(certificateLines('localhost')).join('\n'));
    const out: string[] = [];
    const terminal = { cwd: folder, out: (text: string) => void out.push(text), err: () => {} };
    expect(await run(['-T', '-p', folder, '-c', conf], terminal, async () => 1)).toBe(0);
    expect(out.join('')).toContain('ssl_certificate_key');
    expect(out.join('')).not.toContain('PRIVATE KEY');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

describe('TLS towards servers', () => {
  it('is proven where it is used', () => {
    expect(errorsOf(inLocation(certificateLines('client', 'proxy_ssl_')))).toEqual([]);
    expect(
      errorsOf(inLocation(`proxy_ssl_certificate ${pemPath('a')};`, `proxy_ssl_certificate_key ${pemPath('b.key')};`)),
    ).toEqual([`5: SSL_CTX_use_PrivateKey("${pemPath('b.key')}") failed (key values mismatch)`]);
    expect(errorsOf(inLocation('proxy_ssl_verify on;'))).toEqual([
      '4: no proxy_ssl_trusted_certificate for proxy_ssl_verify',
    ]);
    expect(errorsOf(inLocation('proxy_ssl_ciphers NONSENSE;'))[0]).toMatch(/^4: TLS cannot be set up: /);
  });
});
