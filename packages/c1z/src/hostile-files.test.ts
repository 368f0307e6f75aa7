// Hostile and damaged files. Each must cause one C1zError promptly, and leave no file.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { frameHead, MAX_BLOCK_BYTES, repeatedByteBlock } from './envelope/zstd-frame.js';
import { C1zError } from './errors.js';
import { FORMAT_1_MAGIC } from './magic.js';
import { type C1zContents, makeC1z, makeDatabase, wrapDatabase } from './make-c1z.js';
import type { C1zOptions } from './options.js';
import { openC1z } from './read-c1z.js';

let directory: string;
let temporaryDirectory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hostile-files-'));
  temporaryDirectory = join(directory, 'temporary');
  path = join(directory, 'hostile.c1z');
  await mkdir(temporaryDirectory);
});
afterEach(() => {
  expect(readdirSync(temporaryDirectory)).toEqual([]);
  return rm(directory, { recursive: true });
});

/** Reads all records; returns their number. */
async function readAll(options: C1zOptions = {}): Promise<number> {
  await using file = await openC1z(path, {
    temporaryDirectory,
    stallTimeoutMs: 600_000,
    ...options,
  });
  let records = 0;
  for (const { syncId } of file.syncs()) {
    for (const kind of [
      'resourceTypes',
      'resources',
      'entitlements',
      'grants',
      'assets',
    ] as const) {
      for await (const batch of file[kind](syncId)) records += batch.length;
    }
  }
  return records;
}

const GRANTS = Array.from({ length: 2000 }, (_, index) => ({
  message: {
    id: `grant-${index}`,
    entitlement: { id: 'e', resource: { id: { resourceType: 'group', resource: 'g' } } },
    principal: { id: { resourceType: 'user', resource: `user-${index}` } },
  },
}));
const CONTENTS: C1zContents = {
  syncs: [{ syncId: 's', resourceTypes: [{ id: 'user' }], grants: GRANTS }],
};

async function expectCorrupt(message: string): Promise<void> {
  await expect(readAll()).rejects.toMatchObject({
    name: 'C1zError',
    code: 'SSTITCH_C1Z_CORRUPT',
    message: expect.stringContaining(message),
  });
}

/** Writes a file whose database is a changed `CONTENTS`. */
function writeChanged(change: (database: Uint8Array) => Uint8Array): void {
  const databasePath = join(directory, 'sync.db');
  makeDatabase(databasePath, CONTENTS);
  writeFileSync(databasePath, change(readFileSync(databasePath)));
  wrapDatabase(databasePath, path);
}

const concat = (parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

describe('a stream', () => {
  test.each([5, 6, 20, 1000, 100_000])('truncated at byte %i is refused', async (length) => {
    await makeC1z(path, CONTENTS);
    writeFileSync(path, readFileSync(path).subarray(0, length));
    await expect(readAll()).rejects.toMatchObject({ code: 'SSTITCH_C1Z_CORRUPT' });
  });

  test('of random bytes after the magic is refused', async () => {
    const random = Uint8Array.from({ length: 5000 }, (_, index) => (index * 7919) % 251);
    writeFileSync(path, concat([FORMAT_1_MAGIC, random]));
    await expectCorrupt('there is no zstd stream where one is expected');
  });

  test('of random bytes after a frame head is refused', async () => {
    const random = Uint8Array.from({ length: 5000 }, (_, index) => (index * 7919) % 251);
    writeFileSync(path, concat([FORMAT_1_MAGIC, frameHead(), random]));
    await expect(readAll()).rejects.toMatchObject({ code: 'SSTITCH_C1Z_CORRUPT' });
  });

  test('of endless zeros is refused at the limit', async () => {
    const zeros = repeatedByteBlock(0, MAX_BLOCK_BYTES, false);
    writeFileSync(path, concat([FORMAT_1_MAGIC, frameHead(), ...Array(30_000).fill(zeros)]));
    await expect(readAll({ maxDecodedBytes: 10_000_000 })).rejects.toMatchObject({
      code: 'SSTITCH_C1Z_TOO_LARGE',
    });
    // By default, 120,000 bytes must not decode to 3.7 GiB.
    await expect(readAll()).rejects.toMatchObject({ code: 'SSTITCH_C1Z_TOO_LARGE' });
  });
});

describe('a database', () => {
  test('that is not one', async () => {
    writeChanged(() => new TextEncoder().encode('not a database at all, sorry'.repeat(10)));
    await expectCorrupt('the decoded file is not an SQLite database');
  });

  test('that is empty', async () => {
    writeChanged(() => new Uint8Array());
    await expectCorrupt('the decoded file is not an SQLite database');
  });

  test('with garbage for a page size', async () => {
    writeChanged((database) => {
      database.set([0x12, 0x34], 16);
      return database;
    });
    await expectCorrupt('file is not a database');
  });

  test('truncated in the middle', async () => {
    writeChanged((database) => database.subarray(0, Math.floor(database.length / 2)));
    await expectCorrupt('');
  });

  test('whose tree has a page twice, so that a scan would not end', async () => {
    writeChanged((database) => {
      const pageSize = 4096;
      const interior = 5;
      // Every interior page of a table: all children become the first child.
      for (let page = pageSize; page < database.length; page += pageSize) {
        if (database[page] !== interior) continue;
        const view = new DataView(database.buffer, database.byteOffset + page, pageSize);
        const cells = view.getUint16(3);
        const child = view.getUint32(view.getUint16(12));
        for (let cell = 0; cell < cells; cell += 1)
          view.setUint32(view.getUint16(12 + 2 * cell), child);
        view.setUint32(8, child);
      }
      return database;
    });
    await expectCorrupt('2nd reference to page');
  });

  test('with any bytes changed is read or refused with a C1zError', async () => {
    const databasePath = join(directory, 'sync.db');
    makeDatabase(databasePath, CONTENTS);
    const sound = readFileSync(databasePath);
    const change = fc.tuple(fc.nat(sound.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 40 }), async (changes) => {
        const database = Uint8Array.from(sound);
        for (const [offset, byte] of changes) database[offset] = byte;
        writeFileSync(databasePath, database);
        wrapDatabase(databasePath, path);
        try {
          await readAll();
        } catch (error) {
          expect(error).toBeInstanceOf(C1zError);
        }
        expect(readdirSync(temporaryDirectory)).toEqual([]);
      }),
      { numRuns: 8 },
    );
  });
});

describe('a schema', () => {
  const endlessView = `CREATE VIEW v1_assets AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
    SELECT i AS id, 'a' AS external_id, 'b' AS content_type, x'00' AS data, 's' AS sync_id, '2025-01-01 00:00:00' AS discovered_at FROM n`;

  test.each([
    [
      'without the table of sync runs',
      ['DROP TABLE v1_sync_runs'],
      'v1_sync_runs: the table is missing',
    ],
    [
      'without a column',
      ['ALTER TABLE v1_resources DROP COLUMN discovered_at'],
      'v1_resources: the stored column discovered_at is missing',
    ],
    [
      'with an endless view in place of a table',
      ['DROP TABLE v1_assets', endlessView],
      'v1_assets: this is not an ordinary table',
    ],
    [
      'with a virtual table in place of a table',
      ['DROP TABLE v1_assets', 'CREATE VIRTUAL TABLE v1_assets USING fts5(external_id)'],
      'v1_assets: this is not an ordinary table',
    ],
    [
      'with a table without row ids',
      [
        'DROP TABLE v1_assets',
        'CREATE TABLE v1_assets (external_id text primary key, content_type, data, sync_id, discovered_at) WITHOUT ROWID',
      ],
      'v1_assets: this is not an ordinary table',
    ],
    [
      'with a generated column',
      [
        'ALTER TABLE v1_assets DROP COLUMN content_type',
        "ALTER TABLE v1_assets ADD COLUMN content_type text AS (printf('%1000000000d', 1))",
      ],
      'v1_assets: the stored column content_type is missing',
    ],
    [
      'with a view anywhere, whose columns SQLite would resolve, here 2^40 times',
      [
        'CREATE VIEW view0 AS SELECT 1 AS a',
        ...Array.from(
          { length: 40 },
          (_, index) =>
            `CREATE VIEW view${index + 1} AS SELECT x.a FROM view${index} x, view${index} y`,
        ),
      ],
      'view0: this is not an ordinary table',
    ],
    [
      'with a generated column besides the needed ones',
      ['ALTER TABLE v1_assets ADD COLUMN more integer NOT NULL AS (abs(id))'],
      'v1_assets: the column more is computed',
    ],
    [
      'with a column that hides the row id',
      ['ALTER TABLE v1_assets ADD COLUMN RowId integer'],
      'v1_assets: a column is named rowid',
    ],
  ])('%s is refused', async (_, finallyRun, message) => {
    await makeC1z(path, { ...CONTENTS, finallyRun });
    await expectCorrupt(message);
  });
});

describe('a row', () => {
  test('with a resource type of its own in each of many is refused before they fill the memory', async () => {
    const long = 'x'.repeat(2 ** 20);
    const resources = Array.from({ length: 17 }, (_, index) => ({
      id: { resourceType: `${index}${long}`, resource: 'r' },
    }));
    await makeC1z(path, { syncs: [{ syncId: 's', resources }] });
    await using file = await openC1z(path, { temporaryDirectory });
    const reading = (async () => {
      for await (const _ of file.batches());
    })();
    await expect(reading).rejects.toMatchObject({
      code: 'SSTITCH_C1Z_TOO_LARGE',
      message: expect.stringContaining('resource types of sync s have more than 16777216 bytes'),
    });
  });

  test.each([
    [
      'with text in place of a blob',
      "UPDATE v1_grants SET data = 'x' WHERE id = 7",
      'v1_grants: row 7: data is text, not blob',
    ],
    [
      'with a number in place of a time',
      'UPDATE v1_grants SET discovered_at = 1.5 WHERE id = 7',
      'v1_grants: row 7: discovered_at is a number, not text',
    ],
    [
      'with an invalid time',
      "UPDATE v1_grants SET discovered_at = 'x' WHERE id = 7",
      'v1_grants, row 7: discovered_at is not a time: "x"',
    ],
    [
      'that is not a message',
      "UPDATE v1_grants SET data = x'ffffff' WHERE id = 7",
      'v1_grants, row 7: data is not a c1.connector.v2.Grant',
    ],
    [
      'that is an empty message',
      "UPDATE v1_resource_types SET data = x'', external_id = ''",
      'v1_resource_types, row 1: id is empty',
    ],
    [
      'of a sync without an id',
      "UPDATE v1_sync_runs SET sync_id = ''",
      'v1_sync_runs: sync_id is empty',
    ],
    [
      'that names a sync twice',
      'INSERT INTO v1_sync_runs SELECT 9, sync_id, started_at, ended_at, sync_token, sync_type, parent_sync_id FROM v1_sync_runs',
      'two rows have the same sync_id',
    ],
  ])('%s is refused', async (_, sql, message) => {
    await makeC1z(path, { ...CONTENTS, finallyRun: [sql] });
    await expectCorrupt(message);
  });

  test('with a value over the limit is refused without being loaded', async () => {
    const finallyRun = ['UPDATE v1_grants SET data = zeroblob(30000000) WHERE id = 7'];
    await makeC1z(path, { ...CONTENTS, finallyRun });
    await expect(readAll({ maxValueBytes: 1_000_000 })).rejects.toMatchObject({
      code: 'SSTITCH_C1Z_TOO_LARGE',
      message: expect.stringContaining('v1_grants, row 7: a value of 30000000 bytes'),
    });
  });

  test('with the smallest row id is read', async () => {
    const finallyRun = ['UPDATE v1_grants SET id = -9223372036854775808 WHERE id = 7'];
    await makeC1z(path, { ...CONTENTS, finallyRun });
    expect(await readAll()).toBe(2001);
  });

  test('of each kind has the same count in a valid file', async () => {
    await makeC1z(path, CONTENTS);
    expect(await readAll()).toBe(2001);
  });
});

test('a file of format 3 with an unknown engine is refused with its name', async () => {
  const manifest = Buffer.from('\x0a\x07pebble9');
  writeFileSync(path, Buffer.concat([Buffer.from('C1Z3\0\0\0\0\x09'), manifest]));
  await expect(readAll()).rejects.toMatchObject({
    code: 'SSTITCH_C1Z_FORMAT_UNSUPPORTED',
    message: expect.stringContaining('the unknown engine "pebble9": read it with a newer'),
  });
});
