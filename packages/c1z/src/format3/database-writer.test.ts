// Syncs that do not fit in memory or in one table.
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { GrantRecordSchema, RecordBatch } from '@sstitch/records';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readContents } from '../../test/read-contents.js';
import { FIRST_SYNC, smallBatches } from '../../test/small-syncs.js';
import { readFrameIndex } from '../envelope/frame-index.js';
import { readManifest } from '../envelope/manifest.js';
import { checkLimits } from '../options.js';
import { DatabaseWriter, type DatabaseWriterOptions } from './database-writer.js';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'database-writer-'));
  path = join(directory, 'some.c1z');
});
afterEach(() => rmSync(directory, { recursive: true }));

const GRANTS = 3000;

function* batches(): Generator<RecordBatch> {
  yield* smallBatches(FIRST_SYNC);
  const grants = Array.from({ length: GRANTS }, (_, index) =>
    create(GrantRecordSchema, {
      syncId: FIRST_SYNC,
      // Not in key order.
      externalId: `many-${(index * 7919) % GRANTS}`,
      entitlement: { resourceTypeId: 'group', resourceId: 'plain', entitlementId: 'opaque' },
      principal: { resourceTypeId: 'user', resourceId: `many-${(index * 7919) % GRANTS}` },
      sourceScopeKey: 'x'.repeat(100),
    }),
  );
  yield RecordBatch.ofRecords(FIRST_SYNC, 'grant', grants);
}

async function write(options: DatabaseWriterOptions): Promise<readonly string[]> {
  const writer = new DatabaseWriter(path, path, directory, options);
  for (const { syncId, bucket, values } of batches()) writer.add(syncId, bucket, values);
  const { records } = await writer.finish(() => {});
  expect(records).toBeGreaterThan(GRANTS);
  // Sorted runs are removed after they are merged.
  expect(readdirSync(directory)).toEqual(['some.c1z']);
  const lines = await readContents(path, directory);
  return lines.sort();
}

/** The names of the payload's files, in the order of their frames. */
function frameNames(): string[] {
  const fileDescriptor = openSync(path, 'r');
  try {
    const file = { fileDescriptor, path, fileBytes: statSync(path).size };
    const frames = readFrameIndex(file, readManifest(file), checkLimits({}, 3, file.fileBytes));
    return [...frames.values()].sort((a, b) => a.start - b.start).map(({ name }) => name);
  } finally {
    closeSync(fileDescriptor);
  }
}

describe('a sync', () => {
  test('that is sorted on disk, into many tables, has the same records as one sorted in memory', async () => {
    const expected = [...batches()]
      .flatMap(({ syncId, bucket, values }) =>
        values.map((value) => `${syncId} ${bucket} ${Buffer.from(value).toString('hex')}`),
      )
      .sort();
    expect(await write({})).toEqual(expected);
    rmSync(path);
    expect(await write({ maxMemoryBytes: 50_000, tableSizeBytes: 65_536 })).toEqual(expected);
    const names = frameNames();
    expect(names.filter((name) => name.endsWith('.sst')).length).toBeGreaterThan(1);
    expect(names).toEqual([...names].sort());
  });

  test('has the same bytes each time', async () => {
    await write({});
    const once = readFileSync(path);
    rmSync(path);
    await write({});
    expect(readFileSync(path).equals(once)).toBe(true);
  });
});
