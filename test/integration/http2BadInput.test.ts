import { createServer } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { badInputs } from '../harness/http2BadInputs';
import { get, request, WireClient } from '../harness/http2Wire';
import { closeAll, closeLater, listenOn, type Rig, startRig } from './proxyRig';

afterEach(closeAll);

/** What a balancer stands before: it answers all but /hang, and knows which requests it got whole. */
async function withServer(extra = ''): Promise<{ rig: Rig; complete: string[] }> {
  const complete: string[] = [];
  const port = await listenOn(
    createServer((asked, response) => {
      asked.on('error', () => {});
      asked.resume();
      asked.on('end', () => {
        complete.push(asked.url ?? '');
        if (asked.url !== '/hang') response.end('fine');
      });
    }),
  );
  const rig = await startRig(`http { ${extra} server { listen 127.0.0.1:1 http2;
    location / { proxy_pass http://127.0.0.1:${port}; proxy_http_version 1.1; } } }`);
  return { rig, complete };
}

function open(rig: Rig): WireClient {
  const client = new WireClient(rig.port());
  closeLater(() => client.close());
  return client;
}

async function isServed(rig: Rig): Promise<boolean> {
  const client = open(rig)
    .open()
    .send(request(1, [...get.slice(0, 2), [':path', '/good'], [':authority', 'lab']]));
  const status = await client.outcome(1);
  client.close();
  return status === '200';
}

describe('bad input on HTTP/2', () => {
  it.each(badInputs)('$name: $ends', async ({ bytes, stream, ends }) => {
    const { rig, complete } = await withServer('client_max_body_size 100k;');
    expect(await open(rig).send(bytes).outcome(stream)).toBe(ends);
    expect(await isServed(rig)).toBe(true);
    expect(complete).toEqual(['/good']);
  });
});
