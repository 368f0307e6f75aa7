import { rmSync } from 'node:fs';
import type { ReadableEngine } from '@sstitch/contract';
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
  const folded = (text: string) =>
    text
      .toLowerCase()
      .replaceAll('ς', 'σ')
      .replaceAll(/[\n\0]/g, ' ');

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
          const searched = new NameText(
            entries.map(([name]) => name),
            entries.map(([, id]) => id),
          );
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

it('a text of names finds a Greek name by its first letters, in any case', () => {
  const searched = new NameText(['ΚΩΣΤΑΣ', 'Κώστας'], ['', '']);
  for (const text of ['ΚΩΣ', 'κωσ', 'κως', 'ΚΩΣΤΑΣ', 'κωστας']) {
    expect([...searched.beginningWith(text)]).toEqual([0]);
  }
});

const never = new AbortController().signal;

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

  /** The store, whose iterators fail once this many have been made. */
  const failingAfter = (iterators: number): ReadableEngine => {
    let made = 0;
    const fails = () => made++ >= iterators;
    const iterator: ReadableEngine['iterator'] = (options) => {
      if (fails()) throw new Error('the disk is gone');
      return store.iterator(options);
    };
    return Object.assign(Object.create(store), { iterator });
  };

  it('says that a search is incomplete while names are still being read', async () => {
    const snapshot = store.snapshot();
    const index = new NameIndex({ engine: store, syncId: NEW_SYNC, snapshot }, never);
    expect(index.search({ text: 'ann', limit: 5 })).toEqual({
      ...{ ids: [], searched: 0, isComplete: false, isReading: true },
    });
    await index.whole;
    expect(index.search({ text: 'ann', limit: 5 })).toEqual({
      ids: [{ kind: 'resource', type: 'user', id: 'user-0000' }],
      ...{ searched: 162, isComplete: true, isReading: false },
    });
    await snapshot.close();
  });

  it('stops reading at its limit of characters, is incomplete then, and finds what it has read', async () => {
    const snapshot = store.snapshot();
    // The limit is looked at after each page, and a page holds all names of a type.
    const index = new NameIndex({ engine: store, syncId: NEW_SYNC, snapshot }, never, 1);
    await index.whole;
    expect(index.search({ text: 'ann', limit: 5 })).toEqual({
      ids: [{ kind: 'resource', type: 'user', id: 'user-0000' }],
      ...{ searched: 162, isComplete: false, isReading: false },
    });
    await snapshot.close();
  });

  it('reports the failure that ended its reading to each search', async () => {
    const snapshot = store.snapshot();
    const broken = failingAfter(1);
    const index = new NameIndex({ engine: broken, syncId: NEW_SYNC, snapshot }, never);
    await expect(index.whole).rejects.toThrow('the disk is gone');
    expect(() => index.search({ text: 'ann', limit: 5 })).toThrow('the disk is gone');
    await snapshot.close();
  });

  it('stops at an abort, which its promise reports', async () => {
    const snapshot = store.snapshot();
    const state = { engine: store, syncId: NEW_SYNC, snapshot };
    const index = new NameIndex(state, AbortSignal.abort('enough'));
    await expect(index.whole).rejects.toMatchObject({ name: 'AbortError', cause: 'enough' });
    await snapshot.close();
  });
});
