import { closeSync, mkdtempSync, openSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { create } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { timestampNow } from '@bufbuild/protobuf/wkt';
import {
  encodeRecord,
  ResourceTypeRecordSchema,
  SyncRunRecordSchema,
  SyncType,
} from '@sstitch/records';
import { expect, test } from 'vitest';
import { checkLimits } from '../options.js';
import { decodeC1z } from '../process/decode-c1z.js';
import { RowWriter } from './row-writer.js';
import { UTC } from './zones.js';

const MEBIBYTE = 2 ** 20;

function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  // The first frees buffers in the background, which the second waits for.
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

test('of kept records, one is in memory for a bucket, however many syncs are read', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'row-contents-'));
  const path = join(directory, 'some.c1z');
  const syncIds = Array.from({ length: 12 }, (_, index) => `sync-${index}`);
  const discoveredAt = timestampNow();
  const writer = new RowWriter(path, path, directory, UTC);
  for (const syncId of syncIds) {
    const run = create(SyncRunRecordSchema, { syncId, type: SyncType.FULL });
    const type = create(ResourceTypeRecordSchema, { syncId, externalId: 'user', discoveredAt });
    writer.add(syncId, 'sync_run', [encodeRecord(run)]);
    // Only the last row has a kept record: for every row before it, this is the next kept record.
    if (syncId === syncIds.at(-1)) {
      const data = new BinaryWriter().bytes(new Uint8Array(16 * MEBIBYTE)).finish();
      type.$unknown = [{ no: 1000, wireType: WireType.LengthDelimited, data }];
    }
    writer.add(syncId, 'resource_type', [encodeRecord(type)]);
  }
  await writer.finish(() => {});
  rmSync(join(directory, 'sync.db'));

  const fileDescriptor = openSync(path, 'r');
  const fileBytes = statSync(path).size;
  const limits = checkLimits({}, 1, fileBytes);
  const task = {
    kind: 'open',
    path,
    format: 1,
    fileBytes,
    directory,
    zone: 'UTC',
    limits,
  } as const;
  const contents = await decodeC1z(task, fileDescriptor, () => {});
  contents.syncRuns();
  const before = heldBytes();
  for (const syncId of syncIds.slice(0, -1)) {
    contents.page({ bucket: 'resource_type', syncId, after: undefined });
  }
  expect(heldBytes() - before).toBeLessThan(64 * MEBIBYTE);
  contents.close();
  closeSync(fileDescriptor);
  rmSync(directory, { recursive: true });
});
