import { compareBytes } from '@sstitch/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../clock.js';
import { MemoryCluster } from '../memory/memory-port.js';
import type { RunEntry } from '../runs/block.js';
import { BlockCache } from '../runs/block-cache.js';
import { readKey, readKeys } from '../runs/read-key.js';
import { readRange } from '../runs/read-range.js';
import { RunReader } from '../runs/run-reader.js';
import { type WrittenRun, writeRun } from '../runs/run-writer.js';
import { bytes, entriesOf, text } from '../runs/runs.test-support.js';
import type { LevelZeroRun } from '../state/state.js';
import { commitRun } from './commit-run.js';
import { flushMemtable } from './flush.js';
import { foldLevelZero } from './fold.js';
import { joinEmptyPieces } from './join-pieces.js';
import { LocalLogClient } from './log-client.test-support.js';
import { mergeLevelZero, runsToMerge } from './merge.js';
import { rewriteSparseRun } from './rewrite-sparse.js';

const KEYS = [...'abcdefgh'].flatMap((letter) => ['', '1', '5'].map((digit) => letter + digit));
const MAINTENANCE = ['flush', 'merge', 'fold', 'rewrite', 'join'] as const;
const key = fc.constantFrom(...KEYS);
const value = fc.string({ maxLength: 30 });
const bounds = fc.uniqueArray(key, { minLength: 2, maxLength: 6 }).map((all) => all.sort());
const puts = fc.dictionary(key, value, { maxKeys: 8 });
const writes = fc.dictionary(key, fc.option(value, { nil: undefined }), {
  minKeys: 1,
  maxKeys: 8,
});

type Action =
  | { readonly do: 'write' | 'batch'; readonly entries: Record<string, string | undefined> }
  | { readonly do: 'replace'; readonly bounds: string[]; readonly entries: Record<string, string> }
  | { readonly do: (typeof MAINTENANCE)[number] };

// Mostly batches, so that level 0 has enough runs for a merge.
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('batch' as const), entries: writes }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('write' as const), entries: writes }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('replace' as const), bounds, entries: puts }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom(...MAINTENANCE) }) },
);

class Bench {
  readonly client = new LocalLogClient();
  readonly port = new MemoryCluster().store('store');
  readonly reader = new RunReader({
    port: this.port,
    cache: new BlockCache(100_000),
    checkLease: () => undefined,
  });
  readonly context = {
    client: this.client,
    port: this.port,
    reader: this.reader,
    clock: systemClock,
    blockSizeBytes: 40,
  };
  model = new Map<string, string>();

  async perform(done: Action): Promise<void> {
    switch (done.do) {
      case 'write':
        await this.client.commit([
          {
            type: 'write',
            operations: entriesOf(done.entries).map(({ key, value }) =>
              value === undefined ? { type: 'del', key } : { type: 'put', key, value },
            ),
          },
        ]);
        return this.#apply(done.entries);
      case 'batch': {
        const written = await this.write(entriesOf(done.entries));
        if (written !== undefined) {
          await commitRun(this.client, written, [{ type: 'run', run: written.run }]);
        }
        return this.#apply(done.entries);
      }
      case 'replace': {
        const spans = spansOf(done.bounds);
        const inside = Object.entries(done.entries).filter(([key]) =>
          spans.some(([start, end]) => key >= start && key < end),
        );
        for (const key of [...this.model.keys()]) {
          if (spans.some(([start, end]) => key >= start && key < end)) this.model.delete(key);
        }
        const written = await this.write(entriesOf(Object.fromEntries(inside)));
        await commitRun(this.client, written, [
          {
            type: 'replace',
            spans: spans.map(([start, end]) => ({ start: bytes(start), end: bytes(end) })),
            run: written?.run,
          },
        ]);
        return this.#apply(Object.fromEntries(inside));
      }
      case 'flush':
        await flushMemtable(this.context);
        return;
      case 'merge':
        await mergeLevelZero(this.context, 0);
        return;
      case 'fold':
        expect((await foldLevelZero(this.context)).isComplete).toBe(true);
        return;
      case 'rewrite':
        await rewriteSparseRun(this.context, 0);
        return;
      case 'join':
        await joinEmptyPieces(this.client);
    }
  }

  write(entries: readonly RunEntry[]): Promise<WrittenRun | undefined> {
    return writeRun([entries], this.context);
  }

  #apply(entries: Record<string, string | undefined>): void {
    for (const [key, value] of Object.entries(entries)) {
      if (value === undefined) this.model.delete(key);
      else this.model.set(key, value);
    }
  }

  async check(): Promise<void> {
    const state = this.client.known;
    const expected = [...this.model].sort(([a], [b]) => compareBytes(bytes(a), bytes(b)));
    for (const [start, end] of [
      ['', undefined],
      ['b', 'e5'],
      ['c1', 'c1'],
    ] as const) {
      const span = { start: bytes(start), end: end === undefined ? undefined : bytes(end) };
      const inside = expected.filter(([key]) => key >= start && (end === undefined || key < end));
      for (const reverse of [false, true]) {
        const read: Array<[string, string]> = [];
        for await (const page of readRange(this.reader, state, span, { reverse })) {
          for (const { key, value } of page) read.push([text(key), text(value)]);
        }
        expect(read).toEqual(reverse ? inside.toReversed() : inside);
      }
    }
    const values = await readKeys(this.reader, state, KEYS.map(bytes), (value) => value);
    expect(values.map((value) => value && text(value))).toEqual(
      KEYS.map((key) => this.model.get(key)),
    );
    const one = await readKey(this.reader, state, bytes('c1'));
    expect(one && text(one)).toBe(this.model.get('c1'));
  }
}

function spansOf(sorted: readonly string[]): Array<readonly [string, string]> {
  const spans: Array<readonly [string, string]> = [];
  for (let at = 0; at + 1 < sorted.length; at += 2) {
    spans.push([sorted[at] as string, sorted[at + 1] as string]);
  }
  return spans;
}

describe('reads of a state', () => {
  it('agree with a map after any writes, replacements, flushes, merges, folds and joins', async () => {
    const property = fc.asyncProperty(
      fc.array(action, { maxLength: 40, size: 'max' }),
      async (actions) => {
        const bench = new Bench();
        for (const done of actions) {
          await bench.perform(done);
          await bench.check();
        }
      },
    );
    await fc.assert(property, { numRuns: 30 });
  });
});

describe('a fold', () => {
  it('leaves no run in level 0 and names the runs of pieces that nothing lies over', async () => {
    const bench = new Bench();
    await bench.perform({ do: 'replace', bounds: ['a', 'd'], entries: { a: '1', b: '2' } });
    await bench.perform({ do: 'replace', bounds: ['d', 'h'], entries: { d: '1', e: '2' } });
    const [kept, folded] = ['b', 'e'].map((start) => runAt(bench, start));
    await bench.perform({ do: 'batch', entries: { e: 'new', e5: 'new' } });
    await bench.perform({ do: 'write', entries: { e1: 'newer', d: undefined } });
    await bench.perform({ do: 'flush' });
    expect(bench.client.known.levelZero).toHaveLength(2);
    await bench.perform({ do: 'fold' });
    expect(bench.client.known.levelZero).toEqual([]);
    expect(runAt(bench, 'b')).toBe(kept);
    expect(runAt(bench, 'e')).not.toBe(folded);
    expect(bench.client.known.retired.has(folded as string)).toBe(true);
    await bench.check();
  });

  it('is void and drops its run if its span was replaced meanwhile', async () => {
    const bench = new Bench();
    await bench.perform({ do: 'replace', bounds: ['a', 'h'], entries: { a: '1', b: '2' } });
    await bench.perform({ do: 'batch', entries: { a: 'new' } });
    await bench.perform({ do: 'flush' });
    const { client } = bench;
    const commit = client.commit.bind(client);
    let isFirst = true;
    client.commit = async (edits) => {
      if (isFirst && edits.some(({ type }) => type === 'fold')) {
        isFirst = false;
        await bench.perform({ do: 'replace', bounds: ['a', 'c'], entries: { a: 'replaced' } });
      }
      return commit(edits);
    };
    const report = await foldLevelZero(bench.context);
    expect(report).toEqual({ runsWritten: 0, bytesWritten: 0, isComplete: false });
    expect(await bench.port.readLoads()).toEqual([]);
    await bench.check();
  });
});

describe('a merge', () => {
  it('makes one run of small runs of level 0, with the newest entry of each key, and drops none that shows', async () => {
    const bench = new Bench();
    await bench.perform({ do: 'replace', bounds: ['a', 'h'], entries: { a: '1', b: '2', c: '3' } });
    for (const value of ['4', '5', '6']) {
      await bench.perform({ do: 'batch', entries: { a: value, [`d${value}`]: value } });
      await bench.perform({ do: 'write', entries: { b: undefined, f: value } });
      await bench.perform({ do: 'flush' });
    }
    await bench.perform({ do: 'batch', entries: { e: 'not flushed' } });
    expect(bench.client.known.levelZero).toHaveLength(7);
    await bench.perform({ do: 'merge' });
    const { levelZero, flushedTo } = bench.client.known;
    expect(levelZero.map(({ run }) => run.entries)).toEqual([1, 6]);
    expect(levelZero[1]?.version).toBeLessThanOrEqual(flushedTo);
    await bench.check();
    await bench.perform({ do: 'fold' });
    await bench.check();
  });

  it('is void and drops its run if another process merged or folded first', async () => {
    const bench = new Bench();
    for (const value of '12345') await bench.perform({ do: 'batch', entries: { a: value } });
    await bench.perform({ do: 'flush' });
    const { client } = bench;
    const commit = client.commit.bind(client);
    client.commit = async (edits) => {
      client.commit = commit;
      await bench.perform({ do: 'fold' });
      return commit(edits);
    };
    expect(await mergeLevelZero(bench.context)).toBe(false);
    expect(client.known.levelZero).toEqual([]);
    expect(await bench.port.readLoads()).toEqual([]);
    await bench.check();
  });

  it('leaves large runs until small ones have about their size, and never more than four', () => {
    const sized = (...sizes: number[]) =>
      sizes.map((bytes, version) => ({ version, run: { bytes } }) as LevelZeroRun);
    const merged = (...sizes: number[]) => runsToMerge(sized(...sizes)).map(({ run }) => run.bytes);
    expect(merged(100, 1, 1, 1)).toEqual([]);
    expect(merged(1000, 100, 10, 10, 10, 10)).toEqual([10, 10, 10, 10]);
    expect(merged(1000, 10, 10, 10, 10, 10, 10)).toEqual([10, 10, 10, 10, 10, 10]);
    expect(merged(40, 10, 10, 10, 10, 10, 10)).toEqual([40, 10, 10, 10, 10, 10, 10]);
  });
});

describe('a flush', () => {
  it('is void and drops its run if another process flushed first', async () => {
    const bench = new Bench();
    await bench.perform({ do: 'write', entries: { a: '1' } });
    const { client } = bench;
    const commit = client.commit.bind(client);
    client.commit = async (edits) => {
      client.commit = commit;
      await flushMemtable(bench.context);
      return commit(edits);
    };
    expect(await flushMemtable(bench.context)).toBe(false);
    expect(client.known.levelZero).toHaveLength(1);
    expect(await bench.port.readLoads()).toEqual([]);
    await bench.check();
  });
});

describe('rewriteSparseRun', () => {
  it('gives what is left of a run that was mostly replaced a run of its own, for all its pieces', async () => {
    const bench = new Bench();
    const entries = Object.fromEntries(KEYS.map((key) => [key, `the value of ${key}`]));
    await bench.perform({ do: 'replace', bounds: ['a', 'h5'], entries });
    const old = runAt(bench, 'a');
    await bench.perform({ do: 'replace', bounds: ['b', 'e', 'f', 'h1'], entries: {} });
    await bench.perform({ do: 'batch', entries: { a1: 'over' } });
    await bench.perform({ do: 'flush' });
    expect(await rewriteSparseRun(bench.context)).toBe(false);
    expect(await rewriteSparseRun(bench.context, 0)).toBe(true);
    const rewritten = runAt(bench, 'a');
    expect(rewritten).not.toBe(old);
    expect([runAt(bench, 'e'), runAt(bench, 'h1')]).toEqual([rewritten, rewritten]);
    expect(bench.client.known.retired.has(old as string)).toBe(true);
    expect(await rewriteSparseRun(bench.context, 0)).toBe(false);
    await bench.check();
  });

  it('rewrites pieces whose bounds are as long as keys can be, one at a time', async () => {
    const bench = new Bench();
    const long = (letter: string) => letter.padEnd(8000, '.');
    const entries = Object.fromEntries([...'abcdefg'].map((letter) => [long(letter), letter]));
    await bench.perform({ do: 'replace', bounds: [long('a'), long('h')], entries });
    await bench.perform({ do: 'replace', bounds: [long('b'), long('g')], entries: {} });
    await bench.perform({ do: 'batch', entries: { z: 'over' } });
    await bench.perform({ do: 'flush' });
    const old = runAt(bench, long('a'));
    expect(await rewriteSparseRun(bench.context, 0)).toBe(true);
    expect(runAt(bench, long('a'))).not.toBe(old);
    await bench.check();
  });

  it('rewrites in one commit no more pieces than it holds, however long the keys between are', async () => {
    const bench = new Bench();
    const letters = Array.from({ length: 600 }, (_, at) => String(at + 100));
    const entries = Object.fromEntries(
      letters.map((name, at) => [name, name.repeat(at > 400 ? 90 : 9)]),
    );
    const long = '499'.padEnd(8000, '.');
    await bench.perform({
      do: 'replace',
      bounds: ['100', '7'],
      entries: { ...entries, [long]: '' },
    });
    const replaced = letters.filter((_, at) => at % 2 === 0 && at < 400);
    const bounds = [...replaced.flatMap((name) => [name, `${name}+`]), '500', '7'];
    await bench.perform({ do: 'replace', bounds, entries: {} });
    await bench.perform({ do: 'batch', entries: { z: 'over' } });
    await bench.perform({ do: 'flush' });
    const old = runAt(bench, '101');
    expect(await rewriteSparseRun(bench.context, 0)).toBe(true);
    while (runAt(bench, long) === old) expect(await rewriteSparseRun(bench.context, 0)).toBe(true);
    await bench.check();
  });

  it('leaves a run of which most shows', async () => {
    const bench = new Bench();
    const entries = Object.fromEntries(KEYS.map((key) => [key, `the value of ${key}`]));
    await bench.perform({ do: 'replace', bounds: ['a', 'h5'], entries });
    await bench.perform({ do: 'replace', bounds: ['b', 'd'], entries: {} });
    await bench.perform({ do: 'flush' });
    expect(await rewriteSparseRun(bench.context, 0)).toBe(false);
  });
});

describe('joinEmptyPieces', () => {
  it('joins the empty pieces that dropped spans leave, except those that have writes over them', async () => {
    const bench = new Bench();
    const drops = ['a', 'b', 'c', 'd', 'e'].map((start) => [start, `${start}5`]);
    for (const bounds of drops) await bench.perform({ do: 'replace', bounds, entries: {} });
    expect(bench.client.known.pieces.length).toBeGreaterThan(8);
    await bench.perform({ do: 'write', entries: { b1: 'over' } });
    await bench.perform({ do: 'join' });
    expect(bench.client.known.pieces).toHaveLength(3);
    await bench.check();
  });
});

function runAt(bench: Bench, at: string): string | undefined {
  return bench.client.known.pieces.find(
    ({ start, end }) => text(start) <= at && (end === undefined || at < text(end)),
  )?.run?.id;
}
