// Entries in any order become tables that a commit takes.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFileSystem } from '@sstitch/sst';
import { describe, expect, test } from 'vitest';
import { TableLoader, type UnsortedEntries } from '../src/index.js';
import { InlinePool } from '../src/threads/inline-pool.js';
import { threadPool } from '../src/threads/thread-pool.js';
import {
  bytes,
  type Contents,
  expectContents,
  expectContentsThroughout,
  openStore,
  openThreadedStore,
  put,
  span,
  temporaryDirectory,
  text,
} from './store-fixture.js';

/** A page of entries, all of whose keys begin with the prefix; in shared memory, as a loader wants it. */
function page(prefix: string, entries: ReadonlyArray<readonly [string, string]>): UnsortedEntries {
  const shared = (length: number) => new SharedArrayBuffer(Math.max(4, length));
  const all = Buffer.from(
    entries.map(([key, value]) => key.slice(prefix.length) + value).join(''),
    'latin1',
  );
  const data = new Uint8Array(shared(all.length));
  data.set(all);
  const keyEnds = new Uint32Array(shared(4 * entries.length));
  const ends = new Uint32Array(shared(4 * entries.length));
  let end = 0;
  for (const [at, [key, value]] of entries.entries()) {
    keyEnds[at] = end + key.length - prefix.length;
    end += key.length - prefix.length + value.length;
    ends[at] = end;
  }
  return { prefix: bytes(prefix), bytes: data, keyEnds, ends, count: entries.length };
}

function entry(number: number): [string, string] {
  return [`b/${String(number).padStart(6, '0')}`, `value ${number}`];
}

/** Numbers below `count` in an order that has nothing to do with theirs. */
function shuffled(count: number): number[] {
  return Array.from({ length: count }, (_, at) => (at * 7919) % count);
}

const POOLS = [
  ['in this thread', () => new InlinePool(nodeFileSystem), openStore],
  ['in worker threads', () => threadPool(), openThreadedStore],
] as const;

const SPANS = [span('b/', 'b0'), span('c/', 'c0'), span('d/')];

describe.each(POOLS)('a loader whose work is done %s', (_where, pool, open) => {
  test('replaces spans by entries that came in any order, in pages that overlap', async () => {
    const store = await open(join(temporaryDirectory(), 'store'));
    await put(store, [
      ['a', 'stays'],
      ['b/old', 'goes'],
      ['d/old', 'goes'],
    ]);
    const written: UnsortedEntries[] = [];
    const onWritten = (entries: UnsortedEntries) => written.push(entries);
    const loader = new TableLoader(temporaryDirectory(), { onWritten }, pool());
    const contents: Contents = new Map([['a', 'stays']]);
    const numbers = shuffled(6007);
    const pages: UnsortedEntries[] = [];
    // More runs than are merged at a time.
    for (let at = 0; at < numbers.length; at += 60) {
      pages.push(page('b/', numbers.slice(at, at + 60).map(entry)));
    }
    for (const number of numbers) contents.set(...entry(number));
    pages.push(
      page('d/', [
        ['d/z', ''],
        ['d/', 'the prefix itself'],
        ['d/a', 'x'.repeat(5000)],
      ]),
    );
    contents.set('d/z', '').set('d/', 'the prefix itself').set('d/a', 'x'.repeat(5000));
    pages.push(page('c/', []));
    // One after another, so that each is a run of its own thread's task.
    for (const one of pages) await loader.add([one]);
    const tables = await loader.finish(SPANS);
    await loader.end();
    expect(tables.entries).toBe(6007 + 3);
    expect(new Set(written)).toEqual(new Set(pages.slice(0, -1)));
    expect(tables.spans.map(({ runs }) => runs.length)).toEqual([1, 0, 1]);
    await store.ingestAndExcise(tables, { move: true });
    await expectContentsThroughout(store, contents);
  });

  test('leaves tables as they are where the pages do not overlap', async () => {
    const directory = temporaryDirectory();
    const loader = new TableLoader(directory, {}, pool());
    const numbers = shuffled(200);
    await loader.add([page('b/', numbers.map(entry))]);
    await loader.add([
      page(
        'b/',
        numbers.map((number) => entry(number + 200)),
      ),
    ]);
    const { spans, entries } = await loader.finish(SPANS);
    expect(entries).toBe(400);
    expect(spans[0]?.runs[0]).toHaveLength(2);
    expect(readdirSync(directory)).toHaveLength(2);
    await loader.end();
  });

  test.each([
    ['in one page', [[3, 1, 2, 1]]],
    [
      'in two pages',
      [
        [3, 1],
        [2, 1],
      ],
    ],
    [
      'in pages far apart',
      Array.from({ length: 200 }, (_, at) => [at, at === 199 ? 1 : at + 1000]),
    ],
  ])('refuses a key that comes twice, %s, and names it', async (_where, numbers) => {
    const loader = new TableLoader(temporaryDirectory(), {}, pool());
    const load = async () => {
      for (const some of numbers) await loader.add([page('b/', some.map(entry))]);
      await loader.finish(SPANS);
    };
    const error = await load().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'SSTITCH_ENTRIES_INVALID' });
    expect(text((error as { key: Uint8Array }).key)).toBe(entry(1)[0]);
    await loader.end();
  });

  test.each([
    ['in front of all spans', 'a/', 'a/x'],
    ['between spans', 'c0', 'c0'],
    ['partly behind a span', 'b', 'b0'],
  ])('refuses entries %s', async (_where, prefix, key) => {
    const loader = new TableLoader(temporaryDirectory(), {}, pool());
    await loader.add([page(prefix, [[key, ''], ...(prefix === 'b' ? [entry(1)] : [])])]);
    await expect(loader.finish(SPANS)).rejects.toMatchObject({ code: 'SSTITCH_ENTRIES_INVALID' });
    await loader.end();
  });

  test('stops at its signal, and writes nothing more once it has ended', async () => {
    const directory = temporaryDirectory();
    const abort = new AbortController();
    const loader = new TableLoader(directory, { signal: abort.signal }, pool());
    await loader.add([page('b/', [entry(1)])]);
    abort.abort();
    const load = async () => {
      await loader.add([page('b/', [entry(2)])]);
      await loader.finish(SPANS);
    };
    await expect(load()).rejects.toMatchObject({ code: 'SSTITCH_ABORTED' });
    await loader.end();
    const files = readdirSync(directory);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(readdirSync(directory)).toEqual(files);
  });

  test('says what the file system said', async () => {
    const loader = new TableLoader(join(temporaryDirectory(), 'missing'), {}, pool());
    await loader.add([page('b/', [entry(1)])]).catch(() => undefined);
    await expect(loader.finish(SPANS)).rejects.toMatchObject({ code: 'SSTITCH_FILE_OPERATION' });
    await loader.end();
  });

  test('commits nothing but removals where nothing was added', async () => {
    const store = await open(join(temporaryDirectory(), 'store'));
    await put(store, [['b/old', 'goes']]);
    const loader = new TableLoader(temporaryDirectory(), {}, pool());
    await store.ingestAndExcise(await loader.finish(SPANS), { move: true });
    await loader.end();
    await expectContents(store, new Map());
  });
});
