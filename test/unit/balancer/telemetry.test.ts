import { describe, expect, it } from 'vitest';
import { DECISIONS_KEPT, type Report, Telemetry } from '../../../src/balancer/telemetry';
import { message } from '../../../src/base/message';
import { VirtualClock } from '../../harness/virtualClock';

const decided = (port: number) => ({
  request: null,
  upstreamPort: port,
  decision: {
    policy: 'round_robin',
    upstream: 'peers',
    atMs: 0,
    attempt: 1,
    reason: message('The policy gave no reason.'),
    peers: [],
    chosen: '127.0.0.1:1',
  },
});

describe('decisions in the reports', () => {
  it('of many connections at once the first are told, and there is room again in the next report', () => {
    const clock = new VirtualClock();
    const reports: Report[] = [];
    const telemetry = new Telemetry(clock, (report) => reports.push(report));
    telemetry.start();
    let port = 0;
    while (telemetry.hasRoomForDecisions) telemetry.decided(decided(++port));
    expect(port).toBe(DECISIONS_KEPT);
    clock.advance(100);
    expect(reports.flatMap(({ decisions }) => decisions.map((each) => each.upstreamPort))).toEqual(
      Array.from({ length: DECISIONS_KEPT }, (_, i) => i + 1),
    );
    expect(telemetry.hasRoomForDecisions).toBe(true);
    telemetry.stop();
  });
});
