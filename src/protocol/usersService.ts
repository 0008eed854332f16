/** What clients and servers of the lab say to each other of users: the users service as JSON objects. */

/** Users that every backend knows; their ids are "1" to this. */
export const USER_COUNT = 200;

export interface User {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly points: number;
}
