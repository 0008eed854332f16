import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReadBuffer } from '../../../../src/balancer/proxies/readBuffer';

describe('a read buffer', () => {
  it('grows only once a read has filled it, and then stays', () => {
    const buffer = new ReadBuffer();
    const first = buffer.current;
    buffer.took(first.length - 1);
    expect(buffer.current).toBe(first);
    buffer.took(first.length);
    const grown = buffer.current;
    expect(grown.length).toBeGreaterThan(first.length);
    buffer.took(grown.length);
    expect(buffer.current).toBe(grown);
    buffer.release();
  });

  it('keeps what was read in place while it grows, and shares no memory with another that is lent', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 40 }), (steps) => {
        const lent: { readonly buffer: ReadBuffer; readonly memory: readonly Buffer[] }[] = [];
        for (const borrows of steps) {
          if (borrows) {
            const buffer = new ReadBuffer();
            const filled = buffer.current;
            buffer.took(filled.length);
            lent.push({ buffer, memory: [filled, buffer.current] });
          } else lent.shift()?.buffer.release();
          const memory = lent.flatMap((each) => each.memory.map(({ buffer }) => buffer));
          expect(new Set(memory).size).toBe(memory.length);
        }
        for (const { buffer } of lent) buffer.release();
      }),
    );
  });
});
