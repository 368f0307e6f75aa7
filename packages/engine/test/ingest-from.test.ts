// ingestFrom: the base while the source is read, and how errors are reported.
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ExtractedTables, TableSource } from '../src/index.js';
import {
  type ByteStore,
  besideStore,
  compactFully,
  contentsOf,
  currentDirectory,
  expectContents,
  expectContentsThroughout,
  expectTidy,
  numbered,
  openStore,
  openThreadedStore,
  put,
  span,
  temporaryDirectory,
} from './store-fixture.js';
import { type WatchedFileSystem, watchedFileSystem } from './watched-file-system.js';

const SPANS = [span('k0010', 'k0020'), span('m', 'n')];
const old = new Map([...numbered('k', 100, 'old'), ...numbered('m', 10, 'old')]);
const fresh = new Map([...numbered('k', 30, 'new'), ...numbered('m', 5, 'new')]);
/** The contents of the base after `fresh` has replaced SPANS. */
const isReplaced = (key: string) => (key >= 'k0010' && key < 'k0020') || key.startsWith('m');
const replaced = () =>
  new Map([
    ...[...old].filter(([key]) => !isReplaced(key)),
    ...[...fresh].filter(([key]) => isReplaced(key)),
  ]);

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});

async function stores(open: typeof openStore = openStore) {
  const base = await open(join(directory, 'base'));
  const source = await open(join(directory, 'source'));
  await put(base, old);
  await compactFully(base);
  await put(source, fresh);
  return { base, source };
}

/** Wraps a source, and calls a function on the base before it is read. */
function after(source: ByteStore, work: () => Promise<unknown>): TableSource {
  return {
    async extract(...request) {
      await work();
      return source.extract(...request);
    },
  };
}

describe.each([
  ['in this thread', openStore],
  ['in worker threads', openThreadedStore],
] as const)('%s', (_, open) => {
  test('the spans get the contents of the source, and nothing else changes', async () => {
    const { base, source } = await stores(open);
    const reported: number[] = [];
    const report = await base.ingestFrom(source, SPANS, {
      onExtracted: ({ spans }) => reported.push(spans.length),
    });
    expect(reported).toEqual([SPANS.length]);
    expect(report.generation).toBe(2);
    await expectContents(source, fresh);
    await expectContentsThroughout(base, replaced(), old.keys());
  });

  test('writes, flushes and compactions of the base while the source is read are kept', async () => {
    const { base, source } = await stores(open);
    const later = new Map(numbered('p', 500, 'later'));
    const slow = after(source, async () => {
      await put(base, later);
      await compactFully(base);
      await put(base, [['a', 'last']]);
    });
    await base.ingestFrom(slow, SPANS);
    const expected = new Map([['a', 'last'], ...replaced(), ...later] as const);
    await expectContentsThroughout(base, expected, old.keys());
  });
});

describe("the base's tables are linked while the source is read", () => {
  /** Returns the base's tables that were linked into the next generation, before and after the extract. */
  async function linksOf(
    base: ByteStore,
    fileSystem: WatchedFileSystem,
    sourceOnce: (isLinked: Promise<void>) => TableSource,
  ) {
    const links = { before: [] as string[], after: [] as string[] };
    let phase: keyof typeof links = 'before';
    let onLinked: () => void = () => undefined;
    const isLinked = new Promise<void>((resolve) => {
      onLinked = resolve;
    });
    fileSystem.before = ({ name, path, to }) => {
      if (name !== 'link' || !to?.includes('gen-') || !path.includes('gen-')) return;
      links[phase].push(path.replace(/.*\//, ''));
      onLinked();
    };
    await base.ingestFrom(sourceOnce(isLinked), SPANS, {
      onExtracted() {
        phase = 'after';
      },
    });
    fileSystem.before = () => undefined;
    return links;
  }

  async function watchedBase(shareTablesFromBytes: number) {
    const fileSystem = watchedFileSystem();
    const base = await openStore(join(directory, 'watched'), { fileSystem, shareTablesFromBytes });
    const { source } = await stores();
    await put(base, old);
    await compactFully(base);
    return { base, source, fileSystem };
  }

  test.each([
    ['copied', Number.POSITIVE_INFINITY],
    ['shared', 0],
  ])('once, if nothing changes meanwhile; %s', async (_, shareTablesFromBytes) => {
    const { base, source, fileSystem } = await watchedBase(shareTablesFromBytes);
    const slow = (isLinked: Promise<void>) => after(source, () => isLinked);
    const links = await linksOf(base, fileSystem, slow);
    expect(links.before).toHaveLength(1);
    expect(links.after.filter((name) => links.before.includes(name))).toEqual([]);
    await expectContentsThroughout(base, replaced(), old.keys());
  });

  test('and linked again as far as they have changed, if the base compacts a table away', async () => {
    const { base, source, fileSystem } = await watchedBase(0);
    const slow = (isLinked: Promise<void>) =>
      after(source, async () => {
        await isLinked;
        await put(base, numbered('k', 50, 'last'));
        await compactFully(base);
      });
    const links = await linksOf(base, fileSystem, slow);
    expect(links.before).toHaveLength(1);
    expect(links.after.length).toBeGreaterThan(0);
    expect(links.after).not.toContain(links.before[0]);
    const expected = new Map([...old, ...numbered('k', 50, 'last')]);
    for (const key of expected.keys()) if (isReplaced(key)) expected.delete(key);
    for (const [key, value] of fresh) if (isReplaced(key)) expected.set(key, value);
    await expectContentsThroughout(base, expected, old.keys());
  });

  test('an incoming table that lies between two parts of a table divides it in two', async () => {
    const base = await openStore(join(directory, 'deep'));
    const { base: first, source } = await stores();
    // The tables are in level 6, where incoming tables are placed.
    await base.ingestFrom(first, [span('a', 'z')]);
    await put(base, [['zz', 'outside']]);
    await base.ingestFrom(source, SPANS);
    await expectContentsThroughout(base, new Map([...replaced(), ['zz', 'outside']]), old.keys());
  });
});

describe.each([
  ['in this thread', openStore],
  ['in worker threads', openThreadedStore],
] as const)('a table that is linked as it is, %s', (_, open) => {
  /** Makes a source with one table in each of two spans. */
  async function sourceOfTwo(): Promise<ByteStore> {
    const source = await open(join(directory, 'two'));
    for (const prefix of ['k', 'm']) {
      const entries = numbered(prefix, 500, 'fresh');
      const single = await open(join(directory, prefix));
      await put(single, entries);
      await source.ingestFrom(single, [span(prefix, `${prefix}~`)]);
      await single.close();
    }
    return source;
  }
  const spans = [span('k', 'k~'), span('m', 'm~')];

  test('is checked before the commit, which refuses damage and leaves the base unchanged', async () => {
    const source = await sourceOfTwo();
    const { base } = await stores(open);
    const directoryOfSource = await currentDirectory(source);
    const tables = readdirSync(directoryOfSource).filter((name) => name.endsWith('.ldb'));
    expect(tables).toHaveLength(2);
    const damaged = join(directoryOfSource, tables[1] ?? '');
    const bytes = readFileSync(damaged);
    // Damage the index.
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 60) ^ 1, bytes.length - 60);
    chmodSync(damaged, 0o644);
    writeFileSync(damaged, bytes);
    let extracted = 0;
    const onExtracted = ({ totals }: ExtractedTables) => {
      extracted = totals.reduce((sum, { linked }) => sum + linked.tables, 0);
    };
    await expect(base.ingestFrom(source, spans, { onExtracted })).rejects.toMatchObject({
      code: 'SSTITCH_TABLES_INVALID',
    });
    expect(extracted).toBe(2);
    await expectContentsThroughout(base, old);
  });

  test('is moved out of the directory of the extract, by a commit with move', async () => {
    const source = await sourceOfTwo();
    const { base } = await stores(open);
    const staging = besideStore(base);
    const tables = await source.extract(spans, staging);
    expect(readdirSync(staging)).toHaveLength(2);
    await base.ingestAndExcise(tables, { move: true });
    expect(readdirSync(staging)).toEqual([]);
  });

  test('is committed if it is sound', async () => {
    const source = await sourceOfTwo();
    const { base } = await stores(open);
    const { spans: totals } = await base.ingestFrom(source, spans);
    expect(totals.map(({ linked }) => linked.tables)).toEqual([1, 1]);
    await expectContentsThroughout(
      base,
      new Map([...numbered('k', 500, 'fresh'), ...numbered('m', 500, 'fresh')]),
    );
  });
});

test('a log that is too long to be replayed is flushed', async () => {
  const { base, source } = await stores();
  const large = new Map(numbered('p', 200, 'x'.repeat(5000)));
  await base.ingestFrom(
    after(source, () => put(base, large)),
    SPANS,
  );
  await expectContentsThroughout(base, new Map([...replaced(), ...large]));
});

test('other commits of the base wait for the extract', async () => {
  const { base, source } = await stores();
  const order: string[] = [];
  const slow = after(source, async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    order.push('extract');
  });
  const ingesting = base.ingestFrom(slow, SPANS);
  await base.excise([span('k0010', 'k0011')]);
  order.push('excise');
  await ingesting;
  expect(order).toEqual(['extract', 'excise']);
  const expected = replaced();
  for (const key of expected.keys()) if (key.startsWith('k0010')) expected.delete(key);
  await expectContentsThroughout(base, expected);
});

describe('if it ends early, the base is unchanged, and nothing is left in its directory', () => {
  const cause = new RangeError('not this one');

  test.each([
    ['the source fails', { extract: () => Promise.reject(cause) }, {}],
    [
      'onExtracted throws',
      undefined,
      {
        onExtracted() {
          throw cause;
        },
      },
    ],
  ])('%s, and the error passes through', async (_, broken, options) => {
    const { base, source } = await stores();
    await expect(base.ingestFrom(broken ?? source, SPANS, options)).rejects.toBe(cause);
    await expectContentsThroughout(base, old);
  });

  test('a source that does not extract', async () => {
    const { base } = await stores();
    const foreign = { extract: async () => ({ spans: [], lastSequence: 1, totals: [] }) };
    await expect(base.ingestFrom(foreign as never, SPANS)).rejects.toMatchObject({
      code: 'SSTITCH_TABLES_INVALID',
    });
    await expectContentsThroughout(base, old);
  });

  test('the signal fires', async () => {
    const { base, source } = await stores();
    const ending = new AbortController();
    const slow = after(source, async () => ending.abort());
    await expect(base.ingestFrom(slow, SPANS, { signal: ending.signal })).rejects.toMatchObject({
      code: 'SSTITCH_ABORTED',
    });
    await expectContentsThroughout(base, old);
  });

  test('the base closes', async () => {
    const { base, source } = await stores();
    let closing: Promise<void> | undefined;
    const slow = after(source, async () => {
      closing = base.close();
    });
    await expect(base.ingestFrom(slow, SPANS)).rejects.toMatchObject({ code: 'SSTITCH_ABORTED' });
    await closing;
    expectTidy(base.location);
    await expectContents(await openStore(base.location), old);
  });

  test("a table of the base's cannot be linked", async () => {
    const fileSystem = watchedFileSystem();
    const base = await openStore(join(directory, 'base'), { fileSystem });
    const source = await openStore(join(directory, 'source'));
    await put(base, old);
    await compactFully(base);
    await put(source, fresh);
    fileSystem.before = ({ name, to }) => {
      if (name === 'link' && to?.includes('gen-')) throw new Error('no');
    };
    await expect(base.ingestFrom(source, SPANS)).rejects.toMatchObject({
      code: 'SSTITCH_FILE_OPERATION',
    });
    fileSystem.before = () => undefined;
    await expectContentsThroughout(base, old);
  });
});

test('extracted tables can be committed after their source was closed', async () => {
  const { base, source } = await stores(openThreadedStore);
  const tables = await source.extract(SPANS, besideStore(base), { share: true });
  await source.close();
  await base.ingestAndExcise(tables, { move: true });
  expect(await contentsOf(base)).toEqual(replaced());
});

test('a commit fails, and poisons the store, if the sync of an extracted table fails', async () => {
  const fileSystem = watchedFileSystem();
  const base = await openStore(join(directory, 'base'), { fileSystem });
  const source = await openStore(join(directory, 'source'));
  await put(base, old);
  await put(source, fresh);
  const failed: string[] = [];
  fileSystem.before = ({ name, path }) => {
    if (name !== 'sync' || !path.endsWith('.ldb')) return;
    failed.push(path);
    throw Object.assign(new Error('no'), { syscall: 'fsync', code: 'EIO' });
  };
  await expect(base.ingestFrom(source, SPANS)).rejects.toMatchObject({
    code: 'SSTITCH_STORE_POISONED',
  });
  expect(failed).toHaveLength(1);
  fileSystem.before = () => undefined;
  await base.close();
  await expectContents(await openStore(base.location), old);
});

test.each([
  ['of a table that prelink has copied, as links do not work', '.link', 'link'],
  ['of the next CURRENT', 'CURRENT.tmp', 'nothing'],
])('a failed sync %s poisons the store', async (_, unsynced, broken) => {
  const fileSystem = watchedFileSystem();
  const base = await openStore(join(directory, 'base'), { fileSystem });
  const source = await openStore(join(directory, 'source'));
  await put(base, old);
  await compactFully(base);
  await put(source, fresh);
  const failure = (code: string, syscall: string) =>
    Object.assign(new Error('no'), { code, syscall });
  fileSystem.before = ({ name, path, to }) => {
    if (name === 'link' && broken === 'link' && to?.includes('gen-')) throw failure('EXDEV', name);
    if (name === 'sync' && path.endsWith(unsynced)) throw failure('EIO', 'fsync');
  };
  await expect(base.ingestFrom(source, SPANS)).rejects.toMatchObject({
    code: 'SSTITCH_STORE_POISONED',
  });
  fileSystem.before = () => undefined;
  await base.close();
  await expectContents(await openStore(base.location), old);
});
