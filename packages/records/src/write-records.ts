// Puts and deletes with index upkeep.
//
// Invariants: a record and its index entries change in one batch; after it, the sync holds exactly the
// index entries of the records it holds. A batch holds one record of an id at most: the last one given.
import {
  type ByteOperation,
  byteEncodings,
  equalBytes,
  type ReadWriteEngine,
} from '@sstitch/contract';
import { parseSyncId, type SyncIdBytes } from '@sstitch/keys';
import { decodeRecord } from './encode.js';
import { throwIfAborted } from './errors.js';
import { indexEntries, isIndexed } from './indexes.js';
import { EMPTY_VALUE, type EncodedRecord, encodeForSync } from './record-entries.js';
import { identityOf, type SyncRecord, type ValueBucket } from './record-types.js';
import { withWriteLock } from './write-lock.js';

/** A batch is written once it has this many records, … */
export const MAX_BATCH_RECORDS = 1000;
/** … or its keys and values have this many bytes. One record larger than that is a batch by itself. */
export const MAX_BATCH_BYTES = 4 * 1024 * 1024;

/** Options of a write. */
export interface WriteOptions {
  /** Return only when what was written survives a power cut. @defaultValue false */
  readonly sync?: boolean;
  /** Stops between two batches. */
  readonly signal?: AbortSignal;
}

interface PendingPut extends EncodedRecord {
  readonly bucket: ValueBucket;
}

/** Puts one record. It takes its turn when called, so that the last of two calls wins. */
export function putRecord(
  engine: ReadWriteEngine,
  syncId: string,
  record: SyncRecord,
  options: WriteOptions = {},
): Promise<void> {
  const bytes = parseSyncId(syncId);
  const { bucket } = identityOf(record);
  const put: PendingPut = { bucket, ...encodeForSync(bytes, syncId, record) };
  return withWriteLock(engine, () => {
    throwIfAborted(options.signal);
    return putBatch(engine, bytes, [put], options.sync ?? false);
  });
}

/** Puts records of any type, in batches of bounded size, each atomic. Returns how many it took. */
export async function putRecords(
  engine: ReadWriteEngine,
  syncId: string,
  records: Iterable<SyncRecord> | AsyncIterable<SyncRecord>,
  options: WriteOptions = {},
): Promise<number> {
  const bytes = parseSyncId(syncId);
  let taken = 0;
  let pending = new Map<string, PendingPut>();
  let pendingBytes = 0;
  const flush = async (): Promise<void> => {
    throwIfAborted(options.signal);
    const puts = [...pending.values()];
    pending = new Map();
    pendingBytes = 0;
    await withWriteLock(engine, () => putBatch(engine, bytes, puts, options.sync ?? false));
  };
  // The lock is held for a batch, not for the whole: the records may come from slow or from this store.
  for await (const record of records) {
    const { bucket, ids } = identityOf(record);
    const encoded = encodeForSync(bytes, syncId, record);
    pending.set(JSON.stringify([bucket, ...ids]), { bucket, ...encoded });
    pendingBytes += sizeBytes(encoded);
    taken += 1;
    if (pending.size >= MAX_BATCH_RECORDS || pendingBytes >= MAX_BATCH_BYTES) await flush();
  }
  if (pending.size > 0) await flush();
  return taken;
}

/** Deletes the record under `key`, with its index entries. Returns whether there was one. */
export function deleteRecord(
  engine: ReadWriteEngine,
  syncId: SyncIdBytes,
  bucket: ValueBucket,
  key: Uint8Array,
  options: WriteOptions = {},
): Promise<boolean> {
  return withWriteLock(engine, async () => {
    throwIfAborted(options.signal);
    const value = await engine.get(key, byteEncodings);
    if (value === undefined) return false;
    const operations: ByteOperation[] = [{ type: 'del', key }];
    if (isIndexed(bucket)) {
      const record = decodeRecord(bucket, key, value);
      for (const entry of indexEntries(syncId, record)) {
        operations.push({ type: 'del', key: entry.key });
      }
    }
    await engine.batch(operations, { ...byteEncodings, sync: options.sync ?? false });
    return true;
  });
}

async function putBatch(
  engine: ReadWriteEngine,
  syncId: SyncIdBytes,
  puts: readonly PendingPut[],
  sync: boolean,
): Promise<void> {
  const operations: ByteOperation[] = [];
  // Only records with indexes can leave stale entries behind: the others' old values are not read.
  const indexed = puts.filter(({ bucket }) => isIndexed(bucket));
  const oldValues = await engine.getMany(
    indexed.map(({ key }) => key),
    byteEncodings,
  );
  for (const [at, put] of indexed.entries()) {
    const old = oldValues[at];
    if (old !== undefined) addStaleEntries(operations, syncId, put, old);
  }
  for (const { key, value, indexKeys } of puts) {
    operations.push({ type: 'put', key, value });
    for (const indexKey of indexKeys) {
      operations.push({ type: 'put', key: indexKey, value: EMPTY_VALUE });
    }
  }
  await engine.batch(operations, { ...byteEncodings, sync });
}

function addStaleEntries(
  operations: ByteOperation[],
  syncId: SyncIdBytes,
  put: PendingPut,
  old: Uint8Array,
): void {
  // Same bytes, same index entries: nothing to decode.
  if (equalBytes(old, put.value)) return;
  for (const { key } of indexEntries(syncId, decodeRecord(put.bucket, put.key, old))) {
    if (!put.indexKeys.some((kept) => equalBytes(kept, key))) {
      operations.push({ type: 'del', key });
    }
  }
}

function sizeBytes({ key, value, indexKeys }: EncodedRecord): number {
  return indexKeys.reduce((sum, indexKey) => sum + indexKey.length, key.length + value.length);
}
