// Deletes the keys that a snapshot shows in a range one by one, in batches, as classic-level does.
import { byteEncodings } from '@sstitch/contract';
import type { ClearWrites } from '../commit/write-gate.js';
import type { NativeOperation, NativeRangeOptions } from '../leveldb/level-database.js';

/** About as many as classic-level's own clear deletes at a time. */
const CLEAR_BATCH_OPERATIONS = 500;

/** What this file needs of a store. */
interface ClearedStore {
  iterator<TKey, TValue>(
    options: object,
  ): {
    nextv(size: number): Promise<Array<[TKey | undefined, TValue | undefined]>>;
    close(): Promise<void>;
  };
}

/** Deletes what an iterator of the range lists. Not atomic. */
export async function clearByKeys(
  store: ClearedStore,
  writes: ClearWrites,
  options: NativeRangeOptions,
): Promise<void> {
  const bounds: Record<string, Uint8Array> = {};
  for (const name of ['gt', 'gte', 'lt', 'lte'] as const) {
    const bound = options[name];
    if (bound === undefined) continue;
    bounds[name] = typeof bound === 'string' ? Buffer.from(bound) : bound;
  }
  const { reverse, limit, snapshot } = options;
  // The public iterator, which refuses reads once the store closes.
  const range = { ...bounds, ...byteEncodings, reverse, limit, snapshot, values: false };
  const iterator = store.iterator<Uint8Array, Uint8Array>(range);
  try {
    for (;;) {
      const entries = await iterator.nextv(CLEAR_BATCH_OPERATIONS);
      if (entries.length === 0) return;
      await writes.batch(
        entries.map(([key]): NativeOperation => ({ type: 'del', key: key as Uint8Array })),
      );
    }
  } finally {
    await iterator.close();
  }
}
