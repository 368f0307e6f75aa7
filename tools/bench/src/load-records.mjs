// The two compared ways of loading records: in bulk (sort, build tables, one commit), as `sstitch import` does,
// and in batches. Both return the ids of the loaded syncs.
import { RecordLoader, SyncStore } from '@sstitch/records';

/** Loads records into an open store. */
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

/** Writes records to an open LevelDB database of any kind. */
export async function loadInBatches(database, batches) {
  const store = new SyncStore(database);
  const syncIds = new Set();
  for await (const { syncId, records } of batches) {
    syncIds.add(syncId);
    await store.putMany(syncId, records);
  }
  return syncIds;
}
