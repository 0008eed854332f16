import type { MethodDefinition, ServiceDefinition } from '@grpc/proto-loader';
import type { Enum, Root, Type } from 'protobufjs';
import type { FieldShape, FieldType, MessageShape } from './messageShape';
import messagesProto from './messages.proto';

/** What clients and servers of the lab say to each other: the messages service as JSON objects and as gRPC. */

/** The kinds of message that are answered with themselves: as lab.yaml and REST paths name them. */
export const MESSAGE_KINDS = ['user', 'order', 'telemetry'] as const;
export type MessageKind = (typeof MESSAGE_KINDS)[number];

/** A server takes no longer JSON body than this, bytes. */
export const MAX_MESSAGE_BYTES = 64 * 1024;

/** By kind: the message type of the .proto, and the method that echoes it. */
export const MESSAGE_TYPES = {
  user: { type: 'User', method: 'EchoUser' },
  order: { type: 'Order', method: 'EchoOrder' },
  telemetry: { type: 'Telemetry', method: 'EchoTelemetry' },
} as const satisfies Record<MessageKind, { readonly type: string; readonly method: string }>;

export interface Note {
  readonly from: string;
  readonly number: number;
  readonly text: string;
}

// A type, not an interface: grpc-js wants an index signature, which only aliases have implicitly.
export type MessagesDefinition = {
  readonly EchoUser: MethodDefinition<object, object>;
  readonly EchoOrder: MethodDefinition<object, object>;
  readonly EchoTelemetry: MethodDefinition<object, object>;
  readonly Watch: MethodDefinition<{ messages: number; every_ms: number }, Note>;
  readonly Chat: MethodDefinition<Note, Note>;
};

export interface MessagesService {
  readonly definition: MessagesDefinition;
  /** The types of the messages, as plain data. */
  readonly shapes: Readonly<Record<MessageKind, MessageShape>>;
  /**
   * What a client that checks types says of a value before it encodes it (protobuf.js: Type.verify); null: nothing is
   * wrong. Enums as numbers or by name.
   */
  verify(kind: MessageKind, value: object): string | null;
}

/** Compiles the .proto. Loads the protobuf library only when called. */
export async function loadMessagesService(): Promise<MessagesService> {
  const [{ default: protobuf }, { fromJSON }] = await Promise.all([import('protobufjs'), import('@grpc/proto-loader')]);
  const { root } = protobuf.parse(messagesProto, { keepCase: true });
  root.resolveAll();
  const name = 'lab.messages.v1.Messages';
  const definition = fromJSON(root.toJSON(), { keepCase: true, enums: String })[name];
  if (definition === undefined || 'format' in definition) throw new Error(`No service ${name} in its .proto`);
  const typeOf = (kind: MessageKind): Type => root.lookupType(`lab.messages.v1.${MESSAGE_TYPES[kind].type}`);
  return {
    definition: definition as ServiceDefinition as unknown as MessagesDefinition,
    shapes: { user: shapeOf(typeOf('user')), order: shapeOf(typeOf('order')), telemetry: shapeOf(typeOf('telemetry')) },
    verify: (kind, value) => typeOf(kind).verify(withEnumNumbers(shapeOf(typeOf(kind)), value)),
  };
}

function shapeOf(type: Type): MessageShape {
  return {
    name: type.name,
    fields: type.fieldsArray.map((field): FieldShape => {
      const { name, id, repeated, resolvedType } = field.resolve();
      return { name, number: id, isList: repeated, type: typeOf(field.type, resolvedType) };
    }),
  };
}

function typeOf(name: string, resolved: Type | Enum | Root | null): FieldType {
  if (resolved !== null && 'values' in resolved) return { kind: 'enum', values: resolved.values };
  if (resolved !== null && 'fieldsArray' in resolved) return { kind: 'message', shape: shapeOf(resolved) };
  if (name === 'string' || name === 'int32' || name === 'double' || name === 'bool') return { kind: name };
  throw new Error(`Messages of the labs have no fields of type ${name}`);
}

/** JSON tells an enum by name, protobuf by number. What is no enum value stays as it is. */
function withEnumNumbers(shape: MessageShape, value: object): { [name: string]: unknown } {
  return Object.fromEntries(
    Object.entries(value).map(([name, part]: [string, unknown]) => {
      const type = shape.fields.find((field) => field.name === name)?.type;
      const convert = (one: unknown): unknown => {
        if (type?.kind === 'enum' && typeof one === 'string') return type.values[one] ?? one;
        if (type?.kind === 'message' && typeof one === 'object' && one !== null) {
          return withEnumNumbers(type.shape, one);
        }
        return one;
      };
      return [name, Array.isArray(part) ? part.map(convert) : convert(part)];
    }),
  );
}
