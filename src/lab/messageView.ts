import { gzipSync } from 'node:zlib';
import { loadMessagesService, MESSAGE_TYPES } from '../protocol/messagesService';
import type { SentMessage } from '../protocol/trafficWorker';
import type { MessageView } from '../protocol/webview';
import { readWire } from '../protocol/wireReading';

/** More parts than this tell a reader nothing new. */
const MOST_PARTS = 120;

/** A message as both protocols send it: as JSON text and as protobuf, with the bytes of each, raw and gzipped. */
export async function viewMessage({ kind, value }: SentMessage): Promise<MessageView> {
  const { definition, shapes } = await loadMessagesService();
  const json = Buffer.from(JSON.stringify(value), 'utf8');
  const protobuf = definition[MESSAGE_TYPES[kind].method].requestSerialize(value);
  const parts = readWire(protobuf, shapes[kind]);
  return {
    json: JSON.stringify(value, null, 2),
    parts: parts.slice(0, MOST_PARTS),
    partsLeftOut: Math.max(0, parts.length - MOST_PARTS),
    bytes: {
      json: json.length,
      jsonGzip: gzipSync(json).length,
      protobuf: protobuf.length,
      protobufGzip: gzipSync(protobuf).length,
    },
  };
}
