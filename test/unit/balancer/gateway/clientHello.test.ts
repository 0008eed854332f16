import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { type ConnectionOptions, connect } from 'node:tls';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readClientHello } from '../../../../src/balancer/gateway/clientHello';

/** Hellos as OpenSSL writes them: what a connection sends before anybody answers. */
const server = createServer();
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.close();
});

async function hello(options: ConnectionOptions): Promise<Buffer> {
  const address = server.address();
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const client = connect({
    host: '127.0.0.1',
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    ...options,
  });
  client.on('error', () => {});
  const [socket] = await accepted;
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  return bytes;
}

const names = { servername: 'Some.Name.test', ALPNProtocols: ['h2', 'http/1.1'] };

describe('ssl_preread', () => {
  it('reads name, newest version and protocols', async () => {
    expect(readClientHello(await hello(names))).toEqual({
      kind: 'hello',
      hello: { serverName: 'some.name.test', protocol: 'TLSv1.3', alpnProtocols: 'h2,http/1.1' },
    });
    expect(readClientHello(await hello({ maxVersion: 'TLSv1.2' }))).toEqual({
      kind: 'hello',
      hello: { serverName: '', protocol: 'TLSv1.2', alpnProtocols: '' },
    });
  });

  it('waits for all of it, byte by byte and over records', async () => {
    const whole = await hello(names);
    const told = readClientHello(whole);
    for (let length = 0; length < whole.length; length++) {
      expect(readClientHello(whole.subarray(0, length))).toEqual({ kind: 'more' });
    }
    const body = whole.subarray(5);
    const records = [body.subarray(0, 3), body.subarray(3, 80), body.subarray(80)].map((part) => {
      const head = Buffer.from([22, 3, 1, part.length >> 8, part.length & 0xff]);
      return Buffer.concat([head, part]);
    });
    expect(readClientHello(Buffer.concat(records))).toEqual(told);
    expect(readClientHello(Buffer.concat([whole, Buffer.from('more')]))).toEqual(told);
  });

  it('passes over what is no TLS', () => {
    expect(readClientHello(Buffer.from('GET / HTTP/1.1\r\n\r\n'))).toEqual({ kind: 'other' });
    expect(readClientHello(Buffer.from([22, 3, 1, 0, 4, 2, 0, 0, 0]))).toEqual({ kind: 'other' });
    expect(readClientHello(Buffer.from([0x80, 46, 1, 3, 1, 0, 0]))).toEqual({
      kind: 'hello',
      hello: { serverName: '', protocol: 'TLSv1', alpnProtocols: '' },
    });
  });

  it('says something sensible to any bytes, and to any damage', async () => {
    const whole = await hello(names);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
          fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 }).map((damage) => {
            const bytes = Buffer.from(whole);
            for (const [at, byte] of damage) bytes[at] = byte;
            return bytes;
          }),
        ),
        (bytes) => {
          const reading = readClientHello(bytes);
          expect(['more', 'other', 'hello']).toContain(reading.kind);
          // What is decided stays decided, however much follows.
          if (reading.kind !== 'more') expect(readClientHello(Buffer.concat([bytes, whole]))).toEqual(reading);
        },
      ),
      { numRuns: 500 },
    );
  });
});
