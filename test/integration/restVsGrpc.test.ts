import { beforeAll, describe, expect, it } from 'vitest';
import { renderMessage } from '../../src/base/message';
import { ConfProblems } from '../../src/lab/labConf';
import type { LabDefinition } from '../../src/lab/labDefinition';
import type { FinishedRun } from '../../src/lab/labRun';
import { labNamed, runArm, runOf } from '../harness/labs';

/** What the arms of the lab rest-vs-grpc must show, on real sockets: measured facts that hold for the lab's own messages. */

let lab: LabDefinition;
beforeAll(async () => {
  lab = await labNamed('rest-vs-grpc');
});

const REQUESTS = 120;

function expectWhole({ result, snapshot }: FinishedRun, requests: number): void {
  expect(result).toMatchObject({ sent: requests, answered: requests, failed: 0, inFlight: 0 });
  expect(result.counts).toEqual({ client: requests, balancer: requests, backends: requests });
  expect(snapshot.reconciliation).toMatchObject({ agree: true, differences: [] });
}

/** Each arm's bytes with one message. */
async function bytesOf(
  message: string,
): Promise<Record<string, { request: number; response: number; onWire: number }>> {
  const measured: Record<string, { request: number; response: number; onWire: number }> = {};
  for (const arm of ['rest', 'rest-gzip', 'grpc', 'grpc-gzip']) {
    const finished = await runArm(lab, arm, { requests: REQUESTS, message });
    expectWhole(finished, REQUESTS);
    const { bytes, encodeMicros = 0, decodeMicros = 0 } = finished.result;
    if (bytes === undefined) throw new Error(`${arm} measured no bytes`);
    expect(encodeMicros).toBeGreaterThan(0);
    expect(decodeMicros).toBeGreaterThan(0);
    // Headers and framing come on top of the messages, and are no message's worth each time.
    expect(bytes.onWire).toBeGreaterThan(bytes.request + bytes.response);
    expect(bytes.onWire).toBeLessThan(bytes.request + bytes.response + 900);
    expect(finished.result.message).toBe(message);
    measured[arm] = bytes;
  }
  return measured;
}

describe('the same message over both', () => {
  it('user: protobuf is smaller, and gzip makes both larger', async () => {
    const bytes = await bytesOf('user');
    expect(bytes.grpc?.request).toBeLessThan(bytes.rest?.request ?? 0);
    expect(bytes['rest-gzip']?.request).toBeGreaterThan(bytes.rest?.request ?? 0);
    expect(bytes['grpc-gzip']?.request).toBeGreaterThan(bytes.grpc?.request ?? 0);
  });

  it('order: protobuf is smaller, raw and gzipped', async () => {
    const bytes = await bytesOf('order');
    expect(bytes.grpc?.request).toBeLessThan(bytes.rest?.request ?? 0);
    expect(bytes['grpc-gzip']?.request).toBeLessThan(bytes['rest-gzip']?.request ?? 0);
    expect(bytes['rest-gzip']?.request).toBeLessThan(bytes.rest?.request ?? 0);
  });

  it('telemetry: raw protobuf is far smaller than raw JSON, and gzipped JSON is smaller than that', async () => {
    const bytes = await bytesOf('telemetry');
    expect((bytes.grpc?.request ?? 0) * 3).toBeLessThan(bytes.rest?.request ?? 0);
    expect(bytes['rest-gzip']?.request).toBeLessThan(bytes.grpc?.request ?? 0);
    expect(bytes['grpc-gzip']?.request).toBeLessThan(bytes.grpc?.request ?? 0);
    // The server of grpc-js does not compress.
    expect(bytes['grpc-gzip']?.response).toBe(bytes.grpc?.response);
    expect(bytes['rest-gzip']?.response).toBeLessThan(bytes.rest?.response ?? 0);
  });
});

describe('a wrong field', () => {
  it('REST: it is sent, and the server refuses it with the name of the field', async () => {
    const { result } = await runArm(lab, 'rest', { requests: REQUESTS });
    expect(result.typeCheck).toMatchObject({ field: 'id', caught: 'at run time', status: '400' });
    expect(result.typeCheck?.by).toMatch(/^server-[ab]$/);
    expect(result.typeCheck?.text).toContain('“id” must be a whole number');
    expect(result.outcomes.filter(({ status }) => status === '400').map(({ requests }) => requests)).toEqual([1]);
  });

  it('REST with gzip: the same', async () => {
    const { result } = await runArm(lab, 'rest-gzip', { requests: REQUESTS, message: 'telemetry' });
    expect(result.typeCheck).toMatchObject({ field: 'interval_ms', caught: 'at run time', status: '400' });
  });

  it('gRPC: the types say so before anything is sent; without them it would arrive as 0', async () => {
    const { result } = await runArm(lab, 'grpc', { requests: REQUESTS });
    expect(result.typeCheck).toEqual({
      field: 'id',
      caught: 'before sending',
      by: 'client',
      status: null,
      text: 'id: integer expected',
      arrivesAs: '0',
    });
    expect(result.outcomes.map(({ status }) => status)).toEqual(['OK', 'OK']);
  });
});

describe('streams', () => {
  it('server-sent events go one way', async () => {
    const finished = await runArm(lab, 'stream-sse', { requests: 16 });
    expectWhole(finished, 16);
    expect(finished.result.streamed).toEqual({ streams: 16, toServer: 0, toClient: 320 });
  });

  it('a chat goes both ways at the same time', async () => {
    const finished = await runArm(lab, 'stream-bidi', { requests: 16 });
    expectWhole(finished, 16);
    const { streamed, streamedOverTime = [] } = finished.result;
    expect(streamed).toEqual({ streams: 16, toServer: 320, toClient: 320 });
    const sum = (direction: 'toServer' | 'toClient') =>
      streamedOverTime.reduce((all, slot) => all + slot[direction], 0);
    expect([sum('toServer'), sum('toClient')]).toEqual([320, 320]);
    // Answers come while the client still speaks.
    expect(streamedOverTime.filter(({ toServer, toClient }) => toServer > 0 && toClient > 0).length).toBeGreaterThan(0);
  });
});

describe("the reader's own message", () => {
  const text = '{ "device": "x", "interval_ms": 5, "calibration": [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5] }';
  const own = { message: { path: 'telemetry.json', text } };

  it('is what is sent: short decimals are larger as protobuf', async () => {
    const params = { requests: 20, message: 'telemetry' };
    const rest = await runOf(lab, 'rest', params, own).run.run();
    const grpc = await runOf(lab, 'grpc', params, own).run.run();
    expect(rest.result.bytes?.request).toBe(JSON.stringify(JSON.parse(text)).length);
    const perNumber = (bytes = 0, others: number) => (bytes - others) / 8;
    expect(perNumber(grpc.result.bytes?.request, '\n\u0001x'.length + 2 + 2)).toBe(8);
    expect(perNumber(rest.result.bytes?.request, '{"device":"x","interval_ms":5,"calibration":[]}'.length - 1)).toBe(4);
  });

  it.each([
    ['{ "id": 1,\n  "nme": "x" }', '2:3'],
    ['{ "id": 1,\n  "age": "old" }', '2:3'],
    ['{ "id": 1,,\n }', '1:11'],
    ['[]', '1:1'],
    ['', '1:1'],
  ])('%j is refused at %s, and nothing starts', async (bad, place) => {
    const { run } = runOf(lab, 'rest', { message: 'user' }, { message: { path: 'user.json', text: bad } });
    const refused = await run.run().then(
      () => null,
      (error: unknown) => error,
    );
    if (!(refused instanceof ConfProblems)) throw new Error(String(refused));
    const [problem] = refused.problems;
    expect(`${problem?.span.file}:${problem?.span.line}:${problem?.span.column}`).toBe(`user.json:${place}`);
    expect(renderMessage(problem?.message ?? { text: '', args: {} })).not.toBe('');
  });
});
