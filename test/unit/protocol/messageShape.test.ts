import { beforeAll, describe, expect, it } from 'vitest';
import { renderMessage } from '../../../src/base/message';
import { checkMessage, pathText } from '../../../src/protocol/messageShape';
import { loadMessagesService, type MessagesService } from '../../../src/protocol/messagesService';

let service: MessagesService;
beforeAll(async () => {
  service = await loadMessagesService();
});

const faults = (value: unknown, kind: 'user' | 'order' = 'user') =>
  checkMessage(service.shapes[kind], value).map((fault) => `${pathText(fault.path)}: ${renderMessage(fault.message)}`);

describe('checking a message against its type', () => {
  it('takes a whole message, part of one, and an empty one: proto3 has defaults', () => {
    expect(faults({ id: 1, name: '김민지', newsletter: false, role: 'ADMIN' })).toEqual([]);
    expect(faults({})).toEqual([]);
    expect(faults({ items: [{ sku: 'a', quantity: 2 }, {}], ship_to: { city: '서울' }, remarks: [] }, 'order')).toEqual(
      [],
    );
  });

  it.each<[string, unknown, string]>([
    [
      'a text for a number',
      { age: '29' },
      'age: “age” must be a whole number from -2147483648 to 2147483647, not "29".',
    ],
    ['a fraction', { age: 1.5 }, 'age: “age” must be a whole number from -2147483648 to 2147483647, not 1.5.'],
    [
      'a number beyond 32 bits',
      { id: 2 ** 31 },
      'id: “id” must be a whole number from -2147483648 to 2147483647, not 2147483648.',
    ],
    ['a number for a text', { name: 1 }, 'name: “name” must be a text, not 1.'],
    ['nothing for a text', { name: null }, 'name: “name” must be a text, not null.'],
    ['a text for true or false', { newsletter: 'yes' }, 'newsletter: “newsletter” must be true or false, not "yes".'],
    [
      'an unknown name of an enum',
      { role: 'BOSS' },
      'role: “role” must be one of ROLE_UNSPECIFIED, CUSTOMER, CLERK, ADMIN, not "BOSS".',
    ],
    [
      'an unknown field',
      { agee: 29 },
      'agee: “agee” is no field of User; it has: id, name, email, age, newsletter, role.',
    ],
    ['a list', [], ': “(message)” must be an object, not [].'],
  ])('refuses %s', (_what, value, told) => {
    expect(faults(value)).toEqual([told]);
  });

  it('names every fault by its path', () => {
    expect(faults({ items: [{}, { quantity: 'two' }], remarks: 'one', ship_to: 7 }, 'order')).toEqual([
      'items[1].quantity: “items[1].quantity” must be a whole number from -2147483648 to 2147483647, not "two".',
      'remarks: “remarks” must be a list, not "one".',
      'ship_to: “ship_to” must be an object, not 7.',
    ]);
  });

  it('agrees with what protobuf.js verifies', () => {
    expect(service.verify('user', { id: 1, role: 'ADMIN' })).toBeNull();
    expect(service.verify('user', { id: 'one' })).toBe('id: integer expected');
    expect(service.verify('order', { status: 'PAID', items: [{ sku: 'a' }] })).toBeNull();
  });
});
