import type { FieldShape, FieldType, MessageShape } from './messageShape';

/**
 * Encoded protobuf read byte by byte, for people (protobuf.dev: Encoding). The parts follow each other without a gap: the
 * bytes of all of them, in order, are the message.
 */
export interface WirePart {
  /** 0 for the fields of the message itself, 1 for those of a message inside it. */
  readonly depth: number;
  /** Name in the .proto; "?" and the number for a field that is not in it. */
  readonly field: string;
  readonly number: number;
  readonly wireType: WireType;
  /** Two hex digits a byte, without spaces. The tag names field number and wire type. */
  readonly tag: string;
  /** How many bytes follow, of wire type LEN; else empty. */
  readonly length: string;
  /** Empty for a message: its fields are the parts that follow. */
  readonly value: string;
  /** What the value says, as JSON would write it; empty for a message. */
  readonly text: string;
}

export type WireType = 'VARINT' | 'I64' | 'LEN' | 'I32';

const WIRE_TYPES: readonly (WireType | undefined)[] = ['VARINT', 'I64', 'LEN', undefined, undefined, 'I32'];

/** Reads an encoded message of the type. Throws where the bytes are no protobuf. */
export function readWire(bytes: Uint8Array, shape: MessageShape): readonly WirePart[] {
  const parts: WirePart[] = [];
  readFields(bytes, shape, 0, parts);
  return parts;
}

function readFields(bytes: Uint8Array, shape: MessageShape | null, depth: number, parts: WirePart[]): void {
  let at = 0;
  while (at < bytes.length) {
    const tag = varint(bytes, at);
    const number = Number(tag.value >> 3n);
    const wireType = WIRE_TYPES[Number(tag.value & 7n)];
    if (wireType === undefined) throw new Error(`Wire type ${tag.value & 7n} is not used any more`);
    const known = shape?.fields.find((candidate) => candidate.number === number);
    const size = wireType === 'LEN' ? varint(bytes, tag.end) : null;
    const from = size?.end ?? tag.end;
    const to = endOf(bytes, from, wireType, size?.value ?? null);
    const inner = known?.type.kind === 'message' && wireType === 'LEN' ? known.type.shape : null;
    const value = bytes.subarray(from, to);
    parts.push({
      depth,
      field: known?.name ?? `? ${number}`,
      number,
      wireType,
      tag: hex(bytes.subarray(at, tag.end)),
      length: hex(bytes.subarray(tag.end, from)),
      value: inner === null ? hex(value) : '',
      text: inner === null ? textOf(value, wireType, known) : '',
    });
    if (inner !== null) readFields(value, inner, depth + 1, parts);
    at = to;
  }
}

function endOf(bytes: Uint8Array, from: number, wireType: WireType, length: bigint | null): number {
  const to =
    wireType === 'VARINT'
      ? varint(bytes, from).end
      : from + (length === null ? (wireType === 'I64' ? 8 : 4) : Number(length));
  if (to > bytes.length) throw new Error('The message ends in the middle of a field');
  return to;
}

function textOf(value: Uint8Array, wireType: WireType, field: FieldShape | undefined): string {
  if (field === undefined) return '';
  if (wireType !== 'LEN' || field.type.kind === 'string') return single(value, field.type);
  // Numbers of a list stand packed one behind the other.
  const elements: string[] = [];
  for (let at = 0; at < value.length; ) {
    const to = endOf(value, at, field.type.kind === 'double' ? 'I64' : 'VARINT', null);
    elements.push(single(value.subarray(at, to), field.type));
    at = to;
  }
  return `[${elements.join(', ')}]`;
}

function single(value: Uint8Array, type: FieldType): string {
  switch (type.kind) {
    case 'string':
      return JSON.stringify(new TextDecoder().decode(value));
    case 'double':
      return String(new DataView(value.buffer, value.byteOffset, 8).getFloat64(0, true));
    case 'bool':
      return String(varint(value, 0).value !== 0n);
    case 'int32':
      // Negative ones are written as 64 bits.
      return String(BigInt.asIntN(32, varint(value, 0).value));
    case 'enum': {
      const number = Number(BigInt.asIntN(32, varint(value, 0).value));
      return Object.entries(type.values).find(([, candidate]) => candidate === number)?.[0] ?? String(number);
    }
    case 'message':
      return '';
  }
}

function varint(bytes: Uint8Array, from: number): { readonly value: bigint; readonly end: number } {
  let value = 0n;
  for (let at = from, shift = 0n; shift < 70n; at += 1, shift += 7n) {
    const byte = bytes[at];
    if (byte === undefined) break;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return { value, end: at + 1 };
  }
  throw new Error('A number of the message does not end');
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
