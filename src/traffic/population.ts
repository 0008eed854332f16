import { ADDRESS_HEADER, CUSTOMER_HEADER, type Population } from '../protocol/trafficWorker';

/** What a request says of who sends it. */
export interface Person {
  readonly address: string;
  readonly customer: string;
}

/**
 * Who client number `client` (from 0) is. Addresses are made up: networks of their own from 10.0.0.0/8 (RFC 1918), and one
 * /24 of the documentation range (RFC 5737) for those who share a router. `sendsAtWill`: a client may have any number of
 * requests in flight, and the big customer is one of them (senderOf); else it is every second client.
 */
export function personOf(client: number, population: Population, sendsAtWill = false): Person {
  const own = { address: ownAddress(client), customer: `customer-${client + 1}` };
  switch (population) {
    case 'spread':
      return own;
    case 'nat':
      // A router with many addresses: nginx's ip_hash sees the first three octets only.
      return { ...own, address: `203.0.113.${1 + (client % 254)}` };
    case 'skewed':
      return (sendsAtWill ? client === 0 : client % 2 === 0)
        ? { address: '203.0.113.7', customer: 'customer-big' }
        : own;
  }
}

/**
 * Which of `clients` sends request number `index`, both from 0, where clients can send at will: they take turns, and the
 * big customer (number 0) sends every second request over the connection that it has.
 */
export function senderOf(index: number, clients: number, population: Population | null): number {
  if (population !== 'skewed' || clients === 1) return index % clients;
  return index % 2 === 0 ? 0 : 1 + (Math.floor(index / 2) % (clients - 1));
}

export function headersOf({ address, customer }: Person): Readonly<Record<string, string>> {
  return { [ADDRESS_HEADER]: address, [CUSTOMER_HEADER]: customer };
}

/** A network for each client, neighbours far apart: 40503 is odd, so that no two of the first 65,536 share one. */
function ownAddress(client: number): string {
  const network = (client * 40_503) & 0xffff;
  return `10.${network >>> 8}.${network & 0xff}.${2 + (client % 250)}`;
}
