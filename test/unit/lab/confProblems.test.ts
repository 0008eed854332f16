import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { renderMessage } from '../../../src/base/message';
import { confProblems, nextSpare, understandConf, withAddedServer } from '../../../src/lab/labConf';
import type { ArmDefinition, LabDefinition } from '../../../src/lab/labDefinition';
import { labNamed } from '../../harness/labs';

let lab: LabDefinition;
let arm: ArmDefinition;
let text: string;
beforeAll(async () => {
  lab = await labNamed('grpc-pinning');
  arm = lab.arms.find(({ id }) => id === 'grpc-l7') as ArmDefinition;
  text = readFileSync(path.join(lab.folder, arm.conf), 'utf8');
});

/** "severity line: message" of everything that is said of a text. */
function saidOf(edited: string): string[] {
  return confProblems(lab, arm.conf, arm.conf, edited).map(
    ({ severity, span, message }) => `${severity} ${span.line}: ${renderMessage(message)}`,
  );
}

function lineOf(part: string): number {
  return text.slice(0, text.indexOf(part)).split('\n').length;
}

describe('what is said of a lab’s configuration', () => {
  it('a warning at each line whose address was taken when the run began', () => {
    const moved = [
      { declared: '127.0.0.1:28151', actual: '127.0.0.1:40001' },
      { declared: '127.0.0.1:28202', actual: '127.0.0.1:40002' },
    ];
    const said = confProblems(lab, arm.conf, arm.conf, text, moved);
    expect(said.map(({ severity, span }) => [severity, span.line])).toEqual([
      ['warning', lineOf('server 127.0.0.1:28202')],
      ['warning', lineOf('listen 127.0.0.1:28151')],
    ]);
    expect(renderMessage(said[0]?.message ?? { text: '', args: {} })).toBe(
      '127.0.0.1:28202 was taken, so 127.0.0.1:40002 is used. Policies still see 127.0.0.1:28202.',
    );
  });

  it('nothing of the originals', () => {
    for (const file of new Set(lab.arms.map(({ conf }) => conf))) {
      expect(confProblems(lab, file, file, readFileSync(path.join(lab.folder, file), 'utf8'))).toEqual([]);
    }
  });

  it.each([
    ['listen 127.0.0.1:28151', 'listen 127.0.0.1:28299', /^error \d+: This lab sends its traffic to 127.0.0.1:28151/],
    [
      'listen 127.0.0.1:28151',
      'listen 127.0.0.1:28201',
      /^error 10: .* is this balancer itself.*\nerror \d+: This lab sends its traffic to/,
    ],
    ['listen 127.0.0.1:28151', 'listen 8.8.8.8:28151', /^error \d+: only loopback addresses/],
    ['server 127.0.0.1:28202', 'server 10.1.2.3:28202', /^error \d+: 10.1.2.3:28202 is outside the lab/],
    ['server 127.0.0.1:28202', 'server 127.0.0.1:28151', /^error \d+: 127.0.0.1:28151 is this balancer itself/],
    ['backend server-b grpc', 'backend server-x grpc', /^error \d+: The lab has no server “server-x”/],
    ['worker_processes 1', 'worker_processes 4', /^note \d+: One worker serves here/],
  ])('%s -> %s: one message, at the line', (from, to, said) => {
    const found = saidOf(text.replace(from, to));
    expect(found.join('\n')).toMatch(said);
    expect(found.some((line) => line.includes(` ${lineOf(from)}: `))).toBe(true);
    expect(new Set(found.map((line) => line.split(':')[0])).size).toBe(found.length);
  });

  it('that the servers are gone, at the upstream', () => {
    const without = text.replaceAll(/^.*lab: backend server-. grpc\n/gm, '');
    expect(saidOf(without)).toEqual([`error ${lineOf('upstream orders_grpc')}: no servers are inside upstream`]);
  });

  it('once, where several arms of one file have it', () => {
    const l4 = readFileSync(path.join(lab.folder, 'l4.nginx.conf'), 'utf8');
    const problems = confProblems(lab, 'l4.nginx.conf', 'l4.nginx.conf', l4.replaceAll('server-c', 'server-z'));
    expect(problems.map(({ span }) => span.line)).toHaveLength(2);
  });
});

describe('adding a server', () => {
  it('writes the next spare behind the last line, until there is none', () => {
    const before = understandConf(lab, arm, arm.conf, text);
    if (!before.ok) throw new Error('the original is good');
    const spare = nextSpare(lab, before.value.wiring);
    expect(spare?.id).toBe('server-d');
    if (spare === undefined) return;

    const after = withAddedServer(lab, arm, before.value, spare);

    expect(after.wiring.backends.map(({ id }) => id)).toEqual(['server-a', 'server-b', 'server-c', 'server-d']);
    expect(after.text.split('\n')).toHaveLength(text.split('\n').length + 1);
    expect(nextSpare(lab, after.wiring)).toBeUndefined();
  });

  it('is one server however many lines it has', () => {
    const line = /^.*lab: backend server-a grpc\n/m.exec(text)?.[0] ?? '';
    const twice = understandConf(lab, arm, arm.conf, text.replace(line, line + line));
    expect(twice.ok && twice.value.wiring.backends.map(({ id }) => id)).toEqual(['server-a', 'server-b', 'server-c']);
  });
});
