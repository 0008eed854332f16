import { describe, expect, it } from 'vitest';
import type { ListingBlock } from '../../../src/course/listingBlock';
import type { LabController } from '../../../src/host/labController';
import { Listings } from '../../../src/host/listings';

const block: ListingBlock = {
  kind: 'listing',
  lab: 'pinning',
  file: 'l4.nginx.conf',
  heads: ['upstream a'],
  arm: null,
};
const original = 'stream {\n    upstream a {\n        server <one>;\n    }\n}\n';

/** A course with that one file; `copy` is what the reader made of it. */
function rig() {
  let copy: string | null = null;
  const lab = { definition: { id: 'pinning' }, armOfFile: () => 'grpc-l4' } as unknown as LabController;
  const listings = new Listings({
    texts: new Map([['pinning', new Map([['l4.nginx.conf', original]])]]),
    labs: new Map([['pinning', lab]]),
    copies: { read: async () => (copy === null ? null : { path: '/copy', text: copy }) },
  });
  return {
    all: () => listings.all([block]),
    changed: () => listings.changed([block], 'pinning'),
    write: (text: string | null) => {
      copy = text;
    },
  };
}

describe('a live listing', () => {
  it('is the original where the reader has no copy, as safe HTML, with its line and the arm that runs it', async () => {
    expect(await rig().all()).toEqual([
      expect.objectContaining({ state: 'original', line: 2, arm: 'grpc-l4', originalHtml: null }),
    ]);
    const [state] = await rig().all();
    expect(state?.html).not.toContain('<one>');
  });

  it('is the reader’s copy from the moment it is saved, with a note only if this part differs', async () => {
    const { all, changed, write } = rig();
    await all();
    write(`events {}\n${original}`);
    expect(await changed()).toEqual([expect.objectContaining({ state: 'original', line: 3 })]);
    write(original.replace('    upstream a {', '    upstream a {\n        least_conn;'));
    expect(await changed()).toEqual([
      expect.objectContaining({
        state: 'changed',
        html: expect.stringContaining('least_conn'),
        originalHtml: expect.not.stringContaining('least_conn'),
      }),
    ]);
    write(original);
    expect(await changed()).toEqual([expect.objectContaining({ state: 'original' })]);
  });

  it('says so where the copy has lost the block, and shows the original', async () => {
    const { all, write } = rig();
    write('stream {\n}\n');
    expect(await all()).toEqual([
      expect.objectContaining({ state: 'gone', html: expect.stringContaining('upstream a'), originalHtml: null }),
    ]);
  });

  it('is not told again as long as it is the same', async () => {
    const { all, changed } = rig();
    await all();
    expect(await changed()).toEqual([]);
  });
});
