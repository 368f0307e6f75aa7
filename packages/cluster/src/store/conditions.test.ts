import { type EngineSnapshot, keyAfter } from '@sstitch/contract';
import { describe, expect, it } from 'vitest';
import { MemoryCluster } from '../memory/memory-port.js';
import { bytes } from '../runs/runs.test-support.js';
import { type ByteStore, everything, openStore, pages, value } from './store.test-support.js';

const conflict = expect.objectContaining({ code: 'SSTITCH_COMMIT_CONFLICT' });
const put = (key: string, held: Uint8Array = value) => ({
  type: 'put' as const,
  key: bytes(key),
  value: held,
});
const keySpan = (key: string) => ({ start: bytes(key), end: keyAfter(bytes(key)) });

describe('a commit that depends on a snapshot', () => {
  it('leaves no rows of a run if it conflicts', async () => {
    const cluster = new MemoryCluster();
    const store = await openStore(cluster.store('store'));
    const other = await openStore(cluster.store('store'));
    const ifUnchanged = store.snapshot({ watch: [keySpan('k')] });
    await store.get(bytes('k'), { snapshot: ifUnchanged });
    await other.put(bytes('k'), value);
    const large = put('a', new Uint8Array(100_000));
    await expect(store.batch([large], { ifUnchanged })).rejects.toEqual(conflict);
    const replacing = store.replaceSpans(everything, pages(['a', value]), { ifUnchanged });
    await expect(replacing).rejects.toEqual(conflict);
    expect(cluster.rowCounts('store')).toMatchObject({ chunks: 0, indexes: 0, loads: 0 });
    expect(await store.keys().all()).toEqual([bytes('k')]);
  });

  it.each([
    ['put', put('k')],
    ['delete', { type: 'del' as const, key: bytes('k') }],
  ])(
    'conflicts after a large batch with a %s of what the snapshot watches, and not after one around it',
    async (_, operation) => {
      const cluster = new MemoryCluster();
      const store = await openStore(cluster.store('store'));
      const other = await openStore(cluster.store('store'));
      const ifUnchanged = store.snapshot({ watch: [keySpan('k'), keySpan('y')] });
      await store.get(bytes('k'), { snapshot: ifUnchanged });
      const large = put('j', new Uint8Array(100_000));
      await other.batch([large, put('x'), put('z')]);
      await store.batch([put('k')], { ifUnchanged });
      await other.batch([large, operation, put('z')]);
      await expect(store.batch([put('k')], { ifUnchanged })).rejects.toEqual(conflict);
    },
  );

  it.each<[string, (store: ByteStore, ifUnchanged: EngineSnapshot) => Promise<unknown>]>([
    ['a batch', (store, ifUnchanged) => store.batch([put('k')], { ifUnchanged })],
    [
      'a replacement',
      (store, ifUnchanged) => store.replaceSpans(everything, pages(['k', value]), { ifUnchanged }),
    ],
  ])(
    'as %s keeps the snapshot open until it has ended, and refuses a closed one',
    async (_, write) => {
      const store = await openStore(new MemoryCluster().store('store'));
      const ifUnchanged = store.snapshot({ watch: [keySpan('k')] });
      const writing = write(store, ifUnchanged);
      const closing = ifUnchanged.close();
      await writing;
      await closing;
      await expect(write(store, ifUnchanged)).rejects.toMatchObject({
        code: 'LEVEL_SNAPSHOT_NOT_OPEN',
      });
    },
  );

  it('of a chained batch is one too', async () => {
    const cluster = new MemoryCluster();
    const store = await openStore(cluster.store('store'));
    const other = await openStore(cluster.store('store'));
    const ifUnchanged = store.snapshot({ watch: [keySpan('k')] });
    await store.get(bytes('k'), { snapshot: ifUnchanged });
    await other.del(bytes('k'));
    const options: object = { ifUnchanged };
    await expect(store.batch().put(bytes('k'), value).write(options)).rejects.toEqual(conflict);
  });

  it('refuses one that watches nothing, or belongs to another store', async () => {
    const cluster = new MemoryCluster();
    const store = await openStore(cluster.store('store'));
    const other = await openStore(cluster.store('store'));
    const invalid = expect.objectContaining({ code: 'SSTITCH_OPTION_INVALID' });
    for (const ifUnchanged of [store.snapshot(), other.snapshot({ watch: [keySpan('k')] })]) {
      await expect(store.batch([put('k')], { ifUnchanged })).rejects.toEqual(invalid);
      const replacing = store.replaceSpans(everything, pages(), { ifUnchanged });
      await expect(replacing).rejects.toEqual(invalid);
    }
  });
});

describe('a snapshot', () => {
  it('watches spans only of a whole store, sorted and disjoint', async () => {
    const store = await openStore(new MemoryCluster().store('store'));
    const watch = [keySpan('b'), keySpan('a')];
    expect(() => store.snapshot({ watch })).toThrow(
      expect.objectContaining({ code: 'SSTITCH_SPANS_INVALID' }),
    );
    const part = store.sublevel('part');
    await part.open();
    expect(() => part.snapshot({ watch: [keySpan('a')] })).toThrow(
      expect.objectContaining({ code: 'SSTITCH_OPTION_INVALID' }),
    );
  });
});
