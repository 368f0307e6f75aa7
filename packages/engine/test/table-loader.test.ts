// A table loader turns entries in any order into tables that a commit links.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFileSystem } from '@sstitch/sst';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  type LoadProgress,
  prefixSpan,
  Store,
  TableLoader,
  type UnsortedEntries,
} from '../src/index.js';
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

/** Makes a page of entries whose keys all begin with the prefix, in shared memory as the loader requires. */
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

/** Returns the numbers below `count` in a shuffled order. */
function shuffled(count: number): number[] {
  return Array.from({ length: count }, (_, at) => (at * 7919) % count);
}

const POOLS = [
  ['in this thread', () => new InlinePool(nodeFileSystem), openStore],
  ['in worker threads', () => threadPool(), openThreadedStore],
] as const;

const SPANS = [span('b/', 'b0'), span('c/', 'c0'), span('d/')];

describe.each(POOLS)('a loader that works %s', (_where, pool, open) => {
  test('replaces spans with entries that arrive in any order, in pages that overlap', async () => {
    const store = await open(join(temporaryDirectory(), 'store'));
    await put(store, [
      ['a', 'stays'],
      ['b/old', 'goes'],
      ['d/old', 'goes'],
    ]);
    const written: UnsortedEntries[] = [];
    const onWritten = (entries: UnsortedEntries) => written.push(entries);
    const merged: LoadProgress[] = [];
    const onProgress = (progress: LoadProgress) => merged.push(progress);
    const loader = new TableLoader(temporaryDirectory(), { onWritten, onProgress }, pool());
    const contents: Contents = new Map([['a', 'stays']]);
    const numbers = shuffled(6007);
    const pages: UnsortedEntries[] = [];
    // These are more runs than one merge takes.
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
    // The pages are added one after another, so that a separate task makes a run of each.
    for (const one of pages) await loader.add([one]);
    const tables = await loader.finish(SPANS);
    await loader.end();
    expect(tables.entries).toBe(6007 + 3);
    // All entries of b/ overlap, and nearly all are merged in two rounds.
    expect(merged.at(-1)?.entries).toBeGreaterThan(6007);
    expect(merged.at(-1)?.entries).toBe(merged.at(-1)?.ofEntries);
    expect(new Set(written)).toEqual(new Set(pages.slice(0, -1)));
    expect(tables.spans.map(({ runs }) => runs.length)).toEqual([1, 0, 1]);
    await store.ingestAndExcise(tables, { move: true });
    await expectContentsThroughout(store, contents);
  });

  test('does not merge tables of pages that do not overlap', async () => {
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
  ])('refuses a key that occurs twice, %s, and names it', async (_where, numbers) => {
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
    ['before all spans', 'a/', 'a/x'],
    ['between spans', 'c0', 'c0'],
    ['that reach beyond the end of a span', 'b', 'b0'],
  ])('refuses entries %s', async (_where, prefix, key) => {
    const loader = new TableLoader(temporaryDirectory(), {}, pool());
    await loader.add([page(prefix, [[key, ''], ...(prefix === 'b' ? [entry(1)] : [])])]);
    await expect(loader.finish(SPANS)).rejects.toMatchObject({ code: 'SSTITCH_ENTRIES_INVALID' });
    await loader.end();
  });

  test('stops when its signal fires, and writes nothing after it has ended', async () => {
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

  test('finishes with all pages of a call that waits for room', async () => {
    const loader = new TableLoader(temporaryDirectory(), {}, pool());
    // More than a loader holds, so that each page waits for the one before.
    const value = 'v'.repeat(7 * 1024 * 1024);
    const pages = ['b/1', 'b/2', 'b/3'].map((key) => page('b/', [[key, value]]));
    const adding = loader.add(pages);
    expect(await loader.finish(SPANS)).toMatchObject({ entries: pages.length });
    await adding;
    await loader.end();
  });

  test('reports the error of the file system', async () => {
    const loader = new TableLoader(join(temporaryDirectory(), 'missing'), {}, pool());
    await loader.add([page('b/', [entry(1)])]).catch(() => undefined);
    await expect(loader.finish(SPANS)).rejects.toMatchObject({ code: 'SSTITCH_FILE_OPERATION' });
    await loader.end();
  });

  test('commits removals only when nothing was added', async () => {
    const store = await open(join(temporaryDirectory(), 'store'));
    await put(store, [['b/old', 'goes']]);
    const loader = new TableLoader(temporaryDirectory(), {}, pool());
    await store.ingestAndExcise(await loader.finish(SPANS), { move: true });
    await loader.end();
    await expectContents(store, new Map());
  });
});

describe("a store's loader", () => {
  /** Reads every entry in the store's own encodings. */
  async function entriesOf(store: Store<string, unknown>): Promise<unknown[]> {
    return store.iterator().all();
  }

  async function openJsonStore(): Promise<Store<string, unknown>> {
    const path = join(temporaryDirectory(), 'store');
    const options = { valueEncoding: 'json', fileSystem: nodeFileSystem, diskReserveBytes: 0 };
    const store = new Store<string, unknown>(path, options);
    onTestFinished(() => store.close());
    return store;
  }

  test('accepts pages as replaceSpans does, in any order, in the encodings of the store', async () => {
    const store = await openJsonStore();
    await store.put('b/old', 'goes');
    // The store is not open yet: the loader waits for that, as every method does.
    const loader = store.tableLoader();
    for (const number of shuffled(997)) {
      await loader.add([[`b/${String(number).padStart(3, '0')}`, { number }]]);
    }
    await loader.add([]);
    const tables = await loader.finish([prefixSpan('b/')]);
    expect(tables.entries).toBe(997);
    await store.ingestAndExcise(tables, { move: true });
    await loader.end();
    const expected = Array.from({ length: 997 }, (_, number) => [
      `b/${String(number).padStart(3, '0')}`,
      { number },
    ]);
    expect(await entriesOf(store)).toEqual(expected);

    const sorted = [['b/001', { sorted: true }]] as const;
    await store.replaceSpans(
      [prefixSpan('b/')],
      (async function* () {
        yield sorted;
      })(),
    );
    expect(await entriesOf(store)).toEqual(sorted);
  });

  test('distributes the entries of one page to all spans, and merges pages that straddle bounds', async () => {
    const store = await openStore(join(temporaryDirectory(), 'store'));
    const loader = store.tableLoader();
    const contents: Contents = new Map();
    for (const prefix of ['b/', 'c/', 'd/']) {
      for (const number of shuffled(401)) contents.set(`${prefix}${number}`, `${prefix}-${number}`);
    }
    const entries = [...contents].sort(() => 0).reverse();
    for (let at = 0; at < entries.length; at += 100) {
      const some = entries.slice(at, at + 100);
      await loader.add(some.map(([key, value]) => [bytes(key), bytes(value)] as const));
    }
    // Packed pages follow, one of which straddles two spans.
    await loader.add([
      page('', [
        ['b/packed', '1'],
        ['c/packed', '2'],
      ]),
    ]);
    contents.set('b/packed', '1').set('c/packed', '2');
    const { spans } = await loader.finish(SPANS).then(async (tables) => {
      await store.ingestAndExcise(tables, { move: true });
      return tables;
    });
    expect(spans.map(({ runs }) => runs.length)).toEqual([1, 1, 1]);
    await loader.end();
    expect(readdirSync(join(store.location, 'staging'))).toEqual([]);
    await expectContentsThroughout(store, contents);
  });

  test('names a key between two spans, although its page reaches into both', async () => {
    const store = await openStore(join(temporaryDirectory(), 'store'));
    const loader = store.tableLoader();
    const keys = ['b/1', 'bz', 'c/1'];
    await loader.add(keys.map((key) => [bytes(key), bytes('v')] as const));
    const hex = Buffer.from('bz').toString('hex');
    await expect(loader.finish(SPANS)).rejects.toMatchObject({
      code: 'SSTITCH_ENTRIES_INVALID',
      message: `an entry lies outside the spans: ${hex}`,
    });
    await loader.end();
  });

  test('accepts entries of a sublevel, and encodings for each page', async () => {
    const store = await openJsonStore();
    const users = store.sublevel<string, { name: string }>('users', { valueEncoding: 'json' });
    const nested = users.sublevel<string, string>('notes', {});
    await users.put('old', { name: 'goes' });
    const loader = store.tableLoader();
    await loader.add([['ann', { name: 'Ann' }]], { sublevel: users });
    await loader.add([['1', 'a note']], { sublevel: nested });
    await loader.add([['AA', 'text']], {
      sublevel: users,
      keyEncoding: 'hex',
      valueEncoding: 'utf8',
    });
    await store.ingestAndExcise(await loader.finish([prefixSpan(users.prefix)]), { move: true });
    await loader.end();
    expect(await users.get('ann')).toEqual({ name: 'Ann' });
    expect(await nested.get('1')).toBe('a note');
    expect(await users.get('old')).toBeUndefined();
    const raw = await users.keys({ keyEncoding: 'hex' }).all();
    expect(raw).toContain('aa');
  });

  test('stores bytes unchanged in any encoding, and encodes all other values with a custom encoding', async () => {
    const store = await openJsonStore();
    const wrapped = {
      name: 'wrapped',
      format: 'view',
      encode: (data: unknown) => bytes(`<${Buffer.from(data as Uint8Array).toString('latin1')}>`),
      decode: (data: Uint8Array) => text(data).slice(1, -1),
    } as const;
    const loader = store.tableLoader();
    await loader.add([['a', Uint8Array.of(0xff, 0xfe)]]);
    await loader.add([['b', bytes('inside')]], { valueEncoding: wrapped as never });
    await store.ingestAndExcise(await loader.finish([span('')]), { move: true });
    await loader.end();
    const view = { valueEncoding: 'view' } as const;
    const raw = (await store.get<string, Uint8Array>('a', view)) ?? new Uint8Array(0);
    expect([...raw]).toEqual([0xff, 0xfe]);
    expect(text((await store.get<string, Uint8Array>('b', view)) ?? new Uint8Array(0))).toBe(
      '<inside>',
    );
  });

  test.each([
    ['a key that is null', [[null, 1]], /^page 0, entry 0: the key must not be null$/],
    ['a value that is missing', [['a', undefined]], /entry 0: the value must not be undefined$/],
    ['a value that JSON cannot express', [['a', 5n]], /entry 0: the value cannot be encoded$/],
    ['a value that JSON omits', [['a', () => 5]], /the value must be a Uint8Array, not undefined/],
  ])('refuses %s', async (_what, entries, message) => {
    const store = await openJsonStore();
    const loader = store.tableLoader();
    await expect(loader.add(entries as never)).rejects.toMatchObject({
      code: 'SSTITCH_ENTRIES_INVALID',
      message: expect.stringMatching(message),
    });
    await loader.end();
  });

  test('refuses pages after it has finished or ended', async () => {
    const store = await openJsonStore();
    const loader = store.tableLoader();
    await loader.add([['a', 1]]);
    await loader.finish([span('')]);
    for (const call of [() => loader.add([['b', 2]]), () => loader.finish([])]) {
      await expect(call()).rejects.toMatchObject({
        code: 'SSTITCH_ENTRIES_INVALID',
        message: expect.stringMatching(/has finished/),
      });
    }
    await loader.end();
    await expect(loader.add([['b', 2]])).rejects.toMatchObject({ code: 'SSTITCH_ABORTED' });
  });

  test('finishes once, with the pages that were added before, none of which was awaited', async () => {
    const loader = (await openJsonStore()).tableLoader();
    const calls = [
      loader.add([['a', 1]]),
      loader.finish([span('')]),
      loader.add([['b', 2]]),
      loader.finish([span('')]),
    ];
    const refused = { status: 'rejected', reason: { code: 'SSTITCH_ENTRIES_INVALID' } };
    expect(await Promise.allSettled(calls)).toMatchObject([
      { status: 'fulfilled' },
      { status: 'fulfilled', value: { entries: 1 } },
      refused,
      refused,
    ]);
    await loader.end();
  });

  test('loads many pages in worker threads with bounded memory', async () => {
    const store = await openThreadedStore(join(temporaryDirectory(), 'store'));
    const loader = store.tableLoader();
    const value = 'v'.repeat(1000);
    const contents: Contents = new Map();
    for (const number of shuffled(12_007)) contents.set(...([`b/${number}`, value] as const));
    const entries = [...contents];
    for (let at = 0; at < entries.length; at += 500) {
      const some = entries.slice(at, at + 500);
      await loader.add(some.map(([key, value]) => [bytes(key), bytes(value)] as const));
    }
    await store.ingestAndExcise(await loader.finish(SPANS), { move: true });
    await loader.end();
    await expectContents(store, contents);
  });
});
