import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { personOf, senderOf } from '../../../src/traffic/population';

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

  it('skewed, where clients send at will: one client sends every second request and is the big customer', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 20 }), (clients) => {
        const rounds = 2 * (clients - 1);
        const senders = Array.from({ length: rounds }, (_, index) => senderOf(index, clients, 'skewed'));
        expect(senders.filter((sender) => sender === 0)).toHaveLength(rounds / 2);
        for (let client = 1; client < clients; client += 1) {
          expect(senders.filter((sender) => sender === client)).toHaveLength(1);
        }
      }),
    );
    const people = Array.from({ length: 6 }, (_, client) => personOf(client, 'skewed', true).customer);
    expect(people.filter((customer) => customer === 'customer-big')).toEqual([people[0]]);
  });

  it('any other population: the clients take turns, and one client sends everything', () => {
    for (const population of [null, 'spread', 'nat'] as const) {
      expect([0, 1, 2, 3].map((index) => senderOf(index, 3, population))).toEqual([0, 1, 2, 0]);
    }
    expect([0, 1, 2].map((index) => senderOf(index, 1, 'skewed'))).toEqual([0, 0, 0]);
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
