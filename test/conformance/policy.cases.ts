/**
 * Every policy of the registry, in each of its forms, and what is particular about it. Whatever the suite asks of all and
 * one of them does otherwise is named here, with the reason.
 */
export interface PolicyCase {
  /** Policy.name in the registry. */
  readonly policy: string;
  /** As written in the file; '' for the default, the bare name for one of the lab. */
  readonly written: string;
  readonly spread: Spread;
  /** What binds a client to a server; null: nothing. */
  readonly bindsBy: 'address' | 'key' | 'cookie' | null;
}

export interface Spread {
  /** Largest difference of a server's share from its weight's share, as a part of that share; 'exact': one request. */
  readonly within: number | 'exact';
  readonly because: string;
}

const exact: Spread = { within: 'exact', because: 'servers are taken in turn' };
const drawn: Spread = { within: 0.3, because: 'servers are drawn by lot' };

export const policyCases: readonly PolicyCase[] = [
  { policy: 'round_robin', written: '', spread: exact, bindsBy: null },
  {
    policy: 'least_conn',
    written: 'least_conn',
    spread: {
      within: 'exact',
      because: 'nothing is in flight between two requests, so that round robin breaks every tie',
    },
    bindsBy: null,
  },
  {
    policy: 'ip_hash',
    written: 'ip_hash',
    spread: { within: 0.3, because: 'a hash of few bytes below 6271 spreads networks only roughly' },
    bindsBy: 'address',
  },
  {
    policy: 'hash',
    written: 'hash $arg_k',
    spread: { within: 0.3, because: 'a hash spreads keys as a lot would' },
    bindsBy: 'key',
  },
  {
    policy: 'hash',
    written: 'hash $arg_k consistent',
    spread: { within: 0.5, because: '160 points per weight leave arcs of unequal length' },
    bindsBy: 'key',
  },
  { policy: 'random', written: 'random', spread: drawn, bindsBy: null },
  {
    policy: 'random',
    written: 'random two',
    spread: {
      within: 0.9,
      because: 'with nothing in flight the second of two different servers wins, and light ones are second more often',
    },
    bindsBy: null,
  },
  {
    policy: 'sticky',
    written: 'sticky cookie id',
    spread: { within: 'exact', because: 'clients without a cookie are spread by the policy below, here round robin' },
    bindsBy: 'cookie',
  },
  { policy: 'peak_ewma', written: 'peak_ewma', spread: drawn, bindsBy: null },
];
