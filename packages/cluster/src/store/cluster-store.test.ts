import { byteEncodings, type EntryPages } from '@sstitch/contract';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.js';
import { ClusterError } from '../errors.js';
import { MemoryCluster } from '../memory/memory-port.js';
import { type ClusterPort, MAX_BLOCK_BYTES } from '../port.js';
import { bytes, portWith } from '../runs/runs.test-support.js';
import { ClusterStore } from './cluster-store.js';
import type { ClusterStoreOptions } from './options.js';
import { StoreCore } from './store-core.js';

type ByteStore = ClusterStore<Uint8Array, Uint8Array>;
const opened: ByteStore[] = [];

afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});

async function openStore(
  port: ClusterPort,
  options: ClusterStoreOptions<Uint8Array, Uint8Array> = {},
): Promise<ByteStore> {
  const store: ByteStore = new ClusterStore(port, { ...byteEncodings, ...options });
  await store.open();
  opened.push(store);
  return store;
}

async function* pages(...entries: ReadonlyArray<readonly [string, Uint8Array]>): EntryPages {
  for (const [key, value] of entries) yield [[bytes(key), value]];
}

const everything = [{ start: bytes(''), end: undefined }];
const value = bytes('value');
const NO_ENCODER = { key: (given: unknown) => given, value: (given: unknown) => given };

/** Fulfils after every microtask and the timers that are due. */
const turn = () => new Promise((resolve) => setTimeout(resolve, 2));

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

describe('writes', () => {
  it('of one turn are committed in the order of the calls, in one slot', async () => {
    const store = await openStore(new MemoryCluster().store('store'));
    const before = (await store.metrics()).slot;
    await Promise.all([
      store.put(bytes('a'), bytes('1')),
      store.put(bytes('b'), bytes('1')),
      store.clear(),
      store.put(bytes('a'), bytes('2')),
      store.del(bytes('b')),
      store.put(bytes('b'), bytes('3')),
    ]);
    expect((await store.metrics()).slot).toBe(before + 1);
    expect(await store.iterator().all()).toEqual([
      [bytes('a'), bytes('2')],
      [bytes('b'), bytes('3')],
    ]);
  });

  it('do not depend on the memory of the caller once the call has returned', async () => {
    const store = await openStore(new MemoryCluster().store('store'));
    const [key, large] = [bytes('key'), new Uint8Array(200_000).fill(1)];
    const putting = store.batch([{ type: 'put', key, value: large }]);
    key.fill(0);
    large.fill(0);
    await putting;
    const read = (await store.get(bytes('key'))) ?? value;
    expect(Buffer.compare(read, new Uint8Array(200_000).fill(1))).toBe(0);
  });

  it('return memory of their own: changing it changes nothing in the store', async () => {
    const store = await openStore(new MemoryCluster().store('store'));
    await store.replaceSpans(everything, pages(['a', bytes('1')]));
    await store.put(bytes('b'), bytes('1'));
    for (const key of ['a', 'b']) (await store.get(bytes(key)))?.fill(0);
    for (const [key, read] of await store.iterator().all()) {
      key.fill(0);
      read.fill(0);
    }
    expect(await store.getMany([bytes('a'), bytes('b')])).toEqual([bytes('1'), bytes('1')]);
  });

  it('of a batch larger than a record are one commit, visible as a whole', async () => {
    const cluster = new MemoryCluster();
    const store = await openStore(cluster.store('store'));
    await store.put(bytes('00500'), bytes('old'));
    const other = await openStore(cluster.store('store'));
    const operations = Array.from({ length: 20_000 }, (_, index) => ({
      type: 'put' as const,
      key: bytes(String(index).padStart(5, '0')),
      value,
    }));
    let isWriting = true;
    const writing = store.batch(operations).finally(() => {
      isWriting = false;
    });
    const counts = new Set<number>();
    while (isWriting) counts.add((await other.keys().all()).length);
    await writing;
    counts.add((await other.keys().all()).length);
    expect([...counts].every((count) => count === 1 || count === 20_000)).toBe(true);
    await store.batch(operations.map(({ key }) => ({ type: 'del', key })));
    expect(await other.keys().all()).toEqual([]);
  });

  it('of large values are read back, up to the limit of a block', async () => {
    const store = await openStore(new MemoryCluster().store('store'));
    const large = new Uint8Array(20 * 1024 * 1024).fill(7);
    await store.put(bytes('b'), large);
    await store.put(bytes('a'), value);
    expect(Buffer.compare((await store.get(bytes('b'))) ?? value, large)).toBe(0);
    expect((await store.iterator().all()).map(([, read]) => read.length)).toEqual([
      5,
      large.length,
    ]);
    const tooLarge = new Uint8Array(MAX_BLOCK_BYTES);
    await expect(store.put(bytes('c'), tooLarge)).rejects.toMatchObject({
      code: 'SSTITCH_TOO_LARGE',
    });
    await expect(store.put(new Uint8Array(9000), value)).rejects.toMatchObject({
      code: 'SSTITCH_TOO_LARGE',
    });
  });
});

describe('clear', () => {
  it('of a range is one commit, whatever it holds', async () => {
    const store = await openStore(new MemoryCluster().store('store'));
    await store.batch(
      Array.from({ length: 5000 }, (_, index) => ({
        type: 'put',
        key: bytes(`k${index}`),
        value,
      })),
    );
    await store.put(bytes('z'), value);
    const { slot } = await store.metrics();
    await store.clear({ lt: bytes('z') });
    expect((await store.metrics()).slot).toBe(slot + 1);
    expect(await store.keys().all()).toEqual([bytes('z')]);
  });

  it('of a snapshot deletes the keys of the snapshot alone', async () => {
    const store = await openStore(new MemoryCluster().store('store'));
    await store.put(bytes('a'), value);
    const snapshot = store.snapshot();
    await store.put(bytes('b'), value);
    await store.clear({ snapshot });
    expect(await store.keys().all()).toEqual([bytes('b')]);
  });
});

describe('views', () => {
  it('of this process lack what it wrote after them, even without an await between', async () => {
    const store = await openStore(new MemoryCluster().store('store'));
    await store.put(bytes('a'), bytes('1'));
    const snapshot = store.snapshot();
    const iterator = store.iterator();
    const writing = store.put(bytes('a'), bytes('2'));
    expect(await store.get(bytes('a'), { snapshot })).toEqual(bytes('1'));
    await writing;
    expect(await iterator.next()).toEqual([bytes('a'), bytes('1')]);
    expect(await store.get(bytes('a'), { snapshot })).toEqual(bytes('1'));
    expect(await store.get(bytes('a'))).toEqual(bytes('2'));
  });

  it('keep the runs that others replaced, folded and collected, until they are closed', async () => {
    const cluster = new MemoryCluster();
    const [reader, writer] = [
      await openStore(cluster.store('store'), { leaseMs: 200, cacheBytes: 0 }),
      await openStore(cluster.store('store'), { leaseMs: 200, maintenance: 'manual' }),
    ];
    await writer.replaceSpans(everything, pages(['a', bytes('old')], ['b', bytes('old')]));
    const snapshot = reader.snapshot();
    await reader.get(bytes('a'), { snapshot });
    await writer.replaceSpans(everything, pages(['a', bytes('new')]));
    await writer.batch([{ type: 'put', key: bytes('b'), value: new Uint8Array(100_000) }]);
    await writer.fold();
    for (let round = 0; round < 5; round += 1) {
      await writer.collect();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect((await writer.clusterStatus()).retired.runs).toBeGreaterThan(0);
    expect(await reader.get(bytes('b'), { snapshot })).toEqual(bytes('old'));
    await snapshot.close();
    let left = Number.POSITIVE_INFINITY;
    await until(() => {
      writer.collect().then(
        async () => {
          left = (await writer.clusterStatus()).retired.runs;
        },
        () => undefined,
      );
      return left === 0;
    });
    expect(cluster.rowCounts('store')).toMatchObject({ chunks: 1, indexes: 1, loads: 0 });
  });

  it('refuse a snapshot of another store', async () => {
    const cluster = new MemoryCluster();
    const [one, other] = [
      await openStore(cluster.store('store')),
      await openStore(cluster.store('store')),
    ];
    await expect(one.get(bytes('a'), { snapshot: other.snapshot() })).rejects.toMatchObject({
      code: 'SSTITCH_OPTION_INVALID',
    });
  });
});

describe('get', () => {
  it('costs one round trip if nothing was written since: the block is read beside the probe', async () => {
    const port = new MemoryCluster().store('store');
    const calls: string[] = [];
    const gates: Array<() => void> = [];
    let isGated = false;
    const gated = portWith(port, {
      readHead: async (...where) => {
        calls.push('head');
        if (isGated) await new Promise<void>((resolve) => gates.push(resolve));
        return port.readHead(...where);
      },
      readBlock: (...where) => {
        calls.push('block');
        return port.readBlock(...where);
      },
    });
    const store = await openStore(gated, { cacheBytes: 0, maintenance: 'manual' });
    await store.replaceSpans(everything, pages(['a', value]));
    calls.length = 0;
    isGated = true;
    const getting = store.get(bytes('a'));
    await until(() => calls.includes('block') && gates.length > 0);
    isGated = false;
    gates[0]?.();
    expect(await getting).toEqual(value);
    expect(calls).toEqual(['head', 'block']);
  });

  it('sees what another process wrote before it began', async () => {
    const cluster = new MemoryCluster();
    const [one, other] = [
      await openStore(cluster.store('store')),
      await openStore(cluster.store('store')),
    ];
    for (let round = 0; round < 20; round += 1) {
      await one.put(bytes('a'), bytes(`${round}`));
      expect(await other.get(bytes('a'))).toEqual(bytes(`${round}`));
    }
  });
});

describe('replaceSpans', () => {
  it('encodes keys and values by the encodings of the options, and takes bytes as they are', async () => {
    const store = new ClusterStore<string, object>(new MemoryCluster().store('store'), {
      valueEncoding: 'json',
    });
    const entries = (async function* () {
      yield [
        ['a', { n: 1 }],
        [bytes('b'), bytes('{"n":2}')],
      ];
    })();
    await store.replaceSpans(everything, entries as unknown as EntryPages);
    expect(await store.iterator().all()).toEqual([
      ['a', { n: 1 }],
      ['b', { n: 2 }],
    ]);
    await store.close();
  });

  const refusals: ReadonlyArray<readonly [string, unknown, string, RegExp]> = [
    [
      'entries that are no pages',
      [[bytes('a'), value]],
      'SSTITCH_ENTRIES_INVALID',
      /async iterable/,
    ],
    ['a page that is no array', 7, 'SSTITCH_ENTRIES_INVALID', /page 1: .*a number/],
    ['an entry that is no pair', [[bytes('a')]], 'SSTITCH_ENTRIES_INVALID', /page 1, entry 0/],
    ['a value of null', [[bytes('b'), null]], 'SSTITCH_ENTRIES_INVALID', /value must be/],
    ['a key at or before the last', [[bytes('a'), value]], 'SSTITCH_ENTRIES_INVALID', /ascend/],
    ['a key in no span', [[bytes('x'), value]], 'SSTITCH_ENTRIES_INVALID', /no span/],
    [
      'a key that is too long',
      [[new Uint8Array(9000).fill(98), value]],
      'SSTITCH_TOO_LARGE',
      /8192/,
    ],
  ];
  for (const [what, page, code, message] of refusals) {
    it(`refuses ${what}, says where it is, and leaves nothing behind`, async () => {
      const cluster = new MemoryCluster();
      const store = await openStore(cluster.store('store'));
      const entries = (async function* () {
        yield [[bytes('a'), value]];
        yield page;
      })();
      const given = what === 'entries that are no pages' ? page : entries;
      const spans = [{ start: bytes('a'), end: bytes('x') }];
      const replacing = store.replaceSpans(spans, given as EntryPages);
      await expect(replacing).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message),
      });
      expect(cluster.rowCounts('store')).toMatchObject({ chunks: 0, loads: 0 });
      expect(await store.keys().all()).toEqual([]);
    });
  }

  it('refuses spans whose bounds no commit holds before it reads an entry', async () => {
    const store = await openStore(new MemoryCluster().store('store'));
    const spans = Array.from({ length: 4000 }, (_, index) => {
      const start = bytes(`a span ${String(index).padStart(6, '0')}`);
      return { start, end: bytes(`a span ${String(index).padStart(6, '0')} x`) };
    });
    let wasRead = false;
    const entries = (async function* (): EntryPages {
      wasRead = true;
      yield [];
    })();
    await expect(store.replaceSpans(spans, entries)).rejects.toMatchObject({
      code: 'SSTITCH_TOO_LARGE',
    });
    expect(wasRead).toBe(false);
  });

  it('aborts while its source does not answer', async () => {
    const store = await openStore(new MemoryCluster().store('store'));
    const controller = new AbortController();
    const silent: EntryPages = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }),
    };
    const replacing = store.replaceSpans(everything, silent, { signal: controller.signal });
    setTimeout(() => controller.abort('enough'), 5);
    await expect(replacing).rejects.toMatchObject({ name: 'AbortError', cause: 'enough' });
  });

  it('whose outcome is unknown keeps its run, and the store shows later what became of it', async () => {
    const cluster = new MemoryCluster();
    const port = cluster.store('store');
    let isCut = false;
    const cut = portWith(port, {
      appendSlot: async (slot, record) => {
        const done = await port.appendSlot(slot, record);
        return isCut ? { outcome: 'unknown', cause: new Error('cut off') } : done;
      },
      readHead: (...where) =>
        isCut
          ? Promise.reject(new ClusterError('SSTITCH_CLUSTER_UNAVAILABLE', 'cut off'))
          : port.readHead(...where),
    });
    const core = await StoreCore.open({
      port: cut,
      clock: systemClock,
      leaseMs: 30_000,
      blockSizeBytes: 1024,
      isAutomatic: false,
      commitTimeoutMs: 50,
    });
    const replace = (what: string) =>
      core.replaceSpans(everything, pages(['a', bytes(what)]), NO_ENCODER, undefined);
    await replace('old');
    isCut = true;
    await expect(replace('new')).rejects.toMatchObject({ code: 'SSTITCH_COMMIT_UNKNOWN' });
    isCut = false;
    const other = await openStore(cluster.store('store'));
    expect(await other.get(bytes('a'))).toEqual(bytes('new'));
    await core.close();
  });
});

describe('close', () => {
  it('cancels a replacement in progress, which leaves nothing behind', async () => {
    const cluster = new MemoryCluster();
    const store = await openStore(cluster.store('store'));
    const silent = (async function* (): EntryPages {
      yield [[bytes('a'), new Uint8Array(3_000_000)]];
      yield [[bytes('b'), new Uint8Array(3_000_000)]];
      await new Promise(() => {});
    })();
    const replacing = store.replaceSpans(everything, silent);
    await until(() => cluster.rowCounts('store').chunks > 0);
    const closing = store.close();
    await expect(replacing).rejects.toMatchObject({ code: 'SSTITCH_STORE_CLOSED' });
    await closing;
    expect(cluster.rowCounts('store')).toMatchObject({ chunks: 0, loads: 0, leases: 0 });
  });

  it('can be followed by open', async () => {
    const store = await openStore(new MemoryCluster().store('store'));
    await store.put(bytes('a'), value);
    await store.close();
    await store.open();
    expect(await store.get(bytes('a'))).toEqual(value);
  });
});

describe('maintenance', () => {
  it('flushes, folds and writes checkpoints by itself', async () => {
    const cluster = new MemoryCluster();
    const store = await openStore(cluster.store('store'));
    for (let round = 0; round < 150; round += 1) {
      await store.put(bytes(`key ${round % 70}`), new Uint8Array(40_000).fill(round));
    }
    await until(() => cluster.rowCounts('store').checkpoints > 0);
    const { memtableBytes, levelZeroRuns, maintenance } = await store.metrics();
    expect(maintenance.failure).toBeUndefined();
    expect(maintenance.runs['flush']).toBeGreaterThan(1);
    expect(memtableBytes).toBeLessThan(5 * 1024 * 1024);
    expect(levelZeroRuns).toBeLessThan(33);
    expect(await store.keys().all()).toHaveLength(70);
    for (let round = 80; round < 150; round += 1) {
      expect((await store.get(bytes(`key ${round % 70}`)))?.[0]).toBe(round);
    }
  });

  it('by hand does nothing by itself', async () => {
    const store = await openStore(new MemoryCluster().store('store'), { maintenance: 'manual' });
    for (let round = 0; round < 40; round += 1) {
      await store.put(bytes(`key ${round}`), new Uint8Array(40_000));
    }
    await turn();
    expect((await store.metrics()).memtableBytes).toBeGreaterThan(1024 * 1024);
    expect(await store.flush()).toBe(true);
    expect((await store.metrics()).levelZeroRuns).toBe(1);
    const report = await store.fold();
    expect(report).toMatchObject({ isComplete: true, runsWritten: 1 });
    expect((await store.metrics()).levelZeroRuns).toBe(0);
    expect(await store.keys().all()).toHaveLength(40);
  });

  it('that fails is reported, and writes go on', async () => {
    const port = new MemoryCluster().store('store');
    const failing = portWith(port, {
      writeChunk: () => Promise.reject(new Error('full')),
    });
    const store = await openStore(failing);
    const failures: string[] = [];
    store.on('maintenanceFailure', (task: string) => failures.push(task));
    for (let round = 0; round < 30; round += 1) {
      await store.put(bytes(`key ${round}`), new Uint8Array(40_000));
    }
    await until(() => failures.length > 0);
    expect(failures[0]).toBe('flush');
    expect((await store.metrics()).maintenance.failure).toMatchObject({ task: 'flush' });
    await store.put(bytes('after'), value);
    expect(await store.get(bytes('after'))).toEqual(value);
  });
});

describe('options', () => {
  it.each([
    { leaseMs: 0 },
    { blockSizeBytes: 100 },
    { cacheBytes: -1 },
    { maintenance: 'sometimes' },
  ])('%o are refused', (options) => {
    const port = new MemoryCluster().store('store');
    expect(() => new ClusterStore(port, options as object)).toThrow(
      expect.objectContaining({ code: 'SSTITCH_OPTION_INVALID' }),
    );
  });

  it('need a port', () => {
    expect(() => new ClusterStore('postgres://somewhere' as unknown as ClusterPort)).toThrow(
      /port of a store/,
    );
  });
});
