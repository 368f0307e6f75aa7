// The two ways of loading records that are compared: in bulk (sort, build tables, one commit), as
// `sstitch import` does, and in batches. Both give the ids of the syncs that they loaded.
import { RecordLoader, SyncStore } from '@sstitch/records';

/** Into an open store. */
export async function loadInBulk(store, batches) {
  const load = new RecordLoader((options) => store.tableLoader(options));
  for await (const { syncId, records } of batches) {
    for (const record of records) load.add(syncId, record);
    await load.room();
  }
  const loaded = await load.commit(store);
  await load.end();
  return new Set(loaded.map(({ syncId }) => syncId));
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
