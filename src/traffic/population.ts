import { ADDRESS_HEADER, CUSTOMER_HEADER, type Population } from '../protocol/trafficWorker';

/** What a request says of who sends it. */
export interface Person {
  readonly address: string;
  readonly customer: string;
}

/**
 * Who client number `client` (from 0) is. Addresses are made up: networks of their own from 10.0.0.0/8 (RFC 1918), and one
 * /24 of the documentation range (RFC 5737) for those who share a router.
 */
export function personOf(client: number, population: Population): Person {
  const own = { address: ownAddress(client), customer: `customer-${client + 1}` };
  switch (population) {
    case 'spread':
      return own;
    case 'nat':
      // A router with many addresses: nginx's ip_hash sees the first three octets only.
      return { ...own, address: `203.0.113.${1 + (client % 254)}` };
    case 'skewed':
      return client % 2 === 0 ? { address: '203.0.113.7', customer: 'customer-big' } : own;
  }
}

export function headersOf({ address, customer }: Person): Readonly<Record<string, string>> {
  return { [ADDRESS_HEADER]: address, [CUSTOMER_HEADER]: customer };
}

/** A network for each client, neighbours far apart: 40503 is odd, so that no two of the first 65,536 share one. */
function ownAddress(client: number): string {
  const network = (client * 40_503) & 0xffff;
  return `10.${network >>> 8}.${network & 0xff}.${2 + (client % 250)}`;
}
