import { type Message, message } from '../base/message';

/** A message type of a .proto as plain data: what checks, annotates and shows a message, without the protobuf library. */
export interface MessageShape {
  readonly name: string;
  /** In the order of the .proto. */
  readonly fields: readonly FieldShape[];
}

export interface FieldShape {
  readonly name: string;
  readonly number: number;
  readonly isList: boolean;
  readonly type: FieldType;
}

export type FieldType =
  | { readonly kind: 'string' | 'int32' | 'double' | 'bool' }
  /** Numbers by name. */
  | { readonly kind: 'enum'; readonly values: Readonly<Record<string, number>> }
  | { readonly kind: 'message'; readonly shape: MessageShape };

/** Names and indexes from the message down to a value. */
export type FieldPath = readonly (string | number)[];

export interface MessageFault {
  readonly path: FieldPath;
  readonly message: Message;
}

const INT32 = { min: -(2 ** 31), max: 2 ** 31 - 1 };
const LONGEST_QUOTE = 24;

/**
 * Everything that keeps a JSON value from being a message of this type; empty: it is one. Names as in the .proto, enums by
 * name; a field that is absent has its default, as in proto3. Nothing is converted: the text "7" is no number.
 */
export function checkMessage(shape: MessageShape, value: unknown): readonly MessageFault[] {
  const faults: MessageFault[] = [];
  checkObject(shape, value, [], (path, text) => faults.push({ path, message: text }));
  return faults;
}

type Report = (path: FieldPath, text: Message) => void;

function checkObject(shape: MessageShape, value: unknown, path: FieldPath, report: Report): void {
  if (!isObject(value)) {
    report(path, message('“{field}” must be an object, not {value}.', told(path, value)));
    return;
  }
  for (const [name, part] of Object.entries(value)) {
    const field = shape.fields.find((candidate) => candidate.name === name);
    const at = [...path, name];
    if (field === undefined) {
      const known = shape.fields.map((candidate) => candidate.name).join(', ');
      report(
        at,
        message('“{field}” is no field of {type}; it has: {known}.', { ...told(at), type: shape.name, known }),
      );
    } else if (!field.isList) checkValue(field.type, part, at, report);
    else if (!Array.isArray(part)) report(at, message('“{field}” must be a list, not {value}.', told(at, part)));
    else for (const [index, element] of part.entries()) checkValue(field.type, element, [...at, index], report);
  }
}

function checkValue(type: FieldType, value: unknown, path: FieldPath, report: Report): void {
  switch (type.kind) {
    case 'string':
      if (typeof value !== 'string') report(path, message('“{field}” must be a text, not {value}.', told(path, value)));
      return;
    case 'int32':
      if (!Number.isInteger(value) || Number(value) < INT32.min || Number(value) > INT32.max) {
        report(
          path,
          message('“{field}” must be a whole number from {min} to {max}, not {value}.', {
            ...told(path, value),
            ...INT32,
          }),
        );
      }
      return;
    case 'double':
      if (typeof value !== 'number')
        report(path, message('“{field}” must be a number, not {value}.', told(path, value)));
      return;
    case 'bool':
      if (typeof value !== 'boolean') {
        report(path, message('“{field}” must be true or false, not {value}.', told(path, value)));
      }
      return;
    case 'enum':
      if (typeof value !== 'string' || !Object.hasOwn(type.values, value)) {
        const known = Object.keys(type.values).join(', ');
        report(path, message('“{field}” must be one of {known}, not {value}.', { ...told(path, value), known }));
      }
      return;
    case 'message':
      checkObject(type.shape, value, path, report);
  }
}

/** "items[2].quantity". */
export function pathText(path: FieldPath): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`),
    '',
  );
}

function told(path: FieldPath, value?: unknown): { readonly field: string; readonly value: string } {
  const text = JSON.stringify(value) ?? '';
  return {
    field: pathText(path) || '(message)',
    value: text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text,
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
