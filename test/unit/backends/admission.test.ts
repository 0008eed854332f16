import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Admission, type Visit } from '../../../src/backends/admission';
import { Capacity } from '../../../src/backends/capacity';
import { Counters, readCounters } from '../../../src/backends/counters';
import { seededRandom } from '../../../src/base/random';
import { COUNTER_BYTES } from '../../../src/protocol/backendWorker';
import { VirtualClock } from '../../harness/virtualClock';

function door(slots: number, queue: number) {
  const clock = new VirtualClock();
  const shared = new SharedArrayBuffer(COUNTER_BYTES);
  const random = seededRandom(3);
  const capacity = new Capacity({ slots, queue, serviceTimeMs: 3, distribution: 'exponential' }, clock, random);
  return { clock, admission: new Admission(capacity, new Counters(shared), random), read: () => readCounters(shared) };
}

const action = fc.constantFrom('arrive', 'arrive', 'wait', 'abandon', 'finish stream');

test('received = answered + abandoned + in flight + queued, after everything that can happen', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3 }),
      fc.nat(3),
      fc.constantFrom(0, 0.3, 1),
      fc.array(fc.tuple(action, fc.boolean(), fc.nat(9)), { maxLength: 60 }),
      (slots, queue, errorRate, actions) => {
        const { clock, admission, read } = door(slots, queue);
        admission.setFault({ slowFactor: 1, errorRate });
        const visits: Visit[] = [];
        const streams: Visit[] = [];
        let told = { refused: 0, failed: 0 };
        for (const [what, streaming, which] of actions) {
          if (what === 'wait') clock.step();
          else if (what === 'abandon') visits[which]?.abandoned();
          else if (what === 'finish stream') streams.pop()?.answered();
          else {
            visits.push(
              admission.take({
                refused: () => {
                  told = { ...told, refused: told.refused + 1 };
                },
                failed: () => {
                  told = { ...told, failed: told.failed + 1 };
                },
                served: (visit) => {
                  if (streaming) streams.push(visit);
                  else visit.answered();
                },
              }),
            );
          }
          const { received, answered, abandoned, inFlight, queued, rejected } = read();
          expect(received).toBe(answered + abandoned + inFlight + queued);
          expect(received).toBe(visits.length);
          expect(queued).toBeLessThanOrEqual(queue);
          expect(Math.min(inFlight, queued)).toBeGreaterThanOrEqual(0);
          expect(rejected).toBe(told.refused + told.failed);
        }
      },
    ),
  );
});

test('an answer is counted before it is sent', () => {
  const { clock, admission, read } = door(1, 0);
  let whenSent = -1;
  admission.take({
    refused: () => {},
    failed: () => {},
    served: (visit) => {
      visit.answered();
      whenSent = read().answered;
    },
  });
  let whenRefused = -1;
  admission.take({
    refused: () => {
      whenRefused = read().answered;
    },
    failed: () => {},
    served: () => {},
  });
  while (clock.step());
  expect({ whenRefused, whenSent }).toEqual({ whenRefused: 1, whenSent: 2 });
});
