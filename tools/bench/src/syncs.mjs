// Fills stores with synthetic syncs for the benchmarks.
import { byteEncodings } from '@sstitch/contract';
import { bucketSpan } from '@sstitch/keys';
import { syntheticEntries, syntheticSyncId, writeSyntheticSync } from '@sstitch/testkit';
import { loadEntriesInBulk } from '../peers/load-entries-in-bulk.mjs';

/**
 * Writes syncs in shuffled order, as a connector does, and settles the tree; or loads them `inBulk`. Returns their ids.
 */
export async function loadSyncs(store, { grants, syncs, revision, firstSync = 0, inBulk = false }) {
  const indexes = Array.from({ length: syncs }, (_, at) => firstSync + at);
  const ids = indexes.map((syncIndex) => syntheticSyncId({ syncIndex }));
  if (inBulk) {
    await loadEntriesInBulk(store, shuffledEntries(indexes, { grants, revision }));
    return ids;
  }
  for (const syncIndex of indexes) {
    await writeSyntheticSync(store, { grants, syncIndex, revision, shuffle: true });
  }
  await store.compactRange(new Uint8Array([0]), new Uint8Array([255]), { keyEncoding: 'view' });
  return ids;
}

async function* shuffledEntries(indexes, shape) {
  for (const syncIndex of indexes) {
    yield* syntheticEntries({ ...shape, syncIndex, order: 'shuffled' });
  }
}

/** Returns some keys of a sync's grants, spread over all of them. */
export async function readableKeys(store, syncId, count) {
  const { start, end } = bucketSpan('grant', syncId);
  const keys = [];
  const iterator = store.iterator({ ...byteEncodings, gte: start, lt: end, values: false });
  for (;;) {
    const entries = await iterator.nextv(1000);
    if (entries.length === 0) break;
    for (const [key] of entries) keys.push(key);
  }
  await iterator.close();
  const step = Math.max(1, Math.floor(keys.length / count));
  return keys.filter((_, index) => index % step === 0).slice(0, count);
}
