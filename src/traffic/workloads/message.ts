import { gunzipSync, gzipSync } from 'node:zlib';
import type { TypeCheck } from '../../measurement/findings';
import { loadMessagesService, MESSAGE_TYPES } from '../../protocol/messagesService';
import type { SentMessage, WorkloadPlan } from '../../protocol/trafficWorker';
import type { Answer, CodecMeter, Workload, WorkloadParts } from './workload';

/** Stands where a whole number belongs, to see who notices. */
const WRONG_VALUE = 'not a number';

/**
 * The same message again and again, encoded and decoded each time as a client would, so that what it costs in bytes and in
 * time is measured. Where nothing but the server checks (REST), request number 0 carries a wrong field; where the client
 * has types, such a message is checked before the first request and never sent.
 */
export function messageWorkload(
  { gzip, sent }: Extract<WorkloadPlan, { kind: 'message' }>,
  { clock, protocol }: WorkloadParts,
): Workload {
  if (sent === undefined) throw new Error('This workload needs a message to send');
  const { kind, value } = sent;
  const wrong = withWrongField(value);
  const encoding = new Mean();
  const decoding = new Mean();
  const request = new Mean();
  const response = new Mean();
  let typeCheck: TypeCheck | undefined;

  const timed = <T>(mean: Mean, work: () => T): T => {
    const from = clock.now();
    const made = work();
    mean.add((clock.now() - from) * 1000);
    return made;
  };
  const encodeJson = (object: object): Buffer => Buffer.from(JSON.stringify(object), 'utf8');
  const body = (bytes: Buffer) => ({ type: 'application/json', bytes: gzip ? gzipSync(bytes) : bytes });
  const headers = gzip && protocol === 'rest' ? { 'accept-encoding': 'gzip', 'content-encoding': 'gzip' } : {};

  const wrongCall = (wrongValue: object, field: string) => ({
    rest: {
      method: 'POST' as const,
      path: `/api/messages/${kind}`,
      body: body(encodeJson(wrongValue)),
      decodes: true,
    },
    headers,
    read: (answer: Answer) => {
      const noticed = answer.status === '400';
      const caught = noticed ? 'at run time' : 'not at all';
      typeCheck = { field, caught, by: answer.by, status: answer.status, text: noticed ? firstFault(answer) : '' };
    },
  });

  // The library compresses by itself and tells no sizes: those of what it compresses are measured once for each content.
  const gzipped = sizeOfGzipped();
  const meter: CodecMeter = {
    encoded: (encode) => {
      const bytes = timed(encoding, encode);
      request.add(gzip ? gzipped(bytes) : bytes.length);
      return bytes;
    },
    decoded: (bytes, decode) => {
      response.add(bytes.length);
      return timed(decoding, decode);
    },
  };

  return {
    prepare: async () => {
      if (protocol === 'grpc' && wrong !== null) typeCheck = await checkTypes(sent, wrong);
    },
    next: (index) => {
      if (protocol === 'grpc') {
        return { grpc: { service: 'messages', method: MESSAGE_TYPES[kind].method, request: value, meter } };
      }
      if (index === 0 && wrong !== null) return wrongCall(wrong.value, wrong.field);
      const sentBody = body(timed(encoding, () => encodeJson(value)));
      request.add(sentBody.bytes.length);
      return {
        rest: { method: 'POST', path: `/api/messages/${kind}`, body: sentBody, decodes: true },
        headers,
        read: (answer) => {
          if (answer.status !== '200' || !Buffer.isBuffer(answer.body)) return;
          response.add(answer.body.length);
          const bytes = plainBody(answer);
          timed(decoding, () => JSON.parse(bytes.toString('utf8')) as unknown);
        },
      };
    },
    findings: (wire) => ({
      ...(request.count === 0
        ? {}
        : {
            bytes: {
              request: request.value,
              response: response.value,
              onWire: wire.requestsSent === 0 ? 0 : wire.bytes / wire.requestsSent,
            },
            encodeMicros: encoding.value,
            decodeMicros: decoding.value,
          }),
      ...(typeCheck === undefined ? {} : { typeCheck }),
    }),
  };
}

/** The message with a text in the first of its fields that holds a whole number; null: it has none. */
function withWrongField(value: object): { readonly field: string; readonly value: object } | null {
  const field = Object.entries(value).find(([, part]) => Number.isInteger(part))?.[0];
  return field === undefined ? null : { field, value: { ...value, [field]: WRONG_VALUE } };
}

/** What the client's own types say, and what happens where nobody asks them: protobuf.js converts as it encodes. */
async function checkTypes(
  { kind }: SentMessage,
  { field, value }: { readonly field: string; readonly value: object },
): Promise<TypeCheck> {
  const service = await loadMessagesService();
  const said = service.verify(kind, value);
  const method = service.definition[MESSAGE_TYPES[kind].method];
  const arrived = method.responseDeserialize(method.requestSerialize(value)) as Readonly<Record<string, unknown>>;
  return {
    field,
    caught: said === null ? 'not at all' : 'before sending',
    by: 'client',
    status: null,
    text: said ?? '',
    arrivesAs: JSON.stringify(arrived[field] ?? null),
  };
}

/** What a server of the lab says of the first field it refuses. */
function firstFault(answer: Answer): string {
  if (!Buffer.isBuffer(answer.body)) return '';
  try {
    const { error } = JSON.parse(plainBody(answer).toString('utf8')) as { error?: { message?: unknown } };
    return typeof error?.message === 'string' ? error.message : '';
  } catch {
    return '';
  }
}

function plainBody(answer: Answer): Buffer {
  const bytes = Buffer.isBuffer(answer.body) ? answer.body : Buffer.alloc(0);
  return answer.header('content-encoding') === 'gzip' ? gunzipSync(bytes) : bytes;
}

function sizeOfGzipped(): (bytes: Buffer) => number {
  let last: { readonly bytes: Buffer; readonly size: number } | null = null;
  return (bytes) => {
    if (last === null || !last.bytes.equals(bytes)) last = { bytes, size: gzipSync(bytes).length };
    return last.size;
  };
}

class Mean {
  #sum = 0;
  #count = 0;

  add(value: number): void {
    this.#sum += value;
    this.#count += 1;
  }

  get count(): number {
    return this.#count;
  }

  /** 0 before the first. */
  get value(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }
}
