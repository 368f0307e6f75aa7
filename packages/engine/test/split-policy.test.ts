// How a store with `splitTables: 'copy'` splits tables that straddle a bound, and tables that already share a file.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFileSystem } from '@sstitch/sst';
import { describe, expect, test } from 'vitest';
import { verifyStore } from '../src/index.js';
import { tableFileName } from '../src/leveldb/file-names.js';
import { readVersion } from '../src/leveldb/manifest.js';
import { holdsMore } from '../src/tables/purge-tables.js';
import {
  type ByteStore,
  compactFully,
  contentsOf,
  currentDirectory,
  expectContents,
  numbered,
  openStore,
  openThreadedStore,
  pagesOf,
  put,
  replaceInModel,
  span,
  temporaryDirectory,
} from './store-fixture.js';

const FILL = 'x'.repeat(200);
const filled = () => numbered('k', 2000, FILL);

async function settled(open: typeof openStore, path: string, options: object) {
  const store = await open(path, { shareTablesFromBytes: 0, ...options });
  await put(store, filled());
  await compactFully(store);
  return store;
}

/** Returns the names of the current tables whose files hold more than the table, and how many names share a file. */
async function sharedFiles(store: ByteStore): Promise<{ holding: string[]; sharing: number }> {
  const directory = await currentDirectory(store);
  const tables = readVersion(nodeFileSystem, directory).levels.flat();
  const paths = tables.map(({ number }) => join(directory, tableFileName(number)));
  const holding = tables.flatMap(({ sizeBytes }, index) => {
    const path = paths[index] ?? '';
    return holdsMore(nodeFileSystem, { path, origin: path }, sizeBytes) ? [path] : [];
  });
  return { holding, sharing: paths.length - new Set(paths.map((path) => statSync(path).ino)).size };
}

const NONE = { holding: [], sharing: 0 };

describe.each([
  ['in this thread', openStore],
  ['in worker threads', openThreadedStore],
] as const)('a store that splits tables by copies, %s', (_where, open) => {
  test('no commit makes a file that holds more than its table', async () => {
    const directory = temporaryDirectory();
    const store = await settled(open, join(directory, 'store'), { splitTables: 'copy' });
    const model = filled();

    const hole = [span('k0100', 'k0200'), span('k0300', 'k0310')];
    const excised = await store.excise(hole);
    expect(excised.base).toMatchObject({ shared: { tables: 0 }, split: { tables: 1 } });
    replaceInModel(model, hole, new Map());
    expect(await sharedFiles(store)).toEqual(NONE);

    const replaced = [span('k0500', 'k0600')];
    const entries = numbered('k05', 3, 'new');
    await store.replaceSpans(replaced, pagesOf(entries));
    replaceInModel(model, replaced, entries);
    expect(await sharedFiles(store)).toEqual(NONE);

    // The source's tables share a file. Some are linked as they are, others are split in the file.
    const source = await settled(open, join(directory, 'source'), {});
    await source.excise([span('k1000', 'k1001')]);
    expect((await sharedFiles(source)).holding).not.toEqual([]);
    const incoming = await contentsOf(source);
    for (const spans of [[span('k')], [span('k0700', 'k0800'), span('k1500', 'k1700')]]) {
      await store.ingestFrom(source, spans);
      const inside = [...incoming].filter(([key]) =>
        spans.some(({ start, end }) => {
          const [from, to] = [String(Buffer.from(start)), end && String(Buffer.from(end))];
          return key >= from && (to === undefined || key < to);
        }),
      );
      replaceInModel(model, spans, new Map(inside));
      expect(await sharedFiles(store)).toEqual(NONE);
    }
    const extracted = await source.extract([span('k')], join(directory, 'out'), { share: true });
    await store.ingestAndExcise(extracted);
    replaceInModel(model, [span('k')], incoming);
    expect(await sharedFiles(store)).toEqual(NONE);
    await expectContents(store, model, filled().keys());
    expect(await verifyStore(store.location)).toMatchObject({ ok: true });
  });

  test('reads tables that already share a file, and splits them by copies', async () => {
    const path = join(temporaryDirectory(), 'store');
    const sharing = await settled(open, path, {});
    const model = filled();
    const first = [span('k0100', 'k0200'), span('k1000', 'k1100')];
    await sharing.excise(first);
    replaceInModel(model, first, new Map());
    const before = await sharedFiles(sharing);
    expect(before.holding).not.toEqual([]);
    await sharing.close();

    const store = await open(path, { splitTables: 'copy' });
    await expectContents(store, model, filled().keys());
    const second = [span('k0500', 'k0510')];
    const { base } = await store.excise(second);
    expect(base).toMatchObject({ shared: { tables: 0 } });
    replaceInModel(model, second, new Map());
    await expectContents(store, model, filled().keys());
    await compactFully(store);
    expect(await sharedFiles(store)).toEqual(NONE);
    await expectContents(store, model, filled().keys());
  });
});
