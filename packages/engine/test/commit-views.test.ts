import { describe, expect, test } from 'vitest';
import { isStaging, once, steps, watchedStore } from './commit-steps.js';
import {
  bytes,
  contentsOf,
  expectContents,
  expectContentsThroughout,
  generationNames,
  numbered,
  pagesOf,
  put,
  replaceInModel,
  span,
  text,
  VIEW,
} from './store-fixture.js';

const SPAN = span('m', 'n');

describe('views', () => {
  test('iterators and snapshots show the state they were made in, whenever their reads come', async () => {
    const { store } = await watchedStore();
    const before = new Map([...numbered('k', 50, 'old'), ...numbered('m', 50, 'old')]);
    await put(store, before);
    const iterator = store.iterator(VIEW);
    const snapshot = store.snapshot();
    await store.replaceSpans([SPAN], pagesOf(numbered('m1', 20, 'new')));
    const after = new Map(before);
    replaceInModel(after, [SPAN], numbered('m1', 20, 'new'));
    const later = store.iterator(VIEW);
    await put(store, [['k0001', 'after']]);

    expect((await iterator.all()).map(([key]) => text(key))).toEqual([...before.keys()].sort());
    await expectContents(store, before, after.keys(), snapshot);
    const laterKeys = (await later.all()).map(([key, value]) => [text(key), text(value)]);
    expect(new Map(laterKeys as Array<[string, string]>)).toEqual(after);
    await Promise.all([iterator.close(), later.close(), snapshot.close()]);
    await expectContentsThroughout(store, after.set('k0001', 'after'), before.keys());
  });

  test('an iterator can seek and continue after commits have replaced its generation', async () => {
    const { store } = await watchedStore();
    await put(store, numbered('m', 500, 'old'));
    const iterator = store.iterator(VIEW);
    await store.excise([SPAN]);
    await store.excise([span('')]);
    iterator.seek(bytes('m0250'));
    expect((await iterator.all()).length).toBe(250);
    await iterator.close();
    await expect.poll(() => generationNames(store.location)).toHaveLength(1);
  });

  test('a snapshot of another store is refused', async () => {
    const [{ store }, other] = [await watchedStore(), await watchedStore()];
    const snapshot = other.store.snapshot();
    const code = 'SSTITCH_OPTION_INVALID';
    await expect(store.get(bytes('k'), { ...VIEW, snapshot })).rejects.toMatchObject({ code });
    expect(() => store.iterator({ ...VIEW, snapshot })).toThrow(expect.objectContaining({ code }));
    await snapshot.close();
  });
});

describe('writes around a commit', () => {
  test('a write in flight when the commit begins is kept outside the spans and replaced inside', async () => {
    const { store } = await watchedStore();
    const writes = [
      put(store, numbered('k', 500, 'flight')),
      put(store, numbered('m', 500, 'flight')),
    ];
    const commit = store.replaceSpans([SPAN], pagesOf(new Map([['m', 'new']])));
    await Promise.all([...writes, commit]);
    await expectContentsThroughout(
      store,
      new Map([...numbered('k', 500, 'flight'), ['m', 'new']]),
      numbered('m', 500, '').keys(),
    );
  });

  test.each(Object.keys(steps))(
    'every kind of write issued while %s is kept outside the spans',
    async (step) => {
      const { store, watched } = await watchedStore();
      await put(store, [...numbered('k', 10, 'old'), ...numbered('m', 10, 'old')]);
      const written = once(watched, steps[step] ?? (() => false), () => [
        store.put(bytes('k0001'), bytes('put')),
        store.put(bytes('k0002'), bytes('sync'), { sync: true }),
        store.del(bytes('k0003')),
        store.batch([
          { type: 'put', key: bytes('k0004'), value: bytes('batch') },
          { type: 'del', key: bytes('k0005') },
        ]),
        store.batch().put(bytes('k0006'), bytes('chained')).del(bytes('k0007')).write(),
        store.put(bytes('k0001'), bytes('put again')),
        store.clear({ gte: bytes('k0008'), lt: bytes('k0009') }),
      ]);
      const { commit } = await store.replaceSpans([SPAN], pagesOf(new Map([['m', 'new']])));
      await Promise.all(written());
      if (step !== 'writers paused') expect(commit.replayedOperations).toBeGreaterThan(0);
      const expected = new Map([
        ['k0000', 'old-0'],
        ['k0001', 'put again'],
        ['k0002', 'sync'],
        ['k0004', 'batch'],
        ['k0006', 'chained'],
        ['k0009', 'old-9'],
        ['m', 'new'],
      ]);
      await expectContentsThroughout(store, expected, numbered('k', 10, '').keys());
    },
  );

  test.each(Object.keys(steps))(
    'a batch across the spans issued while %s is before or after, as a whole',
    async (step) => {
      const { store, watched } = await watchedStore();
      const written = once(watched, steps[step] ?? (() => false), () =>
        put(store, [
          ['k', 'batch'],
          ['m', 'batch'],
        ]),
      );
      await store.replaceSpans([SPAN], pagesOf(new Map([['m', 'new']])));
      await written();
      const { m } = Object.fromEntries(await contentsOf(store));
      // A paused batch takes effect after the swap; an earlier one is overwritten.
      expect(m).toBe(step === 'writers paused' ? 'batch' : 'new');
      await expectContentsThroughout(
        store,
        new Map([
          ['k', 'batch'],
          ['m', m ?? ''],
        ]),
      );
    },
  );

  test('buffers can be reused as soon as a write is acknowledged', async () => {
    const { store, watched } = await watchedStore();
    const key = bytes('k');
    const value = bytes('value');
    const written = once(watched, isStaging, () =>
      store.put(key, value).then(() => {
        key.fill(0);
        value.fill(0);
      }),
    );
    await store.excise([SPAN]);
    await written();
    await expectContentsThroughout(store, new Map([['k', 'value']]), ['\0']);
  });

  test('the failure of a write during a commit affects only that write', async () => {
    const { store, watched } = await watchedStore();
    const written = once(watched, isStaging, () =>
      Promise.allSettled([
        store.put(bytes('k'), bytes('1')),
        store.put(bytes(''), bytes('an empty key is refused')),
        store.put(bytes('l'), bytes('2')),
      ]),
    );
    await store.excise([SPAN]);
    const outcomes = (await written()).map(({ status }) => status);
    expect(outcomes[0]).toBe('fulfilled');
    expect(outcomes[2]).toBe('fulfilled');
    await expectContentsThroughout(
      store,
      new Map([...(await contentsOf(store)), ['k', '1'], ['l', '2']]),
    );
  });
});
