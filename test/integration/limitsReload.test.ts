import { afterEach, expect, it } from 'vitest';
import { closeAll, RawClient, startRig } from './proxyRig';

afterEach(closeAll);

const conf = (key: string, rate: string) => `http {
  limit_req_zone ${key} zone=one:1m rate=${rate};
  server { listen 127.0.0.1:1; location / { limit_req zone=one burst=2 nodelay; } }
}`;

it('keeps its leaky buckets over a reload, shows them, and refuses a zone with another key', async () => {
  const rig = await startRig(conf('$arg_k', '1r/m'));
  const client = new RawClient(rig.port());
  const status = async (path: string) => {
    client.received = '';
    client.send(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await client.until((text) => text.endsWith('</html>\r\n'));
    return client.received.slice(9, 12);
  };
  const statuses: string[] = [];
  for (let i = 0; i < 4; i++) statuses.push(await status('/nothing?k=a'));
  // There is no such file; what is over the limit is not even looked for.
  expect(statuses).toEqual(['404', '404', '404', '503']);
  expect(rig.balancer.buckets()).toMatchObject([{ zone: 'one', key: 'a', burst: 2, rate: 0.016 }]);
  expect(rig.balancer.buckets()[0]?.excess).toBeCloseTo(2, 1);
  expect(await rig.reload(conf('$arg_k', '2r/m'))).toBe(true);
  expect(await rig.reload(conf('$arg_other', '2r/m'))).toBe(false);
  client.socket.destroy();
  const after = new RawClient(rig.port()).send('GET /nothing?k=a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  expect((await after.untilClosed()).slice(9, 12)).toBe('503');
});
