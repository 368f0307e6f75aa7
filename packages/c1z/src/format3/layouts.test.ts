// Tests every layout of keys and every encoding of the payload with files from the tests' own writer.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeRecord } from '@sstitch/records';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { layoutEntries, tableDatabase, walDatabase } from '../../test/format3-databases.js';
import { type Encoding, encodeFormat3 } from '../../test/format3-files.js';
import { readContents } from '../../test/read-contents.js';
import { FIRST_SYNC, SECOND_SYNC, smallSync } from '../../test/small-syncs.js';
import { loadXxhash } from '../envelope/xxhash64.js';
import { openC1z } from '../read-c1z.js';
import type { KeyLayout } from './key-layout.js';

let directory: string;
let path: string;
beforeEach(async () => {
  await loadXxhash();
  directory = await mkdtemp(join(tmpdir(), 'layouts-'));
  path = join(directory, 'some.c1z');
});
afterEach(() => rm(directory, { recursive: true }));

const ENGINES: Readonly<Record<KeyLayout, string>> = {
  v1: 'pebble',
  pebble2: 'pebble2',
  pebble3: 'pebble3',
};
const ENCODINGS: readonly Encoding[] = ['tar', 'tar_zstd', 'indexed'];
const LAYOUTS: readonly KeyLayout[] = ['v1', 'pebble2', 'pebble3'];
const CASES = LAYOUTS.flatMap((layout) => ENCODINGS.map((encoding) => ({ layout, encoding })));

/** The syncs that a file of the layout can hold; the second one is not finished. */
function syncsOf(layout: KeyLayout) {
  const first = smallSync(FIRST_SYNC);
  return layout === 'v1' ? [...first, ...smallSync(SECOND_SYNC, false)] : first;
}

function expectedLines(layout: KeyLayout): string[] {
  return syncsOf(layout)
    .map(([bucket, record]) => {
      const hex = Buffer.from(encodeRecord(record)).toString('hex');
      return `${record.syncId} ${bucket} ${hex}`;
    })
    .sort();
}

describe.each(CASES)('a file of layout $layout in encoding $encoding', ({ layout, encoding }) => {
  const engine = ENGINES[layout];

  test.each([
    ['tables', tableDatabase],
    ['a WAL', walDatabase],
  ])('has its records, from %s', async (_, database) => {
    const files = await database(layoutEntries(layout, syncsOf(layout)));
    await writeFile(path, encodeFormat3({ engine, encoding, files }));
    expect((await readContents(path, directory)).sort()).toEqual(expectedLines(layout));
  });

  test('has its records page by page, at several positions at once, and leaves no file', async () => {
    const files = await tableDatabase(layoutEntries(layout, syncsOf(layout)));
    await writeFile(path, encodeFormat3({ engine, encoding, files }));
    const read = async () => {
      const file = await openC1z(path, { temporaryDirectory: directory, batchRecords: 2 });
      expect(file).toMatchObject({ path, format: 3, engine });
      const lists = await Promise.all(
        [0, 1, 2].map(async () => {
          const ids: string[] = [];
          for await (const batch of file.grants(FIRST_SYNC)) {
            expect(batch.length).toBeLessThanOrEqual(2);
            ids.push(...batch.map(({ externalId }) => externalId));
          }
          return ids.sort();
        }),
      );
      await file.close();
      return lists;
    };
    const expected = smallSync(FIRST_SYNC).flatMap(([, record]) =>
      record.$typeName === 'c1.storage.v3.GrantRecord' ? [record.externalId] : [],
    );
    expect(await read()).toEqual([0, 1, 2].map(() => [...expected].sort()));
    expect((await readdir(directory)).filter((name) => name !== 'some.c1z')).toEqual([]);
  });
});

describe('a layout', () => {
  const write = async (engine: string, entries: Parameters<typeof tableDatabase>[0]) => {
    const files = await tableDatabase(entries);
    await writeFile(path, encodeFormat3({ engine, encoding: 'indexed', files }));
  };

  test('has the layout of its stamps, not of the name of its engine', async () => {
    await write('pebble', layoutEntries('pebble3', syncsOf('pebble3')));
    expect((await readContents(path, directory)).length).toBe(syncsOf('pebble3').length);
  });

  test('is refused if a stamp has an unknown number', async () => {
    const entries = layoutEntries('pebble3', syncsOf('pebble3')).map(({ key, value }) => {
      const isStamp = value.length === 4 && key[1] === 0xff;
      return { key, value: isStamp ? Uint8Array.of(0, 0, 0, 3) : value };
    });
    await write('pebble3', entries);
    await expect(readContents(path, directory)).rejects.toMatchObject({
      code: 'SSTITCH_C1Z_FORMAT_UNSUPPORTED',
      message: `the layout of keys is unknown, because keyspace_version says 00000003: read the file with a newer @sstitch/c1z (${path}, payload)`,
    });
  });

  test('is refused if a current file has no stamps', async () => {
    const entries = layoutEntries('pebble3', syncsOf('pebble3'));
    await write(
      'pebble3',
      entries.filter(({ key }) => key[1] !== 0xff),
    );
    await expect(readContents(path, directory)).rejects.toMatchObject({
      code: 'SSTITCH_C1Z_FORMAT_UNSUPPORTED',
      message: expect.stringContaining('keyspace_version is missing'),
    });
  });

  test('is refused if a record lies under the key of another one', async () => {
    const entries = layoutEntries('pebble3', syncsOf('pebble3'));
    const grants = entries.filter(({ key }) => key[1] === 4);
    const [first, second] = grants.map(({ value }) => value);
    await write(
      'pebble3',
      entries.map(({ key, value }) => {
        if (value === first && second !== undefined) return { key, value: second };
        return { key, value };
      }),
    );
    await expect(readContents(path, directory)).rejects.toMatchObject({
      code: 'SSTITCH_C1Z_CORRUPT',
      message: expect.stringMatching(
        /^the record under key 0304\w+ belongs under key 0304\w+; the file was written by baton-sdk 0\.18 or later: write it again \(/,
      ),
    });
  });

  test('is an empty file if it holds no sync', async () => {
    await write('pebble3', layoutEntries('pebble3', []));
    expect(await readContents(path, directory)).toEqual([]);
  });
});

describe('a grant without an id of its own', () => {
  test('gets the id that Baton derives for it', async () => {
    const records = smallSync(FIRST_SYNC).map(([bucket, record]) => {
      const isGrant = record.$typeName === 'c1.storage.v3.GrantRecord';
      return [bucket, isGrant ? { ...record, externalId: '' } : record] as const;
    });
    const files = await tableDatabase(layoutEntries('pebble3', records));
    await writeFile(path, encodeFormat3({ engine: 'pebble3', encoding: 'indexed', files }));
    const ids: string[] = [];
    const file = await openC1z(path, { temporaryDirectory: directory });
    for await (const batch of file.grants(FIRST_SYNC)) {
      ids.push(...batch.map(({ externalId }) => externalId));
    }
    await file.close();
    expect(ids).toContain('opaque:user:with:colon');
    expect(new Set(ids).size).toBe(15);
  });
});
