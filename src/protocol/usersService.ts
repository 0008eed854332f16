import type { MethodDefinition } from '@grpc/proto-loader';

/** What clients and servers of the lab say to each other about users. */

/** Every server of users knows these; their ids are "1" to this. */
export const USER_COUNT = 200;

/** Field names as in users.proto, in JSON too. */
export interface User {
  readonly id: string;
  readonly name: string;
  readonly city: string;
  /** Placed so far. */
  readonly orders: number;
}

export type UsersDefinition = {
  readonly GetUser: MethodDefinition<{ id: string }, User>;
};
