import { AsyncLocalStorage } from 'node:async_hooks';

/** Which client is at work when a socket is made: grpc-js itself does not tell what connects for whom. */
export const workingClient = new AsyncLocalStorage<number>();
