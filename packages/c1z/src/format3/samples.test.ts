// Compares files that Baton's SDK wrote with the entries that the SDK and Pebble list.
import { closeSync, openSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '@sstitch/keys';
import { PebbleDatabase } from '@sstitch/pebble';
import { type RecordBatch, SyncIdField } from '@sstitch/records';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  SAMPLE_NAMES,
  type SampleEntry,
  sampleEntries,
  samplePath,
  sampleRecords,
} from '../../test/samples.js';
import { readManifest } from '../envelope/manifest.js';
import { PAYLOAD_DIRECTORY } from '../envelope/payload.js';
import { checkLimits } from '../options.js';
import { openC1z } from '../read-c1z.js';
import { createC1z } from '../write-c1z.js';
import { indexKeys } from './index-keys.js';
import { bucketPrefix, keyParts, recordKey } from './key-layout.js';
import { openPayload } from './open-payload.js';

let directory: string;
let temporaryDirectory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'samples-'));
  temporaryDirectory = join(directory, 'temporary');
  await mkdir(temporaryDirectory);
});
afterEach(async () => {
  const left = await readdir(temporaryDirectory);
  await rm(directory, { recursive: true });
  expect(left).toEqual([]);
});

/** All entries of the file's database. */
async function listDatabase(path: string): Promise<SampleEntry[]> {
  const fileDescriptor = openSync(path, 'r');
  const file = { fileDescriptor, path, fileBytes: statSync(path).size };
  try {
    const manifest = readManifest(file);
    const limits = checkLimits({}, 3, file.fileBytes);
    const payload = await openPayload(file, manifest, directory, limits, () => {});
    await using database = await PebbleDatabase.open(PAYLOAD_DIRECTORY, payload);
    const entries: SampleEntry[] = [];
    for await (const page of database.entries()) {
      for (const { key, value } of page) entries.push({ k: toHex(key), v: toHex(value) });
    }
    payload.close();
    return entries;
  } finally {
    closeSync(fileDescriptor);
  }
}

/** Whether the file has an older layout of keys. */
const isOlder = (name: string) => name.endsWith('v1') || name.endsWith('pebble2');

/** Each record with its bucket as a line of text. */
function linesOf(batches: readonly RecordBatch[]): string[] {
  return batches
    .flatMap(({ bucket, values }) => values.map((value) => `${bucket} ${toHex(value)}`))
    .sort();
}

/** Whether an entry is one that a writer of records produces. */
function isOfRecords({ k }: SampleEntry): boolean {
  // Excludes the index by hash, sessions, digests, and metadata other than stamps and statistics.
  return !/^03(0708|09|0a|ff(?!737461747300|6b65797370|6772616e745f656e))/.test(k);
}

const samples = new Map<string, Promise<RecordBatch[]>>();

/** The records of a sample, which is read once: each reading starts a process. */
function batchesOfSample(name: string): Promise<RecordBatch[]> {
  const batches = samples.get(name) ?? batchesOf(samplePath(name));
  samples.set(name, batches);
  return batches;
}

async function batchesOf(path: string): Promise<RecordBatch[]> {
  await using file = await openC1z(path, { temporaryDirectory });
  const batches: RecordBatch[] = [];
  for await (const batch of file.batches()) batches.push(batch);
  return batches;
}

describe.runIf(SAMPLE_NAMES.length > 0).each(SAMPLE_NAMES)('the sample %s', (name) => {
  const isOld = name.endsWith('v1');

  test('has exactly the keys and values that Pebble lists', async () => {
    expect(await listDatabase(samplePath(name))).toEqual(sampleEntries(name));
  });

  test("has exactly the records that Baton's SDK reads", async () => {
    const withoutSyncId = new SyncIdField('');
    const found = (await batchesOfSample(name))
      .filter(({ bucket }) => bucket !== 'sync_stats')
      .flatMap(({ syncId, bucket, values }) =>
        values.map((value) => {
          const keepsSyncId = isOld || bucket === 'asset' || bucket === 'sync_run';
          const pb = toHex(keepsSyncId ? value : withoutSyncId.put(value));
          return JSON.stringify({ type: bucket, pb, ...(isOld ? { sync: syncId } : {}) });
        }),
      );
    const expected = sampleRecords(name).map(({ type, pb, sync }) =>
      JSON.stringify({ type, pb, ...(isOld ? { sync } : {}) }),
    );
    expect(found.sort()).toEqual(expected.sort());
  });

  test('has the statistics with which it was written, except wrong counts', async () => {
    const stats = (await batchesOfSample(name)).filter(({ bucket }) => bucket === 'sync_stats');
    const found = stats.flatMap(({ values }) => values.map(toHex)).sort();
    const own = sampleEntries(name)
      .filter(({ k }) => k.startsWith('03ff737461747300'))
      .map(({ v }) => v)
      .sort();
    // The SDK does not update the statistics of a sync when it deletes records.
    if (name === 'a2-mutated') {
      const [
        {
          records: [record],
        } = { records: [] },
      ] = stats;
      expect(record).toMatchObject({ grants: 218n, entitlements: 41n, resources: 41n });
      expect(found).not.toEqual(own);
    } else {
      expect(found).toEqual(own);
    }
  });

  test.skipIf(isOlder(name))('derives its keys from its records', async () => {
    const keys: string[] = [];
    for (const { bucket, syncId, records } of await batchesOfSample(name)) {
      const prefix = bucketPrefix('pebble3', bucket, undefined);
      for (const record of records) {
        expect(record.syncId).toBe(syncId);
        const parts = keyParts('pebble3', record);
        keys.push(toHex(recordKey(prefix, parts)), ...indexKeys(record, parts).map(toHex));
      }
    }
    const expected = sampleEntries(name).filter((entry) => isOfRecords(entry));
    expect(keys.sort()).toEqual(
      expected.map(({ k }) => k).filter((k) => !/^03ff(?!737461747300)/.test(k)),
    );
  });
});

describe.runIf(SAMPLE_NAMES.length > 0).each(SAMPLE_NAMES)('the sample %s', (name) => {
  test('has the same records of each sync after it is written again as format 3', async () => {
    const batches = await batchesOfSample(name);
    for (const syncId of new Set(batches.map((batch) => batch.syncId))) {
      const path = join(directory, `${syncId}.c1z`);
      const own = batches.filter((batch) => batch.syncId === syncId);
      await using writer = await createC1z(path, { temporaryDirectory });
      for (const batch of own) await writer.add(batch);
      const { sizeBytes } = await writer.finish();
      expect(sizeBytes).toBe(statSync(path).size);
      expect(linesOf(await batchesOf(path))).toEqual(linesOf(own));
    }
  });

  test('has the same records after it is written as format 1', async () => {
    const batches = await batchesOfSample(name);
    const path = join(directory, 'rows.c1z');
    await using writer = await createC1z(path, {
      temporaryDirectory,
      format: 1,
      zone: 'Asia/Kolkata',
    });
    for (const batch of batches) await writer.add(batch);
    await writer.finish();
    expect(linesOf(await batchesOf(path))).toEqual(linesOf(batches));
  });

  test.skipIf(isOlder(name))(
    'has the keys and values of the original after it is written again',
    async () => {
      const path = join(directory, 'again.c1z');
      await using writer = await createC1z(path, { temporaryDirectory });
      for (const batch of await batchesOfSample(name)) await writer.add(batch);
      await writer.finish();
      const original = sampleEntries(name).filter((entry) => isOfRecords(entry));
      const again = await listDatabase(path);
      expect(again.map(({ k }) => k)).toEqual(original.map(({ k }) => k));
      // Wrong statistics are corrected.
      if (name !== 'a2-mutated') expect(again).toEqual(original);
    },
  );
});

describe.runIf(SAMPLE_NAMES.length === 0)('samples', () => {
  test.skip('are skipped: ../shared/data/c1z3 is missing', () => {});
});
