import { createServer } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { PipelineCounts } from '../../src/measurement/snapshot';
import { closeAll, listenOn, RawClient, type Rig, startRig } from './proxyRig';

/** What the balancer counts of the way of requests through its stages. */

afterEach(closeAll);

async function answering(status: number): Promise<number> {
  return listenOn(createServer((_request, response) => void response.writeHead(status).end('answer')));
}

async function ask(rig: Rig, path: string, headers = ''): Promise<string> {
  const received = await new RawClient(rig.port())
    .send(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${headers}\r\n`)
    .untilClosed();
  return /^HTTP\/1\.1 (\d+)/.exec(received)?.[1] ?? 'none';
}

function pipelineOf(rig: Rig): PipelineCounts {
  const { pipeline } = rig.balancer.counts();
  if (pipeline === undefined) throw new Error('an http configuration has a pipeline');
  return pipeline;
}

const flowsOf = (rig: Rig) => pipelineOf(rig).flows.map(({ from, to, requests }) => `${from} > ${to}: ${requests}`);
const ownOf = (rig: Rig) =>
  pipelineOf(rig).own.map(({ stage, status, grpcStatus, requests }) => `${stage} ${status} ${grpcStatus}: ${requests}`);

describe('requests on their way', () => {
  it('are counted from stage to stage, and each answer of the balancer at the stage that gave it', async () => {
    const [good, bad] = [await answering(204), await answering(401)];
    const rig = await startRig(`http {
      limit_req_zone $http_x_key zone=z:1m rate=1r/m;
      server { listen 127.0.0.1:1;
        location /in/ { limit_req zone=z; limit_req_status 429; auth_request /good; proxy_pass http://127.0.0.1:${good}; }
        location /out/ { auth_request /bad; proxy_pass http://127.0.0.1:${good}; }
        location /down/ { proxy_pass http://127.0.0.1:1; }
        location = /good { internal; proxy_pass http://127.0.0.1:${good}; }
        location = /bad { internal; proxy_pass http://127.0.0.1:${bad}; }
        location /page/ { error_page 403 = @refused; return 403; }
        location @refused { add_header grpc-status 7 always; return 204; }
        location / { return 404; } } }`);
    const key = 'x-key: one\r\n';
    expect(await ask(rig, '/in/', key)).toBe('204');
    expect(await ask(rig, '/in/', key)).toBe('429');
    expect(await ask(rig, '/out/')).toBe('401');
    expect(await ask(rig, '/down/')).toBe('502');
    expect(await ask(rig, '/page/')).toBe('204');
    expect(await ask(rig, '/else')).toBe('404');
    expect(flowsOf(rig)).toEqual([
      'client > route: 6',
      'route > limit: 2',
      'route > auth: 1',
      'limit > auth: 1',
      'route > 127.0.0.1:1: 1',
      `auth > 127.0.0.1:${good}: 1`,
    ]);
    expect(ownOf(rig)).toEqual([
      'limit 429 null: 1',
      'auth 401 null: 1',
      'null 502 null: 1',
      'route 204 7: 1',
      'route 404 null: 1',
    ]);
    // Questions are no requests of anybody's.
    const { requests, answeredItself, subrequests, peers } = rig.balancer.counts();
    expect({ requests, answeredItself, subrequests }).toEqual({ requests: 6, answeredItself: 5, subrequests: 2 });
    expect(peers.reduce((sum, peer) => sum + (peer.requests ?? 0), 0)).toBe(2);
    expect(peers.reduce((sum, peer) => sum + (peer.subrequests ?? 0), 0)).toBe(2);
  });

  it('are refused by auth where nobody can be asked', async () => {
    const rig = await startRig(`http { server { listen 127.0.0.1:1;
        location / { auth_request /verify; proxy_pass http://127.0.0.1:1; }
        location = /verify { internal; proxy_pass http://127.0.0.1:1; } } }`);
    expect(await ask(rig, '/')).toBe('500');
    expect(ownOf(rig)).toEqual(['auth 500 null: 1']);
    expect(flowsOf(rig)).toEqual(['client > route: 1', 'route > auth: 1']);
  });

  it('tell how full the fullest bucket of a zone is', async () => {
    const rig = await startRig(`http {
      limit_req_zone $http_x_key zone=orders:1m rate=1r/m;
      server { listen 127.0.0.1:1; location / { limit_req zone=orders burst=3 nodelay; root nowhere; } } }`);
    for (const key of ['a', 'b', 'b', 'b']) await ask(rig, '/', `x-key: ${key}\r\n`);
    const [bucket] = pipelineOf(rig).buckets;
    expect(bucket).toMatchObject({ zone: 'orders', burst: 3, keys: 2 });
    // Two came too early; what has run out since is next to nothing.
    expect(bucket?.level).toBeGreaterThan(1.5);
    expect(bucket?.level).toBeLessThanOrEqual(2);
  });
});
