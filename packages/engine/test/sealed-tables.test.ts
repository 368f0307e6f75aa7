// A table that this program built carries a seal (docs/decisions/0008). A commit that links such tables checks only
// their checksums, and refuses a table that was changed since.
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFileSystem, TableReader } from '@sstitch/sst';
import { decodeFooter, FOOTER_BYTES, maskedChecksum } from '@sstitch/sst/file-format';
import { beforeEach, describe, expect, test } from 'vitest';
import { type ExtractedTables, TableLoader } from '../src/index.js';
import { InlinePool } from '../src/threads/inline-pool.js';
import {
  type ByteStore,
  bytes,
  compactFully,
  currentDirectory,
  expectContentsThroughout,
  numbered,
  openStore,
  openThreadedStore,
  pagesOf,
  put,
  span,
  temporaryDirectory,
} from './store-fixture.js';

const SPAN = span('k', 'l');
const old = new Map([...numbered('k', 10, 'old'), ...numbered('m', 10, 'old')]);
const fresh = numbered('k', 3000, 'fresh');
const replaced = new Map([...numbered('m', 10, 'old'), ...fresh]);

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});

function isSealed({ path, sizeBytes }: { path: string; sizeBytes?: number }): boolean {
  const reader = TableReader.open(nodeFileSystem, path, { sizeBytes });
  reader.close();
  return reader.isSealed;
}

const sealsOf = ({ spans }: ExtractedTables) =>
  spans.flatMap(({ runs }) => runs.flat().map((table) => isSealed(table)));

async function tablesOf(store: ByteStore): Promise<string[]> {
  const current = await currentDirectory(store);
  const names = readdirSync(current).filter((name) => name.endsWith('.ldb'));
  return names.map((name) => join(current, name));
}

/** Opens a source with one table, built from pages. */
async function builtSource(open = openStore): Promise<ByteStore> {
  const source = await open(join(directory, 'source'));
  await source.replaceSpans([SPAN], pagesOf(fresh));
  return source;
}

describe('a table is sealed', () => {
  test('that was built from pages of entries', async () => {
    const tables = await tablesOf(await builtSource());
    expect(tables.map((path) => isSealed({ path }))).toEqual([true]);
  });

  test('that was built from entries in any order and merged where they overlapped', async () => {
    const pool = new InlinePool(nodeFileSystem);
    const loaders = [0, 1].map(() => new TableLoader(temporaryDirectory(), {}, pool));
    const [one, two] = loaders as [TableLoader, TableLoader];
    const page = (keys: string) => ({
      prefix: bytes('k'),
      bytes: bytes(keys),
      keyEnds: Uint32Array.from(keys, (_, at) => at + 1),
      ends: Uint32Array.from(keys, (_, at) => at + 1),
      count: keys.length,
    });
    await one.add([page('ca')]);
    const single = await one.finish([SPAN]);
    expect(sealsOf(single)).toEqual([true]);
    for (const keys of ['ca', 'db']) await two.add([page(keys)]);
    const merged = await two.finish([SPAN]);
    expect(merged.entries).toBe(4);
    expect(sealsOf(merged)).toEqual([true]);
  });

  test('that was rebuilt from others, but not one that LevelDB wrote or that was split', async () => {
    const source = await openStore(join(directory, 'written'));
    await put(source, fresh);
    await compactFully(source);
    const extracted = await source.extract([SPAN], join(directory, 'extracted'));
    expect(sealsOf(extracted)).toEqual([false]);
    const base = await openStore(join(directory, 'base'));
    let seals: boolean[] = [];
    const onExtracted = (rebuilt: ExtractedTables) => {
      seals = sealsOf(rebuilt);
    };
    await base.ingestFrom(source, [SPAN], { rebuild: true, onExtracted });
    expect(seals).toEqual([true]);
    const split = await base.extract([span('k', 'k0100')], join(directory, 'split'));
    expect(sealsOf(split)).toEqual([false]);
  });
});

describe.each([
  ['in this thread', openStore],
  ['in worker threads', openThreadedStore],
] as const)('a sealed table that is linked, %s', (_, open) => {
  async function linkAfter(change: (table: Buffer) => void) {
    const source = await builtSource(open);
    const base = await open(join(directory, 'base'));
    await put(base, old);
    const [path = ''] = await tablesOf(source);
    const table = readFileSync(path);
    change(table);
    chmodSync(path, 0o644);
    writeFileSync(path, table);
    return { base, linking: base.ingestFrom(source, [SPAN]) };
  }

  const handlesIn = (table: Buffer) => {
    const path = join(directory, 'copy');
    writeFileSync(path, table);
    const reader = TableReader.open(nodeFileSystem, path);
    reader.close();
    const footer = decodeFooter(table.subarray(-FOOTER_BYTES), {});
    return { index: footer.index, filter: reader.filterHandle ?? { offset: 0, size: 0 } };
  };

  test('puts the entries of the source into the spans', async () => {
    const { base, linking } = await linkAfter(() => undefined);
    const report = await linking;
    expect(report.spans.map(({ linked }) => linked.tables)).toEqual([1]);
    await expectContentsThroughout(base, replaced, old.keys());
  });

  test.each([
    ['damage to its', 'index', false],
    ['damage to its', 'filter', false],
    ['another, matching checksum of its', 'index', true],
    ['another, matching checksum of its', 'filter', true],
  ] as const)('is refused for %s %s, and the base is unchanged', async (_, part, hasChecksum) => {
    const { base, linking } = await linkAfter((table) => {
      const { offset, size } = handlesIn(table)[part];
      const middle = offset + Math.floor(size / 2);
      table.writeUInt8(table.readUInt8(middle) ^ 1, middle);
      const contents = table.subarray(offset, offset + size + 1);
      if (hasChecksum) table.writeUInt32LE(maskedChecksum(contents), offset + size + 1);
    });
    await expect(linking).rejects.toMatchObject({ code: 'SSTITCH_TABLES_INVALID' });
    await expectContentsThroughout(base, old);
  });
});
