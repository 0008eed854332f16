import { expect, test } from 'vitest';
import { Catalogue } from '../../../src/backends/catalogue';
import { CATALOGUE_SIZE, ORDER_STATUSES } from '../../../src/protocol/ordersService';
import { VirtualClock } from '../../harness/virtualClock';

const catalogue = (seed = 1, clock = new VirtualClock()) => new Catalogue(seed, clock);
const tea = { sku: 'tea-green', quantity: 2 };

test('the same seed gives the same orders, another seed others', () => {
  expect(catalogue(5).list(100, 0)).toEqual(catalogue(5).list(100, 0));
  expect(catalogue(5).list(100, 0)).not.toEqual(catalogue(6).list(100, 0));
});

test('every id from 1 to the size is an order whose total is that of its items', () => {
  const orders = catalogue();
  for (let id = 1; id <= CATALOGUE_SIZE; id++) {
    const order = orders.get(String(id));
    expect(order?.total_won).toBe(order?.items.reduce((sum, item) => sum + item.quantity * item.price_won, 0));
  }
  expect(orders.get(String(CATALOGUE_SIZE + 1))).toBeNull();
});

test('a placed order can be fetched and is priced from the catalogue', () => {
  const orders = catalogue();
  const placed = orders.place({ customer: 'Minji', lines: [tea] });
  if (!placed.ok) throw new Error('refused');
  expect(placed.value).toMatchObject({ customer: 'Minji', status: 'PLACED', total_won: 17_800 });
  expect(orders.get(placed.value.id)).toEqual(placed.value);
});

test.each([
  [null, ['']],
  [[], ['']],
  [{}, ['customer', 'lines']],
  [{ customer: ' ', lines: [tea] }, ['customer']],
  [{ customer: 'Sam', lines: [] }, ['lines']],
  [{ customer: 'Sam', lines: [null] }, ['lines[0].sku', 'lines[0].quantity']],
  [{ customer: 'Sam', lines: [tea, { sku: 'gold', quantity: 1.5 }] }, ['lines[1].sku', 'lines[1].quantity']],
  [{ customer: 'Sam', lines: [{ ...tea, quantity: 0 }] }, ['lines[0].quantity']],
])('%j is refused with every fault at once', (body, fields) => {
  const placed = catalogue().place(body);
  expect(placed.ok ? [] : placed.error.map((fault) => fault.field)).toEqual(fields);
});

test('watching tells the status now, then each further one, then ends and leaves no timer', () => {
  const clock = new VirtualClock();
  const orders = catalogue(1, clock);
  const placed = orders.place({ customer: 'Sam', lines: [tea] });
  if (!placed.ok) throw new Error('refused');
  const statuses: string[] = [];
  let ended = 0;
  orders.watch(
    placed.value.id,
    (event) => statuses.push(event.status),
    () => {
      ended += 1;
    },
  );
  while (clock.step());
  expect(statuses).toEqual([...ORDER_STATUSES]);
  expect({ ended, pending: clock.pending }).toEqual({ ended: 1, pending: 0 });
});
