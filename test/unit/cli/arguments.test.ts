import { describe, expect, it } from 'vitest';
import { parseArguments, UsageError } from '../../../src/cli/arguments';

describe('lab run', () => {
  it('reads arms, numbers and switches', () => {
    const request = parseArguments([
      ...['run', 'grpc-pinning', '--arm', 'grpc-l4', '--arm', 'grpc-l7', '--requests', '3000'],
      ...['--clients', '2', '--rate', '0', '--seed', '7', '--json'],
    ]);
    expect(request).toMatchObject({
      command: 'run',
      lab: 'grpc-pinning',
      arms: ['grpc-l4', 'grpc-l7'],
      params: { requests: 3000, clients: 2, rate: null },
      seed: 7,
      json: true,
    });
  });

  it('leaves what is not said to the lab', () => {
    expect(parseArguments(['run', 'x'])).toMatchObject({ arms: [], params: {}, seed: null, json: false, conf: null });
  });

  it.each([
    [[]],
    [['walk', 'x']],
    [['run']],
    [['run', 'x', 'y']],
    [['list', 'x']],
    [['run', 'x', '--requests', '0']],
    [['run', 'x', '--requests', '1e3']],
    [['run', 'x', '--concurrency', '1001']],
    [['run', 'x', '--clients', '-1']],
    [['run', 'x', '--rate', 'fast']],
    [['run', 'x', '--colour']],
  ])('refuses %j as written wrongly', (argv) => {
    expect(() => parseArguments(argv)).toThrow(UsageError);
  });
});

describe('lab check', () => {
  it('reads the lab, the exercise and its switches', () => {
    expect(parseArguments(['check', 'grpc-pinning', 'spread-grpc', '--seed', '7', '--json'])).toEqual({
      command: 'check',
      lab: 'grpc-pinning',
      exercise: 'spread-grpc',
      conf: null,
      seed: 7,
      json: true,
    });
  });

  it.each([
    [['check']],
    [['check', 'x']],
    [['check', 'x', 'y', 'z']],
    [['check', 'x', 'y', '--arm', 'a']],
    [['check', 'x', 'y', '--requests', '5']],
    [['check', 'x', 'y', '--seed', 'z']],
  ])('refuses %j as written wrongly', (argv) => {
    expect(() => parseArguments(argv)).toThrow(UsageError);
  });
});
