import { createServer } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { badRequests } from '../unit/balancer/proxies/badRequests';
import { closeAll, listenOn, RawClient, type Rig, startRig } from './proxyRig';

afterEach(closeAll);

const good = 'GET /good HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n';

async function withServer(): Promise<{ rig: Rig; complete: string[] }> {
  const complete: string[] = [];
  const server = await listenOn(
    createServer((request, response) => {
      request.on('error', () => {});
      request.resume();
      request.on('end', () => {
        complete.push(request.url ?? '');
        response.end('fine');
      });
    }),
  );
  const rig = await startRig(`http { server { listen 127.0.0.1:1;
    location / { proxy_pass http://127.0.0.1:${server}; proxy_http_version 1.1; } } }`);
  return { rig, complete };
}

describe('a bad request', () => {
  it('gets its answer and a closed connection, reaches no server whole, and disturbs no other', async () => {
    const { rig, complete } = await withServer();
    const statuses: [string, number][] = [];
    for (const { name, bytes } of badRequests) {
      const received = await new RawClient(rig.port()).send(bytes).untilClosed();
      statuses.push([name, Number(/^HTTP\/1\.1 (\d{3}) /.exec(received)?.[1])]);
      expect(await new RawClient(rig.port()).send(good).untilClosed()).toContain('fine');
    }
    expect(statuses).toEqual(badRequests.map(({ name, status }) => [name, status]));
    expect(complete).toEqual(badRequests.map(() => '/good'));
    const counts = rig.balancer.counts();
    expect(counts.requests).toBe(2 * badRequests.length);
    expect(counts.answeredItself).toBe(badRequests.length);
  });

  it('behind a good one on the same connection leaves the good one its answer', async () => {
    const { rig, complete } = await withServer();
    for (const { bytes, status } of badRequests) {
      const received = await new RawClient(rig.port())
        .send(`GET /good HTTP/1.1\r\nHost: lab\r\n\r\n${bytes}`)
        .untilClosed();
      const answers = received.match(/HTTP\/1\.1 \d{3}/g);
      expect(answers).toEqual(['HTTP/1.1 200', `HTTP/1.1 ${status}`]);
    }
    expect(complete).toHaveLength(badRequests.length);
  });
});
