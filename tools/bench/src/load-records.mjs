// The two ways of loading records that are compared: in bulk (sort, build tables, one commit), as
// `sstitch import` does, and in batches. Both give the ids of the syncs that they loaded.
import { mkdir } from 'node:fs/promises';
import { syncSpansInKeyOrder } from '@sstitch/keys';
import { SyncStore } from '@sstitch/records';
import { BulkImport } from '../../../packages/cli/dist/bulk-import.js';

/** Into an open store. */
export async function loadInBulk(store, batches) {
  const staging = await store.newStagingDirectory();
  await mkdir(staging);
  const load = new BulkImport(staging);
  const syncIds = new Set();
  for await (const { syncId, records } of batches) {
    syncIds.add(syncId);
    for (const record of records) load.add(syncId, record);
    await load.room();
  }
  const spans = [...syncIds]
    .flatMap((syncId) => syncSpansInKeyOrder(syncId).map(({ span }) => span))
    .sort((a, b) => Buffer.compare(a.start, b.start));
  await load.commit(store, spans);
  await load.end();
  return syncIds;
}

/** Into an open LevelDB of any kind. */
export async function loadInBatches(database, batches) {
  const store = new SyncStore(database);
  const syncIds = new Set();
  for await (const { syncId, records } of batches) {
    syncIds.add(syncId);
    await store.putMany(syncId, records);
  }
  return syncIds;
}
