import { afterEach, describe, expect, it, vi } from 'vitest';
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

  describe('asks for a session store', () => {
    afterEach(() => vi.unstubAllEnvs());
    const storeOf = (...argv: string[]) => {
      const request = parseArguments(['run', 'x', ...argv]);
      return request.command === 'run' ? request.store : undefined;
    };

    it('by --redis: an address, the lab’s own, or what the machine has', () => {
      expect(storeOf('--redis', 'redis://127.0.0.1:6379')).toEqual({ kind: 'url', url: 'redis://127.0.0.1:6379' });
      expect(storeOf('--redis', 'built-in')).toEqual({ kind: 'built-in' });
      expect(storeOf('--redis', 'auto')).toEqual({ kind: 'auto' });
    });

    it('by the environment where --redis does not say otherwise', () => {
      vi.stubEnv('TRAFFIC_LAB_REDIS', 'redis://127.0.0.1:7000');
      expect(storeOf()).toEqual({ kind: 'url', url: 'redis://127.0.0.1:7000' });
      expect(storeOf('--redis', 'built-in')).toEqual({ kind: 'built-in' });
      vi.stubEnv('TRAFFIC_LAB_REDIS', '');
      expect(storeOf()).toBeNull();
    });
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
      file: null,
      seed: 7,
      store: null,
      json: true,
    });
    expect(parseArguments(['check', 'x', 'y', '--redis', 'built-in'])).toMatchObject({ store: { kind: 'built-in' } });
  });

  it('takes the file of a configuration or of a message, not of both', () => {
    const kindOf = (...argv: string[]) => {
      const request = parseArguments(['check', 'x', 'y', ...argv]);
      return request.command === 'check' ? request.file?.kind : undefined;
    };
    expect(kindOf('--conf', 'mine.nginx.conf')).toBe('conf');
    expect(kindOf('--message', 'mine.json')).toBe('message');
    expect(() => kindOf('--conf', 'a', '--message', 'b')).toThrow(UsageError);
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
