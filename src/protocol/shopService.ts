import type { MethodDefinition } from '@grpc/proto-loader';
import type { Order } from './ordersService';
import { USER_COUNT, type User } from './usersService';

/** What clients and the shop say to each other: an order and who placed it, in one answer. */

/** Field names as in shop.proto, in JSON too. */
export interface Summary {
  readonly id: string;
  readonly status: string;
  readonly items: readonly { readonly name: string; readonly quantity: number }[];
  readonly total_won: number;
  readonly user: { readonly id: string; readonly name: string; readonly city: string };
}

export type ShopDefinition = {
  readonly GetSummary: MethodDefinition<{ id: string }, Summary>;
};

/** The user who placed an order: the shop's accounts are given out in turn. */
export function userIdOf(orderId: string): string {
  return String(1 + ((Number(orderId) - 1) % USER_COUNT));
}

/** The two services' answers as one: what a client needs of them. */
export function summaryOf(order: Order, user: User): Summary {
  return {
    id: order.id,
    status: order.status,
    items: order.items.map(({ name, quantity }) => ({ name, quantity })),
    total_won: order.total_won,
    user: { id: user.id, name: user.name, city: user.city },
  };
}
