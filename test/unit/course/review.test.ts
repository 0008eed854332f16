import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dueNow, type Recall, recallOf, reviewed, standingReview } from '../../../src/course/review';
import { isDue, type KeptReview } from '../../../src/course/reviewState';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const monday = Date.UTC(2026, 0, 5, 21);
const quiz = { key: '["single-choice",[["a",true]]]' };
const first = (recall: Recall) => reviewed(null, quiz, recall, monday);

describe('the day a question is asked again', () => {
  it('is the next after a wrong answer, and later the better it was known', () => {
    expect(first('again').dueAt).toBe(monday + DAY);
    const days = (['again', 'hard', 'good', 'easy'] as const).map((recall) => first(recall).interval);
    expect(days).toEqual([...days].sort((a, b) => a - b));
    expect(new Set(days).size).toBe(4);
  });

  it('comes with the morning of that day', () => {
    const wrong = first('again');
    expect(isDue(wrong, monday)).toBe(false);
    expect(isDue(wrong, monday + 3 * HOUR)).toBe(false);
    expect(isDue(wrong, monday + 12 * HOUR)).toBe(true);
    expect(isDue(wrong, monday + DAY)).toBe(true);
  });

  it('moves away with every right answer when due, and near again when it was forgotten', () => {
    let kept = first('good');
    for (let round = 0; round < 4; round++) {
      const next = reviewed(kept, quiz, 'good', kept.dueAt);
      expect(next.interval).toBeGreaterThan(kept.interval);
      kept = next;
    }
    const forgotten = reviewed(kept, quiz, 'again', kept.dueAt);
    expect(forgotten.interval).toBeLessThan(kept.interval);
    expect(forgotten.lapses).toBe(1);
  });

  it('stays where it was when the question is tried again before it is due', () => {
    const wrong = first('again');
    expect(reviewed(wrong, quiz, 'good', monday + 60_000)).toBe(wrong);
    expect(reviewed(wrong, quiz, 'easy', monday + HOUR)).toBe(wrong);
  });

  it('starts afresh when the question has changed', () => {
    const old: KeptReview = { ...first('easy'), key: 'another' };
    expect(reviewed(old, quiz, 'again', monday)).toEqual(first('again'));
    expect(standingReview(old, quiz)).toBeNull();
  });

  it('follows the verdict; a prediction that waits for its run says nothing', () => {
    const verdicts = ['right', 'partly', 'wrong', 'waiting'] as const;
    expect(verdicts.map((verdict) => recallOf({ verdict }))).toEqual(['good', 'hard', 'again', null]);
  });

  it('follows the reader’s own judgement where there is one', () => {
    expect(recallOf({ verdict: 'right', rating: 'easy' })).toBe('easy');
    expect(reviewed(null, quiz, 'easy', monday).dueAt).toBeGreaterThan(reviewed(null, quiz, 'good', monday).dueAt);
  });
});

describe('what is due', () => {
  it('is listed longest due first', () => {
    const at = (dueAt: number): KeptReview => ({ ...first('good'), dueAt });
    const kept = new Map([
      ['later', at(monday + 3 * DAY)],
      ['b', at(monday - DAY)],
      ['a', at(monday - DAY)],
      ['oldest', at(monday - 9 * DAY)],
    ]);
    expect(dueNow(kept, monday)).toEqual(['oldest', 'a', 'b']);
    expect(dueNow(kept, monday + 10 * DAY)).toContain('later');
  });
});

describe('what is kept', () => {
  it('comes back from storage as it was', () => {
    const kept = first('hard');
    expect(standingReview(JSON.parse(JSON.stringify(kept)), quiz)).toEqual(kept);
  });

  it.each([undefined, null, 7, {}, { ...first('good'), stability: -1 }, { ...first('good'), dueAt: 'tomorrow' }])(
    'is not %j',
    (stored) => {
      expect(standingReview(stored, quiz)).toBeNull();
    },
  );

  it('stays sane whatever is answered whenever, even with a clock set back', () => {
    const steps = fc.array(
      fc.tuple(fc.constantFrom<Recall>('again', 'hard', 'good', 'easy'), fc.integer({ min: -30, max: 400 })),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(steps, (answers) => {
        let now = monday;
        let kept: KeptReview | null = null;
        for (const [recall, days] of answers) {
          now += days * DAY;
          kept = reviewed(kept, quiz, recall, now);
          expect(standingReview(JSON.parse(JSON.stringify(kept)), quiz)).toEqual(kept);
          expect(kept.dueAt).toBeGreaterThanOrEqual(kept.reviewedAt + DAY);
          // FSRS keeps the intervals of hard, good and easy apart, beyond the longest by a day each.
          expect(kept.interval).toBeLessThanOrEqual(182);
        }
      }),
    );
  });
});
