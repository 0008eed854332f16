import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect as connectH2, createServer as createH2, type IncomingHttpHeaders } from 'node:http2';
import fc from 'fast-check';
import { expect } from 'vitest';
import { closeLater, listenOn, startRig } from '../integration/proxyRig';
import { type Effort, fuzzAsync } from './fuzz';
import { damaged } from './http2Mutations';
import { request, WireClient } from './http2Wire';

/** Damaged conversations harm nobody: the next client is served. */
export async function survivesDamage(effort: Effort): Promise<void> {
  const server = await listenOn(
    createServer((asked, response) => {
      asked.on('error', () => {});
      asked.resume();
      asked.on('end', () => response.end('fine'));
    }),
  );
  const rig = await startRig(`http { server { listen 127.0.0.1:1 http2;
      location / { proxy_pass http://127.0.0.1:${server}; proxy_http_version 1.1; } } }`);
  await fuzzAsync(damaged, effort, async (bytes) => {
    const client = new WireClient(rig.port());
    client.send(bytes);
    client.socket.end();
    await client.until(() => false);
    client.close();
    const next = new WireClient(rig.port()).open().send(request(1));
    expect(await next.outcome(1)).toBe('200');
    next.close();
  });
  expect(rig.logs.filter((line) => line.startsWith('[alert]'))).toEqual([]);
}

/** node:http2 understands it and is understood, whatever the fields and bodies. */
export async function agreesWithNode(effort: Effort): Promise<void> {
  let seen: IncomingHttpHeaders = {};
  let answer: Record<string, string> = {};
  const server = createH2();
  server.on('stream', (stream, headers) => {
    seen = headers;
    stream.respond({ ':status': 200, ...answer }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-end': 'yes', ...answer }));
    stream.pipe(stream);
  });
  const rig = await startRig(`http { upstream peers { server 127.0.0.1:${await listenOn(server)}; keepalive 4; }
      server { listen 127.0.0.1:1 http2; keepalive_requests 1000000000; location / { grpc_pass grpc://peers; } } }`);
  const client = connectH2(`http://127.0.0.1:${rig.port()}`);
  closeLater(() => client.destroy());
  const name = fc.stringMatching(/^x-[a-z0-9-]{1,12}$/).filter((each) => !/^x-(?:pad|accel|end|lab)/.test(each));
  const value = fc.stringMatching(/^(?:[!-~\u00a1-\u00ff](?:[ -~\u00a1-\u00ff]{0,60}[!-~\u00a1-\u00ff])?)?$/);
  const fields = fc.dictionary(
    name,
    value.filter((each) => each !== ''),
    { maxKeys: 12, noNullPrototype: true },
  );
  const all = fc.tuple(fields, fields, fc.uint8Array({ maxLength: 40_000 }));
  await fuzzAsync(all, effort, async ([asked, answered, body]) => {
    answer = answered;
    const stream = client.request({ ':method': 'POST', ':path': '/', ...asked });
    let trailers: IncomingHttpHeaders = {};
    stream.on('trailers', (received) => {
      trailers = received;
    });
    stream.end(body);
    const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders];
    const parts: Buffer[] = [];
    for await (const part of stream) parts.push(part as Buffer);
    expect(Buffer.concat(parts).equals(body)).toBe(true);
    expect(seen).toMatchObject(asked);
    expect(headers).toMatchObject(answered);
    expect(trailers).toMatchObject({ 'x-end': 'yes', ...answered });
  });
}
