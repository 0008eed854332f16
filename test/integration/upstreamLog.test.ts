import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { freePorts, httpTempPaths, nginxIsMissing, startNginx } from '../harness/nginx';
import { closeAll, listenOn, RawClient, startRig } from './proxyRig';

/** What the error log says of servers that fail, word for word as nginx's does. */

afterEach(closeAll);

/** Answers as the path says, and closes. */
function failing() {
  return createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (chunk: Buffer) => {
      const [, deed] = /^GET \/(\w+)/.exec(chunk.toString('latin1')) ?? [];
      if (deed === 'reset') socket.resetAndDestroy();
      else if (deed === 'short') socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc');
      else if (deed === 'chunk') socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab');
      else if (deed === 'stops') socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc');
      else if (deed !== 'hang') socket.end();
    });
  });
}

/** Without what is before and behind. */
const told = (lines: readonly string[]) =>
  lines.flatMap((line) => /\[error\].*?\*\d+ (.*?), client:/.exec(line)?.[1] ?? []);

describe.skipIf(nginxIsMissing)('the log of failures', () => {
  it('says what failed, and what was being done', async () => {
    const [front = 0, dead = 0] = await freePorts(2);
    const server = await listenOn(failing());
    const blocks = (more: string) => `http { access_log off; ${more}
      server { listen 127.0.0.1:${front}; proxy_read_timeout 100ms; proxy_http_version 1.1;
        location / { proxy_pass http://127.0.0.1:${server}; } location /dead { proxy_pass http://127.0.0.1:${dead}; } } }`;
    const ask = async () => {
      for (const path of ['close', 'reset', 'hang', 'short', 'chunk', 'stops', 'dead'])
        await new RawClient(front).send(`GET /${path} HTTP/1.0\r\nHost: lab\r\n\r\n`).untilClosed();
    };
    const nginx = await startNginx(`events { }\n${blocks(httpTempPaths)}`);
    await ask();
    await nginx.stop();
    const rig = await startRig(blocks(''), { ports: 'declared' });
    await ask();
    expect(told(rig.logs)).toEqual(told(nginx.log().split('\n')));
    expect(told(rig.logs)).toHaveLength(7);
  });
});
