import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderMessage } from '../../../src/base/message';
import { parseLabDefinition } from '../../../src/lab/labDefinition';

const file = 'labs/traffic-lab/grpc-pinning/lab.yaml';
const good = readFileSync(file, 'utf8');

/** "line: message" of every problem. */
function problemsOf(text: string): string[] {
  const parsed = parseLabDefinition(text, file, '.');
  return parsed.ok ? [] : parsed.error.map(({ span, message }) => `${span.line}: ${renderMessage(message)}`);
}

function lineOf(text: string, part: string): number {
  return text.slice(0, text.lastIndexOf(part)).split('\n').length;
}

describe('lab.yaml', () => {
  it('of the course is right', () => {
    expect(problemsOf(good)).toEqual([]);
  });

  it.each([
    ['a number out of bounds', 'requests: 3000', 'requests: 0', 'requests'],
    ['an unknown field', 'slots: 32', 'slots: 32, slotz: 1', 'slotz'],
    ['an unknown client', 'client: rest-keepalive', 'client: telepathy', 'client'],
    ['an arm twice', 'id: grpc-l7\n', 'id: grpc-l4\n', 'Two arms have the id “grpc-l4”.'],
    ['an arm with a store in a lab without one', 'maxConnectionAgeMs: 400', 'store: true', 'needs a store'],
    ['a listener that is not on loopback', 'listen: 127.0.0.1:28151', 'listen: 0.0.0.0:28151', 'listen'],
  ])('%s is a problem at its line', (_name, from, to, wanted) => {
    const text = good.replace(from, to);
    const problems = problemsOf(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(wanted);
    expect(problems[0]).toMatch(new RegExp(`^${lineOf(text, to)}: `));
  });

  it('tells all problems at once', () => {
    const text = good.replace('slots: 32', 'slots: -1').replace('client: grpc-client-side', 'client: none');
    expect(problemsOf(text)).toHaveLength(2);
  });

  it('broken in any way is told, never thrown', () =>
    fc.assert(
      fc.property(fc.nat(good.length), fc.nat(30), fc.string({ maxLength: 8 }), (at, cut, put) => {
        parseLabDefinition(good.slice(0, at) + put + good.slice(at + cut), file, '.');
      }),
    ));
});
