import { compareBytes } from '@sstitch/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClusterError } from '../errors.js';
import { BlockCache } from './block-cache.js';
import { runEntries } from './run-cursor.js';
import { RunReader } from './run-reader.js';
import {
  bytes,
  entriesOf,
  memoryPort,
  numberedKey,
  numberedPages,
  portWith,
  readerOf,
  text,
  written,
} from './runs.test-support.js';

const everything = { start: bytes(''), end: undefined };

describe('a run', () => {
  it('returns the entries of any span in both directions, and finds each key', async () => {
    const port = memoryPort();
    const key = fc.string({ maxLength: 4, unit: fc.constantFrom('a', 'b', 'c') });
    const property = fc.asyncProperty(
      fc.uniqueArray(key, { minLength: 1, maxLength: 100 }),
      key,
      fc.option(key, { nil: undefined }),
      fc.constantFrom(1, 40, 200),
      async (keys, start, end, blockSizeBytes) => {
        const all = entriesOf(Object.fromEntries(keys.map((each) => [`k${each}`, each])));
        const { run } = await written(port, [all], blockSizeBytes);
        const reader = readerOf(port);
        const span = {
          start: bytes(`k${start}`),
          end: end === undefined ? undefined : bytes(`k${end}`),
        };
        const expected = all.filter(
          (entry) =>
            compareBytes(entry.key, span.start) >= 0 &&
            (span.end === undefined || compareBytes(entry.key, span.end) < 0),
        );
        for (const reverse of [false, true]) {
          const read = [];
          for await (const page of runEntries(reader, run, span, { reverse })) read.push(...page);
          expect(read).toEqual(reverse ? expected.toReversed() : expected);
        }
        for (const entry of all) {
          expect(await reader.find(run, entry.key)).toEqual({ value: entry.value, sequence: 0 });
          expect(await reader.find(run, bytes(`${text(entry.key)}\0`))).toBeUndefined();
        }
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });

  it('is read chunk by chunk in a long scan, which leaves the cache as it was', async () => {
    const port = memoryPort();
    const { run } = await written(port, numberedPages(30_000), 4096);
    const calls = { block: 0, chunk: 0 };
    const counting = portWith(port, {
      readBlock: (...where) => {
        calls.block += 1;
        return port.readBlock(...where);
      },
      readChunk: (...where) => {
        calls.chunk += 1;
        return port.readChunk(...where);
      },
    });
    for (const reverse of [false, true]) {
      calls.block = 0;
      calls.chunk = 0;
      const cache = new BlockCache(100_000_000);
      const reader = new RunReader({ port: counting, cache, checkLease: () => undefined });
      let entries = 0;
      for await (const page of runEntries(reader, run, everything, { reverse }))
        entries += page.length;
      expect(entries).toBe(30_000);
      expect(calls).toEqual({ block: 4, chunk: 4 });
      expect(cache.metrics.bytes).toBeLessThan(100_000);
    }
  });

  it('is read by one block for the first entry', async () => {
    const port = memoryPort();
    const { run } = await written(port, numberedPages(30_000), 4096);
    let reads = 0;
    const counting = portWith(port, {
      readBlock: (...where) => {
        reads += 1;
        return port.readBlock(...where);
      },
    });
    const pages = runEntries(readerOf(counting), run, everything, { reverse: false });
    await pages.next();
    await pages.return();
    expect(reads).toBe(1);
  });

  it('is read once for lookups of a block at the same time, and from the cache later', async () => {
    const port = memoryPort();
    const { run } = await written(port, numberedPages(1000), 4096);
    const calls: string[] = [];
    const counting = portWith(port, {
      readBlock: (id, chunk, block) => {
        calls.push(`block ${block}`);
        return port.readBlock(id, chunk, block);
      },
      readRunIndex: (id) => {
        calls.push('index');
        return port.readRunIndex(id);
      },
    });
    const reader = readerOf(counting);
    const find = () =>
      Promise.all([1, 2, 3].map((number) => reader.find(run, bytes(numberedKey(number)))));
    await find();
    await find();
    expect(calls).toEqual(['index', 'block 0']);
  });

  const missing = { code: 'SSTITCH_VIEW_GONE' };
  it('whose rows are missing is an error, never an absent key', async () => {
    const port = memoryPort();
    const { run } = await written(port, numberedPages(30_000), 4096);
    const read = async (override: object) => {
      const reader = readerOf(portWith(port, override));
      for await (const _ of runEntries(reader, run, everything, { reverse: false }));
    };
    const find = (override: object) =>
      readerOf(portWith(port, override)).find(run, bytes(numberedKey(1)));
    await expect(find({ readRunIndex: async () => [] })).rejects.toMatchObject(missing);
    await expect(find({ readBlock: async () => undefined })).rejects.toMatchObject(missing);
    const half = async (id: string, chunk: number) =>
      (await port.readChunk(id, chunk)).slice(0, -1);
    await expect(read({ readChunk: half })).rejects.toMatchObject(missing);
    const swapped = async (id: string, chunk: number) =>
      (await port.readChunk(id, chunk)).toReversed();
    await expect(read({ readChunk: swapped })).rejects.toBeInstanceOf(ClusterError);
  });

  it('is not used once the lease is lost', async () => {
    const port = memoryPort();
    const { run } = await written(port, numberedPages(100), 4096);
    const lost = new ClusterError('SSTITCH_LEASE_LOST', 'slept');
    const reader = new RunReader({
      port: portWith(port, { readBlock: async () => undefined }),
      cache: new BlockCache(1000),
      checkLease: () => {
        throw lost;
      },
    });
    await expect(reader.find(run, bytes(numberedKey(1)))).rejects.toBe(lost);
  });

  it('stops at an abort', async () => {
    const port = memoryPort();
    const { run } = await written(port, numberedPages(30_000), 4096);
    const controller = new AbortController();
    const options = { reverse: false, signal: controller.signal };
    const read = async () => {
      for await (const _ of runEntries(readerOf(port), run, everything, options)) {
        controller.abort('enough');
      }
    };
    await expect(read()).rejects.toMatchObject({ name: 'AbortError', cause: 'enough' });
  });
});
