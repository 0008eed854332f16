import { describe, expect, it } from 'vitest';
import { ProgressStore } from '../../../src/host/progressStore';

describe('progress to be synchronised', () => {
  it('is that of every open course', () => {
    let named: readonly string[] = [];
    const globalState = {
      get: () => undefined,
      update: async () => {},
      keys: () => [],
      setKeysForSync: (keys: readonly string[]) => {
        named = keys;
      },
    };
    const store = new ProgressStore({ globalState, globalStorageUri: { fsPath: '/nowhere' } } as never);
    store.sync('one', ['q1'], ['lab-a'], [{ lab: 'lab-a', exercise: 'mend' }]);
    store.sync('two', ['q2'], [], []);
    expect(named).toEqual(expect.arrayContaining(['answer:one:q1', 'lab:one:lab-a', 'exercise:one:lab-a:mend']));
    expect(named).toEqual(expect.arrayContaining(['answer:two:q2', 'language:two', 'readerSeed']));
    // Opened again, with a question less.
    store.sync('one', [], ['lab-a'], []);
    expect(named).not.toContain('answer:one:q1');
    expect(named).toContain('answer:two:q2');
  });
});
