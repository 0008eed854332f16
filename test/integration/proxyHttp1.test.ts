import { createServer } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { closeAll, listenOn, RawClient, startRig } from './proxyRig';

afterEach(closeAll);

const get = (path = '/', extra = '') => `GET ${path} HTTP/1.1\r\nHost: lab\r\n${extra}\r\n`;

describe('HTTP/1.1 through the balancer', () => {
  it('passes request and response', async () => {
    const server = await listenOn(
      createServer((request, response) => response.end(`${request.method} ${request.url}`)),
    );
    const rig = await startRig(
      `http { server { listen 127.0.0.1:1; location / { proxy_pass http://127.0.0.1:${server}; } } }`,
    );
    const client = new RawClient(rig.port()).send(get('/a?b', 'Connection: close\r\n'));
    expect(await client.untilClosed()).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*GET \/a\?b/);
  });
});
