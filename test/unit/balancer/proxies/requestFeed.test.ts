import { readdirSync, readlinkSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { UpstreamCall } from '../../../../src/balancer/proxies/call';
import { RequestBody } from '../../../../src/balancer/proxies/requestBody';
import { RequestFeed } from '../../../../src/balancer/proxies/requestFeed';

/** A server that takes a piece and wants to be asked again, or all there is. */
class Taker implements UpstreamCall {
  readonly reused = false;
  readonly sent = true;
  readonly connectedAt = 0;
  readonly bytesSent = 0;
  readonly bytesReceived = 0;
  readonly bodyBytes = 0;
  readonly got: Buffer[] = [];
  ends = 0;

  constructor(readonly greedy: boolean) {}

  writeBody(chunk: Buffer): boolean {
    this.got.push(Buffer.from(chunk));
    return this.greedy;
  }
  endBody(): void {
    this.ends++;
  }
  flush(): void {}
  pause(): void {}
  resume(): void {}
  abort(): void {}
}

const bodyFiles = () =>
  process.platform === 'linux'
    ? readdirSync('/proc/self/fd').filter((each) => {
        try {
          return readlinkSync(`/proc/self/fd/${each}`).includes('traffic-lab-body');
        } catch {
          return false;
        }
      }).length
    : 0;

/** Each byte tells its place, roughly. */
const bytes = Buffer.alloc(1 << 21);
for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 31) % 251;
const chunkAt = (at: number, length: number) => bytes.subarray(at, at + length);

describe('the body of a request that several servers get', () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 30_000, max: 90_000 })), {
    maxLength: 12,
  });

  test('is the same for each of them, whenever it begins', () => {
    const attempts = fc.array(fc.record({ after: fc.nat(12), greedy: fc.boolean() }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(sizes, attempts, (lengths, begun) => {
        const body = new RequestBody(-1);
        body.neededAgain = true;
        const takers: { readonly taker: Taker; readonly feed: RequestFeed }[] = [];
        const begin = (after: number) => {
          for (const each of begun.filter((one) => one.after === after)) {
            const taker = new Taker(each.greedy);
            const feed = new RequestFeed(body, taker);
            feed.advance();
            takers.push({ taker, feed });
          }
        };
        begin(0);
        lengths.forEach((length, i) => {
          const chunk = chunkAt(body.received, length);
          body.received += length;
          body.keep(chunk);
          for (const { feed } of takers) feed.write(chunk);
          begin(i + 1);
        });
        body.complete = true;
        for (const { feed } of takers) feed.end();
        for (const { feed } of takers) while (!feed.isLive) feed.advance();
        const whole = chunkAt(0, body.received);
        for (const { taker } of takers) {
          expect(Buffer.concat(taker.got).equals(whole)).toBe(true);
          expect(taker.ends).toBe(1);
        }
        body.release();
        expect(bodyFiles()).toBe(0);
      }),
      { numRuns: 40 },
    );
  });

  test('is not kept beyond what memory is for where nobody needs it again', () => {
    const body = new RequestBody(-1);
    body.keep(Buffer.alloc(64 * 1024));
    expect(body.isKept).toBe(true);
    body.keep(Buffer.alloc(1));
    expect(body.isKept).toBe(false);
  });

  test('stays where it is while nobody can take it', () => {
    const body = new RequestBody(-1);
    body.waiting = true;
    body.keep(Buffer.alloc(100 * 1024, 1));
    expect([body.isKept, body.read(0).length]).toEqual([true, 100 * 1024]);
  });
});
