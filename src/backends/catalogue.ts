import type { Clock } from '../base/clock';
import { type Random, seededRandom } from '../base/random';
import { err, ok, type Result } from '../base/result';
import {
  CATALOGUE_SIZE,
  type Item,
  ORDER_STATUSES,
  type Order,
  type OrderEvent,
  type OrderStatus,
  type UploadSummary,
} from '../protocol/ordersService';

const PRODUCTS = [
  { sku: 'tea-green', name: 'Green tea', price_won: 8_900 },
  { sku: 'tea-barley', name: 'Barley tea', price_won: 5_400 },
  { sku: 'cup-celadon', name: 'Celadon cup', price_won: 24_000 },
  { sku: 'pot-iron', name: 'Iron teapot', price_won: 61_000 },
  { sku: 'cookie-honey', name: 'Honey cookies', price_won: 12_500 },
  { sku: 'rice-cake', name: 'Rice cakes', price_won: 15_000 },
  { sku: 'tray-walnut', name: 'Walnut tray', price_won: 38_000 },
  { sku: 'filter-paper', name: 'Paper filters', price_won: 3_200 },
] as const;

const CUSTOMERS = ['Minji', 'Jisoo', 'Haneul', 'Dohyun', 'Seoyeon', 'Alex', 'Robin', 'Sam'] as const;

/** Time between two status changes of an order that is being watched, ms. */
const STATUS_STEP_MS = 50;
/** Orders placed beyond this push out the oldest placed one, so that a long run stays in bounded memory. */
const MAX_PLACED = 10_000;
export const MAX_LINES = 50;
export const MAX_QUANTITY = 1_000;
export const MAX_PAGE = 100;
export const DEFAULT_PAGE = 20;

/** What is wrong with an order that someone wants to place: the field and, in English as APIs speak, what it must be. */
export interface OrderFault {
  readonly field: string;
  readonly problem: string;
}

/** The orders of one backend, in memory; two backends with the same seed begin with the same ones. */
export class Catalogue {
  readonly #orders = new Map<string, Order>();
  readonly #placed: string[] = [];
  readonly #clock: Clock;
  #nextId = CATALOGUE_SIZE + 1;

  constructor(seed: number, clock: Clock) {
    this.#clock = clock;
    const random = seededRandom(seed);
    for (let id = 1; id <= CATALOGUE_SIZE; id++) {
      const order = inventOrder(String(id), random);
      this.#orders.set(order.id, order);
    }
  }

  /** A page of orders, by age. `limit` is cut to 1..100. */
  list(limit: number, offset: number): { readonly orders: readonly Order[]; readonly total: number } {
    const wanted = Math.min(MAX_PAGE, Math.max(1, limit));
    const orders: Order[] = [];
    let skipped = 0;
    for (const order of this.#orders.values()) {
      if (skipped++ < offset) continue;
      orders.push(order);
      if (orders.length === wanted) break;
    }
    return { orders, total: this.#orders.size };
  }

  get(id: string): Order | null {
    return this.#orders.get(id) ?? null;
  }

  /** Places an order, or says everything that is wrong with it. The argument comes from a client and may be anything. */
  place(raw: unknown): Result<Order, readonly OrderFault[]> {
    const read = readPlacement(raw);
    if (!read.ok) return read;
    const { customer, items } = read.value;
    const order: Order = { id: String(this.#nextId++), customer, status: 'PLACED', items, total_won: total(items) };
    this.#orders.set(order.id, order);
    this.#placed.push(order.id);
    if (this.#placed.length > MAX_PLACED) this.#orders.delete(this.#placed.shift() ?? '');
    return ok(order);
  }

  /**
   * Tells the order's status now and each further one as the order moves on, then ends (at once if it is delivered).
   * Returns null for an unknown order, else a function that stops watching.
   */
  watch(id: string, event: (event: OrderEvent) => void, ended: () => void): (() => void) | null {
    const first = this.#orders.get(id);
    if (first === undefined) return null;
    event({ id, status: first.status });
    if (nextStatus(first.status) === null) {
      ended();
      return () => {};
    }
    const timer = this.#clock.setInterval(() => {
      const order = this.#orders.get(id);
      const status = order === undefined ? null : nextStatus(order.status);
      if (order !== undefined && status !== null) {
        this.#orders.set(id, { ...order, status });
        event({ id, status });
        if (nextStatus(status) !== null) return;
      }
      timer.cancel();
      ended();
    }, STATUS_STEP_MS);
    return () => timer.cancel();
  }

  /** The order desk's answer in a chat. */
  reply(text: string): string {
    const id = /\d+/.exec(text)?.[0];
    if (id === undefined) return 'Which order is it? Please send its number.';
    const order = this.#orders.get(id);
    return order === undefined ? `There is no order ${id}.` : `Order ${id} is ${order.status.toLowerCase()}.`;
  }
}

/** Adds one placed (or refused) order to the sum of an upload. */
export function addToSummary(sum: UploadSummary, placed: Result<Order, unknown>): UploadSummary {
  return placed.ok
    ? { ...sum, accepted: sum.accepted + 1, total_won: sum.total_won + placed.value.total_won }
    : { ...sum, refused: sum.refused + 1 };
}

function nextStatus(status: OrderStatus): OrderStatus | null {
  return ORDER_STATUSES[ORDER_STATUSES.indexOf(status) + 1] ?? null;
}

function total(items: readonly Item[]): number {
  return items.reduce((sum, item) => sum + item.quantity * item.price_won, 0);
}

function inventOrder(id: string, random: Random): Order {
  const oneOf = <T>(list: readonly T[]): T => list[Math.floor(random.next() * list.length)] as T;
  const items = Array.from({ length: 1 + Math.floor(random.next() * 4) }, () => ({
    ...oneOf(PRODUCTS),
    quantity: 1 + Math.floor(random.next() * 5),
  }));
  return { id, customer: oneOf(CUSTOMERS), status: oneOf(ORDER_STATUSES), items, total_won: total(items) };
}

function readPlacement(raw: unknown): Result<{ customer: string; items: readonly Item[] }, readonly OrderFault[]> {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    return err([{ field: '', problem: 'The body must be a JSON object with customer and lines' }]);
  }
  const faults: OrderFault[] = [];
  const items: Item[] = [];
  const { customer, lines } = raw as { customer?: unknown; lines?: unknown };
  if (typeof customer !== 'string' || customer.trim() === '' || customer.length > 100) {
    faults.push({ field: 'customer', problem: 'must be a name of 1 to 100 characters' });
  }
  if (!Array.isArray(lines) || lines.length === 0 || lines.length > MAX_LINES) {
    faults.push({ field: 'lines', problem: `must be a list of 1 to ${MAX_LINES} order lines` });
  } else {
    lines.forEach((line: unknown, index) => {
      const { sku, quantity } = (typeof line === 'object' && line !== null ? line : {}) as {
        sku?: unknown;
        quantity?: unknown;
      };
      const product = PRODUCTS.find((candidate) => candidate.sku === sku);
      if (product === undefined) {
        const known = PRODUCTS.map((candidate) => candidate.sku).join(', ');
        faults.push({ field: `lines[${index}].sku`, problem: `must be one of ${known}` });
      }
      if (!Number.isInteger(quantity) || Number(quantity) < 1 || Number(quantity) > MAX_QUANTITY) {
        faults.push({ field: `lines[${index}].quantity`, problem: `must be a whole number from 1 to ${MAX_QUANTITY}` });
      } else if (product !== undefined) items.push({ ...product, quantity: Number(quantity) });
    });
  }
  return faults.length > 0 ? err(faults) : ok({ customer: String(customer), items });
}
