import type { MethodDefinition, ServiceDefinition } from '@grpc/proto-loader';
import healthProto from './health.proto';
import ordersProto from './orders.proto';
import shopProto from './shop.proto';
import type { ShopDefinition } from './shopService';
import usersProto from './users.proto';
import type { UsersDefinition } from './usersService';

/** What clients and servers of the lab say to each other: the orders service as JSON objects and as gRPC. */

/** Orders in the catalogue that every backend starts with; their ids are "1" to this. */
export const CATALOGUE_SIZE = 500;

/** In the order an order passes through them. */
export const ORDER_STATUSES = ['PLACED', 'PAID', 'PACKED', 'SHIPPED', 'DELIVERED'] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];

export interface Item {
  readonly sku: string;
  readonly name: string;
  readonly quantity: number;
  readonly price_won: number;
}

/** Field names as in orders.proto, in JSON too, so that both forms of a message compare field by field. */
export interface Order {
  readonly id: string;
  readonly customer: string;
  readonly status: OrderStatus;
  readonly items: readonly Item[];
  readonly total_won: number;
}

export interface OrderEvent {
  readonly id: string;
  readonly status: OrderStatus;
}

export interface PlaceOrderRequest {
  readonly customer: string;
  readonly lines: readonly { readonly sku: string; readonly quantity: number }[];
}

export interface ChatMessage {
  readonly from: string;
  readonly text: string;
}

export interface UploadSummary {
  readonly accepted: number;
  readonly refused: number;
  readonly total_won: number;
}

// A type, not an interface: grpc-js wants an index signature, which only aliases have implicitly.
export type OrdersDefinition = {
  readonly ListOrders: MethodDefinition<{ limit: number; offset: number }, { orders: readonly Order[]; total: number }>;
  readonly GetOrder: MethodDefinition<{ id: string }, Order>;
  readonly PlaceOrder: MethodDefinition<PlaceOrderRequest, Order>;
  readonly WatchOrder: MethodDefinition<{ id: string }, OrderEvent>;
  readonly UploadOrders: MethodDefinition<PlaceOrderRequest, UploadSummary>;
  readonly Chat: MethodDefinition<ChatMessage, ChatMessage>;
};

export type HealthDefinition = {
  readonly Check: MethodDefinition<{ service: string }, { status: string }>;
};

export interface OrdersServices {
  readonly orders: OrdersDefinition;
  readonly users: UsersDefinition;
  readonly shop: ShopDefinition;
  readonly health: HealthDefinition;
}

/** Compiles the .proto files. Loads the protobuf library only when called: a REST worker never pays for it. */
export async function loadOrdersServices(): Promise<OrdersServices> {
  const [{ default: protobuf }, { fromJSON }] = await Promise.all([import('protobufjs'), import('@grpc/proto-loader')]);
  const service = (text: string, name: string): ServiceDefinition => {
    const { root } = protobuf.parse(text, { keepCase: true });
    const definition = fromJSON(root.toJSON(), { keepCase: true, enums: String, defaults: true })[name];
    if (definition === undefined || 'format' in definition) throw new Error(`No service ${name} in its .proto`);
    return definition as ServiceDefinition;
  };
  return {
    orders: service(ordersProto, 'lab.orders.v1.Orders') as unknown as OrdersDefinition,
    users: service(usersProto, 'lab.users.v1.Users') as unknown as UsersDefinition,
    shop: service(shopProto, 'lab.shop.v1.Shop') as unknown as ShopDefinition,
    health: service(healthProto, 'grpc.health.v1.Health') as unknown as HealthDefinition,
  };
}
