import { describe, expect, it } from 'vitest';
import { ClusterError } from '../errors.js';
import { MemoryCluster } from '../memory/memory-port.js';
import { type ClusterPort, MAX_BLOCK_BYTES } from '../port.js';
import { bytes, portWith, text } from '../runs/runs.test-support.js';
import { ClusterStore } from './cluster-store.js';
import { everything, openStore, pages, turn, until, value } from './store.test-support.js';

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

  it('of a chained batch do not depend on the memory of the caller either', async () => {
    const store = await openStore(new MemoryCluster().store('store'));
    await store.put(bytes('d'), bytes('0'));
    const [key, content] = [bytes('a'), bytes('1')];
    const batch = store.batch();
    for (const [first, text] of [
      ['b', '2'],
      ['c', '3'],
    ] as const) {
      key.set(bytes(first));
      content.set(bytes(text));
      batch.put(key, content);
    }
    key.set(bytes('d'));
    batch.del(key);
    key.fill(0);
    content.fill(0);
    await batch.write();
    expect(await store.iterator().all()).toEqual([
      [bytes('b'), bytes('2')],
      [bytes('c'), bytes('3')],
    ]);
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
      await openStore(cluster.store('store'), { leaseMs: 6000, cacheBytes: 0 }),
      await openStore(cluster.store('store'), { leaseMs: 6000, maintenance: 'manual' }),
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
    while ((await writer.clusterStatus()).retired.runs > 0) {
      await turn();
      await writer.collect();
    }
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

describe('an iterator', () => {
  it.each([
    ['next', false],
    ['next', true],
    ['nextv', false],
    ['nextv', true],
  ] as const)('whose %s failed continues where it was (reverse: %s)', async (method, reverse) => {
    const cluster = new MemoryCluster();
    const writer = await openStore(cluster.store('store'));
    const keys = Array.from({ length: 300 }, (_, at) => String(at + 1000));
    const entries = keys.map((key) => [key, new Uint8Array(20_000)] as const);
    await writer.replaceSpans(everything, pages(...entries));
    let reads = 0;
    const failing = portWith(cluster.store('store'), {});
    for (const name of ['readRunIndex', 'readBlock', 'readChunk'] as const) {
      const read = failing[name].bind(failing) as (...given: unknown[]) => Promise<never>;
      Object.assign(failing, {
        [name]: async (...given: unknown[]) => {
          reads += 1;
          if ([1, 4, 9, 16, 25].includes(reads))
            throw new ClusterError('SSTITCH_CLUSTER_UNAVAILABLE', 'no answer');
          return read(...given);
        },
      });
    }
    const reader = await openStore(failing, { cacheBytes: 0 });
    const iterator = reader.keys({ reverse });
    const found: string[] = [];
    let failures = 0;
    for (let isEnd = false; !isEnd; ) {
      try {
        const read = method === 'next' ? [await iterator.next()] : await iterator.nextv(7);
        isEnd = read.length === 0;
        for (const key of read) {
          if (key === undefined) isEnd = true;
          else found.push(text(key));
        }
      } catch (error) {
        expect(error).toMatchObject({ code: 'SSTITCH_CLUSTER_UNAVAILABLE' });
        failures += 1;
      }
    }
    expect(failures).toBeGreaterThan(1);
    expect(found).toEqual(reverse ? keys.toReversed() : keys);
  });
});

describe('reads', () => {
  it('and writes that need no I/O leave turns to timers, so that the lease is renewed', async () => {
    const store = await openStore(new MemoryCluster().store('store'));
    await store.put(bytes('a'), value);
    const snapshot = store.snapshot();
    for (const read of [
      () => store.get(bytes('a'), { snapshot }),
      () => store.getMany([bytes('a')], { snapshot }),
      () => store.has(bytes('a'), { snapshot }),
      () => store.iterator({ snapshot }).all(),
      () => store.put(bytes('a'), value),
      () => store.clear(),
    ]) {
      let hadTurn = false;
      setTimeout(() => {
        hadTurn = true;
      }, 1);
      while (!hadTurn) await read();
    }
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
