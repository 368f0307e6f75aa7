// Parts of records that rows cannot express are restored, but only with the rows with which they were written.
import { closeSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { decodeRecord, encodeRecord, type GrantRecord, GrantRecordSchema } from '@sstitch/records';
import sqlite from 'node-sqlite3-wasm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readContents } from '../../test/read-contents.js';
import { FIRST_SYNC, smallSync } from '../../test/small-syncs.js';
import { decodeStream } from '../envelope/decode-zstd.js';
import { MAGIC_BYTES } from '../magic.js';
import { wrapDatabase } from '../make-c1z.js';
import { checkLimits } from '../options.js';
import { RowWriter } from './row-writer.js';
import { UTC, zoneOf } from './zones.js';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kept-records-'));
  path = join(directory, 'some.c1z');
});
afterEach(() => rm(directory, { recursive: true }));

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** A grant that a row can express, and the same grant with parts that it cannot. */
const PLAIN = smallSync(FIRST_SYNC).flatMap(([, record]) =>
  record.$typeName === 'c1.storage.v3.GrantRecord' ? [record] : [],
)[0] as GrantRecord;
const SCOPED = create(GrantRecordSchema, { ...PLAIN, sourceScopeKey: 'scope' });

async function write(grants: readonly Uint8Array[], zone = UTC): Promise<void> {
  await rm(join(directory, 'sync.db'), { force: true });
  const writer = new RowWriter(path, path, directory, zone);
  const run = smallSync(FIRST_SYNC).find(([bucket]) => bucket === 'sync_run')?.[1];
  if (run !== undefined) writer.add(FIRST_SYNC, 'sync_run', [encodeRecord(run)]);
  writer.add(FIRST_SYNC, 'grant', grants);
  await writer.finish(() => {});
  await rm(join(directory, 'sync.db'));
}

async function readGrants(): Promise<string[]> {
  const lines = await readContents(path, directory, { zone: 'UTC' });
  await rm(join(directory, 'sync.db'));
  return lines.flatMap((line) => {
    const [, bucket, bytes] = line.split(' ');
    return bucket === 'grant' ? [bytes ?? ''] : [];
  });
}

/** Runs SQL on the database in the file, as another program would. */
async function change(sql: string): Promise<unknown[]> {
  const databasePath = join(directory, 'changed.db');
  const source = openSync(path, 'r');
  const target = openSync(databasePath, 'w');
  const fileBytes = statSync(path).size;
  const file = { fileDescriptor: source, path, fileBytes };
  await decodeStream(
    { file, part: undefined, start: MAGIC_BYTES, end: fileBytes },
    (bytes) => writeSync(target, bytes),
    checkLimits({}),
    () => {},
  );
  closeSync(source);
  closeSync(target);
  const database = new sqlite.Database(databasePath);
  const rows = database.all(sql);
  database.close();
  wrapDatabase(databasePath, path);
  await rm(databasePath);
  return rows;
}

describe('a record of a row', () => {
  test('is not kept if the row expresses all of it', async () => {
    await write([encodeRecord(PLAIN)]);
    expect(await readGrants()).toEqual([hex(encodeRecord(PLAIN))]);
    const [count] = await change('SELECT count(*) AS kept FROM sstitch_records WHERE id >> 48 = 5');
    expect(count).toEqual({ kept: 0 });
  });

  test('is kept byte for byte if the row cannot express all of it', async () => {
    // Unknown fields, and fields in another order.
    const unknown = Uint8Array.from([...encodeRecord(SCOPED), 0xf8, 0x07, 1]);
    await write([encodeRecord(SCOPED)]);
    expect(await readGrants()).toEqual([hex(encodeRecord(SCOPED))]);
    await rm(path);
    await write([unknown]);
    expect(await readGrants()).toEqual([hex(unknown)]);
  });

  test.each([
    ['its message', "UPDATE v1_grants SET data = CAST(data || x'1a0161' AS BLOB)"],
    ['a column', "UPDATE v1_grants SET needs_expansion = 1, expansion = CAST(x'0a0165' AS BLOB)"],
    ['its time', "UPDATE v1_grants SET discovered_at = '2026-01-02 03:04:05+00:00'"],
  ])('is ignored once another program has changed %s', async (_, sql) => {
    await write([encodeRecord(SCOPED)]);
    await change(sql);
    const [bytes = ''] = await readGrants();
    const grant = decodeRecord(
      'grant',
      new Uint8Array(0),
      new Uint8Array(Buffer.from(bytes, 'hex')),
    );
    expect(grant).toMatchObject({ sourceScopeKey: '', principal: PLAIN.principal });
  });

  test('is not used for another row that gets its id', async () => {
    await write([encodeRecord(SCOPED), encodeRecord({ ...PLAIN, externalId: 'other' })]);
    await change('DELETE FROM v1_grants WHERE id = 1; UPDATE v1_grants SET id = 1');
    expect(await readGrants()).toEqual([hex(encodeRecord({ ...PLAIN, externalId: 'other' }))]);
  });

  test.each([
    ['is not a record', "UPDATE sstitch_records SET record = CAST(x'ffff' AS BLOB)"],
    [
      'is a view',
      'DROP TABLE sstitch_records; CREATE VIEW sstitch_records AS SELECT 1 AS id, 2 AS record',
    ],
    ['is text', "UPDATE sstitch_records SET record = 'text'"],
  ])('that %s is ignored without harm', async (_, sql) => {
    await write([encodeRecord(SCOPED)]);
    for (const statement of sql.split('; ')) await change(statement);
    const read = readGrants();
    if (/x'ffff'/.test(sql)) expect(await read).toEqual([hex(encodeRecord(PLAIN))]);
    else await expect(read).rejects.toMatchObject({ code: 'SSTITCH_C1Z_CORRUPT' });
    await rm(join(directory, 'sync.db'), { force: true });
  });
});

describe('times', () => {
  test.each(['UTC', 'Asia/Kolkata', 'America/St_Johns', '-11:00'])(
    'written in the zone %s are the same for every reader',
    async (zone) => {
      await write([encodeRecord(PLAIN)], zoneOf(zone));
      expect(await readGrants()).toEqual([hex(encodeRecord(PLAIN))]);
    },
  );

  test('that clocks show twice are distinguished by their offsets', async () => {
    const at = (seconds: number) => ({
      ...PLAIN,
      externalId: String(seconds),
      discoveredAt: { ...(PLAIN.discoveredAt as object), seconds: BigInt(seconds) },
    });
    // 27 October 2024, 00:30 and 01:30 UTC: both are 02:30 in Berlin.
    const grants = [at(1_729_989_000), at(1_729_992_600)] as GrantRecord[];
    const values = grants.map((grant) => encodeRecord(grant));
    await write(values, zoneOf('Europe/Berlin'));
    expect(await readGrants()).toEqual(values.map(hex));
    const rows = await change('SELECT discovered_at AS at FROM v1_grants ORDER BY id');
    expect(rows).toEqual([
      { at: '2024-10-27 02:30:00.123456789+02:00' },
      { at: '2024-10-27 02:30:00.123456789+01:00' },
    ]);
  });

  test('that are undefined stay undefined', async () => {
    const { discoveredAt: _, ...timeless } = PLAIN;
    const value = encodeRecord(create(GrantRecordSchema, timeless));
    await write([value]);
    expect(await readGrants()).toEqual([hex(value)]);
    expect(readFileSync(path).length).toBeGreaterThan(0);
  });
});
