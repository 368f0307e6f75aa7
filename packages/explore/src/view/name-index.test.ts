import { rmSync } from 'node:fs';
import { openReadOnly, type ReadOnlyStore } from '@sstitch/engine';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeExampleStore, NEW_SYNC } from '../example-store.test-support.js';
import { NameIndex } from './name-index.js';
import { NameText } from './name-text.js';

describe('a text of names', () => {
  const names = fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })), {
    minLength: 1,
    maxLength: 30,
  });
  const folded = (text: string) => text.toLowerCase().replaceAll(/[\n\0]/g, ' ');

  it('finds what a look at each name finds', () => {
    fc.assert(
      fc.property(
        names,
        fc.string({ minLength: 1, maxLength: 2, unit: 'binary' }),
        (entries, text) => {
          const wanted = folded(text);
          const numbersOf = (isFound: (name: string) => boolean) =>
            entries.flatMap((entry, at) =>
              entry.some((name) => isFound(folded(name))) ? [at] : [],
            );
          const searched = new NameText(entries);
          const beginning = [...new Set(searched.beginningWith(text))].sort((a, b) => a - b);
          expect(beginning).toEqual(numbersOf((name) => name.startsWith(wanted)));
          expect([...searched.containing(text)]).toEqual(
            numbersOf((name) => name.includes(wanted)),
          );
        },
      ),
    );
  });
});

describe('an index of names', () => {
  let directory: string;
  let store: ReadOnlyStore<Uint8Array, Uint8Array>;

  beforeAll(async () => {
    const made = await makeExampleStore();
    directory = made.directory;
    store = await openReadOnly(made.location, { keyEncoding: 'view', valueEncoding: 'view' });
  });
  afterAll(async () => {
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('says that a search is incomplete while names are still being read', async () => {
    const snapshot = store.snapshot();
    const index = new NameIndex(store, NEW_SYNC, snapshot, new AbortController().signal);
    expect(index.search({ text: 'ann', limit: 5 })).toEqual({
      ...{ ids: [], searched: 0, isComplete: false },
    });
    await index.whole;
    expect(index.search({ text: 'ann', limit: 5 })).toEqual({
      ids: [{ kind: 'resource', type: 'user', id: 'user-0000' }],
      ...{ searched: 162, isComplete: true },
    });
    await snapshot.close();
  });

  it('stops at an abort, which its promise reports', async () => {
    const snapshot = store.snapshot();
    const index = new NameIndex(store, NEW_SYNC, snapshot, AbortSignal.abort('enough'));
    await expect(index.whole).rejects.toMatchObject({ name: 'AbortError', cause: 'enough' });
    await snapshot.close();
  });
});
