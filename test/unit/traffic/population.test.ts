import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { personOf } from '../../../src/traffic/population';

const clients = fc.uniqueArray(fc.integer({ min: 0, max: 65_535 }), { minLength: 2, maxLength: 50 });
const networkOf = (address: string): string => address.split('.').slice(0, 3).join('.');

describe('who the clients are', () => {
  it('spread: every client has a network and a name of its own', () => {
    fc.assert(
      fc.property(clients, (numbers) => {
        const people = numbers.map((client) => personOf(client, 'spread'));
        expect(new Set(people.map(({ address }) => networkOf(address))).size).toBe(numbers.length);
        expect(new Set(people.map(({ customer }) => customer)).size).toBe(numbers.length);
      }),
    );
  });

  it('nat: all share one /24, each still itself', () => {
    fc.assert(
      fc.property(clients, (numbers) => {
        const people = numbers.map((client) => personOf(client, 'nat'));
        expect(new Set(people.map(({ address }) => networkOf(address)))).toEqual(new Set(['203.0.113']));
        expect(new Set(people.map(({ customer }) => customer)).size).toBe(numbers.length);
      }),
    );
  });

  it('skewed: every second client is the one big customer, the others are spread', () => {
    const people = Array.from({ length: 100 }, (_, client) => personOf(client, 'skewed'));
    const big = people.filter(({ customer }) => customer === 'customer-big');
    expect(big).toHaveLength(50);
    expect(new Set(big.map(({ address }) => address)).size).toBe(1);
    expect(new Set(people.map(({ address }) => networkOf(address))).size).toBe(51);
  });

  it('writes IPv4 addresses only', () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.constantFrom('spread', 'nat', 'skewed'), (client, population) => {
        const octets = personOf(client, population).address.split('.').map(Number);
        expect(octets).toHaveLength(4);
        expect(octets.every((octet) => Number.isInteger(octet) && octet >= 0 && octet <= 255)).toBe(true);
      }),
    );
  });
});
