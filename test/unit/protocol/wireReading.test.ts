import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadMessagesService, type MessagesService } from '../../../src/protocol/messagesService';
import { readWire } from '../../../src/protocol/wireReading';

let service: MessagesService;
beforeAll(async () => {
  service = await loadMessagesService();
});

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const sample = fc.record(
  { offset_ms: int32, temperature_celsius: fc.double(), revolutions_per_minute: int32, overheated: fc.boolean() },
  { requiredKeys: [] },
);
const telemetry = fc.record(
  {
    device: fc.string({ unit: 'binary' }),
    interval_ms: int32,
    samples: fc.array(sample, { maxLength: 4 }),
    calibration: fc.array(fc.double(), { maxLength: 4 }),
  },
  { requiredKeys: [] },
);

describe('protobuf read byte by byte', () => {
  it('loses no byte: all parts in order are the message', () => {
    fc.assert(
      fc.property(telemetry, (message) => {
        const bytes = service.definition.EchoTelemetry.requestSerialize(message);
        const parts = readWire(bytes, service.shapes.telemetry);
        expect(parts.map((part) => part.tag + part.length + part.value).join('')).toBe(bytes.toString('hex'));
        expect(parts.filter((part) => part.depth === 1).every((part) => !part.field.startsWith('?'))).toBe(true);
      }),
    );
  });

  it('names fields, wire types and values', () => {
    const bytes = service.definition.EchoUser.requestSerialize({
      id: 150,
      name: '김',
      newsletter: true,
      role: 'CLERK',
    });
    expect(readWire(bytes, service.shapes.user)).toEqual([
      { depth: 0, field: 'id', number: 1, wireType: 'VARINT', tag: '08', length: '', value: '9601', text: '150' },
      { depth: 0, field: 'name', number: 2, wireType: 'LEN', tag: '12', length: '03', value: 'eab980', text: '"김"' },
      {
        depth: 0,
        field: 'newsletter',
        number: 5,
        wireType: 'VARINT',
        tag: '28',
        length: '',
        value: '01',
        text: 'true',
      },
      { depth: 0, field: 'role', number: 6, wireType: 'VARINT', tag: '30', length: '', value: '02', text: 'CLERK' },
    ]);
  });

  it('goes into messages and packed lists; a negative number takes ten bytes', () => {
    const bytes = service.definition.EchoTelemetry.requestSerialize({
      interval_ms: -1,
      samples: [{ overheated: true }],
      calibration: [0.5, 1.5],
    });
    expect(readWire(bytes, service.shapes.telemetry).map(({ depth, field, text }) => [depth, field, text])).toEqual([
      [0, 'interval_ms', '-1'],
      [0, 'samples', ''],
      [1, 'overheated', 'true'],
      [0, 'calibration', '[0.5, 1.5]'],
    ]);
    expect(readWire(bytes, service.shapes.telemetry)[0]?.value).toHaveLength(20);
  });

  it('shows a field that the .proto does not have, and refuses what is cut off', () => {
    expect(readWire(Uint8Array.of(0x78, 0x01), service.shapes.user)).toMatchObject([{ field: '? 15', text: '' }]);
    expect(() => readWire(Uint8Array.of(0x12, 0x05, 0x41), service.shapes.user)).toThrow('ends in the middle');
    expect(() => readWire(Uint8Array.of(0x08, 0x80), service.shapes.user)).toThrow('does not end');
    expect(() => readWire(Uint8Array.of(0x0b), service.shapes.user)).toThrow('Wire type 3');
  });
});
