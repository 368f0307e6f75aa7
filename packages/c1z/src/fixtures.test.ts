// Reads committed files of every kind, which must stay readable whatever the writers do.
//
// SSTITCH_WRITE_FIXTURES=1 writes missing files.
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeRecord, type RecordBatch } from '@sstitch/records';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { layoutEntries, tableDatabase, walDatabase } from '../test/format3-databases.js';
import { encodeFormat3 } from '../test/format3-files.js';
import { FIRST_SYNC, SECOND_SYNC, smallBatches, smallSync } from '../test/small-syncs.js';
import { loadXxhash } from './envelope/xxhash64.js';
import { openC1z } from './read-c1z.js';
import { createC1z } from './write-c1z.js';

const FIRST = smallSync(FIRST_SYNC);
const BOTH = [...FIRST, ...smallSync(SECOND_SYNC, false)];
const FIXTURES = fileURLToPath(new URL('../test-data', import.meta.url));

async function written(path: string, batches: readonly RecordBatch[], format: 1 | 3) {
  const writer = await createC1z(path, { format, zone: 'Asia/Kolkata' });
  for (const batch of batches) await writer.add(batch);
  await writer.finish();
}

const KINDS = {
  'format3-today': {
    records: FIRST,
    write: (path: string) => written(path, smallBatches(FIRST_SYNC), 3),
  },
  'format3-pebble2-tar': {
    records: FIRST,
    write: async (path: string) => {
      const files = await tableDatabase(layoutEntries('pebble2', FIRST));
      writeFileSync(path, encodeFormat3({ engine: 'pebble2', encoding: 'tar', files }));
    },
  },
  'format3-v1-tar-zstd-wal': {
    records: BOTH,
    write: async (path: string) => {
      const files = walDatabase(layoutEntries('v1', BOTH));
      writeFileSync(path, encodeFormat3({ engine: 'pebble', encoding: 'tar_zstd', files }));
    },
  },
  format1: {
    records: BOTH,
    write: (path: string) =>
      written(path, [...smallBatches(FIRST_SYNC), ...smallBatches(SECOND_SYNC, false)], 1),
  },
} as const;

let directory: string;
beforeAll(() => loadXxhash());
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fixtures-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function batchesOf(path: string): Promise<RecordBatch[]> {
  const file = await openC1z(path, { temporaryDirectory: directory });
  const batches: RecordBatch[] = [];
  for await (const batch of file.batches()) batches.push(batch);
  await file.close();
  return batches;
}

function linesOf(batches: readonly RecordBatch[]): string[] {
  return batches
    .flatMap(({ bucket, values }) =>
      values.map((value) => `${bucket} ${Buffer.from(value).toString('hex')}`),
    )
    .sort();
}

describe.each(Object.entries(KINDS))('the fixture %s', (name, { records, write }) => {
  const path = join(FIXTURES, `${name}.c1z`);
  const expected = records
    .map(([bucket, record]) => `${bucket} ${Buffer.from(encodeRecord(record)).toString('hex')}`)
    .sort();

  beforeAll(async () => {
    const isToBeWritten = process.env['SSTITCH_WRITE_FIXTURES'] === '1' && !existsSync(path);
    if (isToBeWritten) await write(path);
  });

  test('has exactly the records with which it was written', async () => {
    expect(linesOf(await batchesOf(path))).toEqual(expected);
    expect(statSync(path).size).toBeLessThan(64 * 1024);
  });

  test('has the same records after it is written again in each format', async () => {
    const batches = await batchesOf(path);
    for (const format of [1, 3] as const) {
      const ids = format === 1 ? [undefined] : [...new Set(batches.map(({ syncId }) => syncId))];
      const again: RecordBatch[] = [];
      for (const id of ids) {
        const target = join(directory, `again-${format}-${id}.c1z`);
        const own = batches.filter(({ syncId }) => id === undefined || syncId === id);
        await written(target, own, format);
        expect(readFileSync(target).subarray(0, 3).toString()).toBe('C1Z');
        again.push(...(await batchesOf(target)));
      }
      expect(linesOf(again)).toEqual(expected);
    }
  });
});
