import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { renderMessage } from '../../../src/base/message';
import { topologyOf } from '../../../src/lab/armWiring';
import { understandConf, withAddedServer, withDrained } from '../../../src/lab/labConf';
import type { ArmDefinition, LabDefinition } from '../../../src/lab/labDefinition';
import { labNamed } from '../../harness/labs';

const file = 'labs/traffic-lab/grpc-pinning/l7.nginx.conf';
const good = readFileSync(file, 'utf8');
let lab: LabDefinition;
let arm: ArmDefinition;
beforeAll(async () => {
  lab = await labNamed('grpc-pinning');
  const found = lab.arms.find((candidate) => candidate.id === 'grpc-l7');
  if (found === undefined) throw new Error('no arm grpc-l7');
  arm = found;
});

function problemsOf(text: string): string[] {
  const understood = understandConf(lab, arm, file, text);
  return understood.ok ? [] : understood.error.map((one) => `${one.span.line}: ${renderMessage(one.message)}`);
}

describe('the configuration of an arm', () => {
  it('says which servers take part, and where', () => {
    const understood = understandConf(lab, arm, file, good);
    if (!understood.ok) throw new Error('refused');
    expect(understood.value.wiring).toMatchObject({ layer: 'l7', listen: '127.0.0.1:28151' });
    expect(understood.value.wiring.backends.map(({ id, port }) => [id, port])).toEqual([
      ['server-a', 28201],
      ['server-b', 28202],
      ['server-c', 28203],
    ]);
    expect(topologyOf(understood.value.wiring, 'gRPC').edges.map(({ from, to }) => `${from}-${to}`)).toEqual([
      'client-balancer',
      'balancer-server-a',
      'balancer-server-b',
      'balancer-server-c',
    ]);
  });

  it.each([
    [
      'a missing semicolon',
      'keepalive 32;\n    }\n\n    upstream orders_rest',
      'keepalive 32\n    }\n\n    upstream orders_rest',
      /^14: unexpected "}"/,
    ],
    ['an unknown directive', 'worker_processes 1;', 'worker_prozesses 1;', /^2: unknown directive/],
    ['an unknown upstream', 'grpc://orders_grpc;', 'grpc://nobody;', /nobody/],
    ['a host outside the machine', '127.0.0.1:28201', 'db.example.com:28201', /db\.example\.com/],
    [
      'an address made of variables',
      'grpc_pass grpc://orders_grpc;',
      'grpc_pass grpc://$arg_to;',
      /^28: .*written out/,
    ],
    ['a server the lab does not have', 'backend server-a grpc', 'backend server-z grpc', /^10: .*server-z/],
    ['an address that is no server of the lab', '# lab: backend server-b grpc', '', /^11: .*none of the lab/],
    ['another listener', 'listen 127.0.0.1:28151 http2;', 'listen 127.0.0.1:29999 http2;', /28151/],
  ])('%s is a problem at its line', (_name, from, to, wanted) => {
    expect(good).toContain(from);
    expect(problemsOf(good.replace(from, to)).some((problem) => wanted.test(problem))).toBe(true);
  });

  it('takes a further server like the one above it', () => {
    const understood = understandConf(lab, arm, file, good);
    if (!understood.ok) throw new Error('refused');
    const { text, wiring } = withAddedServer(lab, arm, understood.value, {
      id: 'server-d',
      protocol: 'grpc',
      port: 28204,
    });
    expect(wiring.backends.map(({ id }) => id)).toContain('server-d');
    expect(text.split('\n').filter((line) => !good.split('\n').includes(line))).toEqual([
      '        server 127.0.0.1:28204 max_fails=1 fail_timeout=2s; # lab: backend server-d grpc',
    ]);
  });
});

describe('a newcomer', () => {
  it('works at once, though the server above it is drained or a backup', () => {
    for (const idle of ['down', 'backup']) {
      const last = 'server 127.0.0.1:28203 max_fails=1 fail_timeout=2s';
      const understood = understandConf(lab, arm, file, good.replace(last, `${last} ${idle}`));
      if (!understood.ok) throw new Error('refused');
      const newcomer = { id: 'server-d', protocol: 'grpc', port: 28204 };
      const { text } = withAddedServer(lab, arm, understood.value, newcomer);
      expect(text).toContain('server 127.0.0.1:28204 max_fails=1 fail_timeout=2s; # lab: backend server-d grpc');
    }
  });
});

describe('a server that is drained', () => {
  const conf = () => {
    const understood = understandConf(lab, arm, file, good);
    if (!understood.ok) throw new Error('refused');
    return understood.value;
  };

  it('gets `down` on every line of its own, and nothing else changes', () => {
    const { text } = withDrained(lab, arm, conf(), 'server-b', true);
    const changed = text.split('\n').filter((line, index) => line !== good.split('\n')[index]);
    expect(changed).toEqual([
      '        server 127.0.0.1:28202 max_fails=1 fail_timeout=2s down; # lab: backend server-b grpc',
    ]);
  });

  it('loses the mark again, and the file is what it was', () => {
    const drained = withDrained(lab, arm, conf(), 'server-b', true);
    expect(withDrained(lab, arm, drained, 'server-b', false).text).toBe(good);
  });

  it('is not marked twice', () => {
    const drained = withDrained(lab, arm, conf(), 'server-b', true);
    expect(withDrained(lab, arm, drained, 'server-b', true).text).toBe(drained.text);
  });
});
