import type { Message } from '../base/message';

/** Messages between whoever runs a lab and the thread that keeps its session store. */

/** Which store a run is to use. */
export type StoreChoice =
  /** redis-server or valkey-server where one is on PATH, else the one in the box. */
  | { readonly kind: 'auto' }
  /** The store in the box. */
  | { readonly kind: 'built-in' }
  /** A Redis of the reader's: "redis://…". */
  | { readonly kind: 'url'; readonly url: string };

/** What a store's thread starts with. */
export interface StoreStart {
  readonly choice: StoreChoice;
  /** Where the store in the box, or the program, should listen; another port where it is taken. */
  readonly port: number;
  /** Every key of the run begins with it; in a reader's own Redis they are taken away at the end. */
  readonly prefix: string;
}

/** 'close': a Redis of the reader's is left as it was found. 'kill': the store dies as a crashed process does. */
export type ToStore = { readonly type: 'kill' } | { readonly type: 'close' };

export type FromStore =
  | {
      readonly type: 'ready';
      /** For readers: "built-in", "redis-server 7.0.15", "redis://127.0.0.1:6379". */
      readonly name: string;
      /** As the client library takes it, password and all. */
      readonly url: string;
      readonly port: number;
      /** It belongs to the run, which may kill it. */
      readonly isOurs: boolean;
      /** Why it is not what was wished for; null: it is. */
      readonly note: Message | null;
    }
  | { readonly type: 'failed'; readonly code: string; readonly text: Message };
