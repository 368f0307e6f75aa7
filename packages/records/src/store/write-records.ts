// Puts and deletes records, and maintains indexes and statistics.
//
// Invariants: a record, its index entries and the statistics change in one batch. After it, the sync holds
// exactly the index entries of its records, and its statistics, if there are any, count them. A batch holds at
// most one record of an id: the last one, or the newest. Statistics that the caller puts are stored unchanged.
import {
  type ByteOperation,
  byteEncodings,
  type EngineSnapshot,
  equalBytes,
  type ReadWriteEngine,
  type Span,
} from '@sstitch/contract';
import { parseSyncId, type SyncIdBytes, syncStatsKey } from '@sstitch/keys';
import { decodeRecord } from '../encoding/encode.js';
import { RecordsError, throwIfAborted } from '../errors.js';
import { indexEntries, isIndexed } from '../indexes/indexes.js';
import { EMPTY_VALUE, type EncodedRecord, encodeForSync } from '../indexes/record-entries.js';
import { identityOf, type SyncRecord, type ValueBucket } from '../record-types.js';
import { isCounted, SyncCounter } from '../statistics/sync-counter.js';
import { type DiscoveredRecord, isNewer } from './newer-record.js';
import { spansOfKeys, writeIfUnchanged } from './write-if-unchanged.js';

/** A batch is written when it has this many records … */
export const MAX_BATCH_RECORDS = 1000;
/** … or this many bytes of keys and values. Its last record may exceed this. */
export const MAX_BATCH_BYTES = 4 * 1024 * 1024;

/** Options of a write. */
export interface WriteOptions {
  /** Fulfil only when the write survives a power cut. @defaultValue false */
  readonly sync?: boolean;
  /** Stops between two batches. */
  readonly signal?: AbortSignal;
}

/** The sync to write to, and how. */
interface Target {
  readonly engine: ReadWriteEngine;
  readonly syncId: string;
  readonly syncIdBytes: SyncIdBytes;
  readonly options: WriteOptions;
  /** Keep an existing record unless the new one was discovered later. */
  readonly ifNewer: boolean;
  /** Runs the read and the write of a batch, which concern these keys, without other writers in between. */
  readonly asOneStep: <T>(keys: readonly Uint8Array[], step: Step<T>) => Promise<T>;
}

/** A step reads the state of its basis, by default the current one, and commits on its condition, by default none. */
type Step<T> = (basis: StepBasis) => Promise<T>;

interface StepBasis {
  readonly snapshot: EngineSnapshot | undefined;
  readonly ifUnchanged: EngineSnapshot | undefined;
}

/** Writes in a step that holds the write lock. */
export interface ExclusiveWriter {
  /** The snapshot that the step reads if other processes write to the engine too; otherwise it reads the current state. */
  readonly basis: EngineSnapshot | undefined;
  /** As `SyncStore.putMany`. The source must not write to the engine by other means. */
  putMany(
    syncId: string,
    records: Iterable<SyncRecord> | AsyncIterable<SyncRecord>,
    options?: WriteOptions,
  ): Promise<number>;
}

/**
 * Runs `task` as {@link writeIfUnchanged} does, and passes it a writer. For data that is derived from records: no other
 * writer changes these records before the derived data is written.
 *
 * @param spans what the task reads, and all that it writes
 */
export function writeExclusively<T>(
  engine: ReadWriteEngine,
  spans: readonly Span[],
  signal: AbortSignal | undefined,
  task: (writer: ExclusiveWriter) => Promise<T>,
): Promise<T> {
  return writeIfUnchanged(engine, spans, signal, (basis) =>
    task({
      basis,
      putMany: async (syncId, records, options = {}) => {
        const target = targetOf(engine, syncId, options, false);
        // The snapshot lacks what the writer itself has written since.
        const asOneStep: Target['asOneStep'] = (_keys, step) =>
          step({ snapshot: undefined, ifUnchanged: basis });
        return (await putAll({ ...target, asOneStep }, records)).taken;
      },
    }),
  );
}

interface PendingPut extends EncodedRecord {
  readonly bucket: ValueBucket;
  readonly record: SyncRecord;
}

/** Puts one record. Calls are ordered by when they are made, so that the last of two wins. */
export async function putRecord(
  engine: ReadWriteEngine,
  syncId: string,
  record: SyncRecord,
  options: WriteOptions = {},
): Promise<void> {
  await putOne(targetOf(engine, syncId, options, false), record);
}

/** Puts one record if none with its id exists, or an older one. Returns whether it did. */
export async function putRecordIfNewer(
  engine: ReadWriteEngine,
  syncId: string,
  record: DiscoveredRecord,
  options: WriteOptions = {},
): Promise<boolean> {
  return (await putOne(targetOf(engine, syncId, options, true), record)) > 0;
}

/** Puts records of any type, in atomic batches of bounded size. Returns the number of records read. */
export async function putRecords(
  engine: ReadWriteEngine,
  syncId: string,
  records: Iterable<SyncRecord> | AsyncIterable<SyncRecord>,
  options: WriteOptions = {},
): Promise<number> {
  return (await putAll(targetOf(engine, syncId, options, false), records)).taken;
}

/** Like {@link putRecords}, but skips records that are not newer than the existing ones. Returns the number written. */
export async function putRecordsIfNewer(
  engine: ReadWriteEngine,
  syncId: string,
  records: Iterable<DiscoveredRecord> | AsyncIterable<DiscoveredRecord>,
  options: WriteOptions = {},
): Promise<number> {
  return (await putAll(targetOf(engine, syncId, options, true), records)).written;
}

/** Deletes the record under `key` with its index entries. Returns whether it existed. */
export function deleteRecord(
  engine: ReadWriteEngine,
  syncId: string,
  bucket: ValueBucket,
  key: Uint8Array,
  options: WriteOptions = {},
): Promise<boolean> {
  const target = targetOf(engine, syncId, options, false);
  const statsKey = syncStatsKey(target.syncIdBytes);
  return target.asOneStep([key, statsKey], async ({ snapshot, ifUnchanged }) => {
    throwIfAborted(options.signal);
    const [value, statsValue] = await valuesOf(engine, [key, statsKey], snapshot);
    if (value === undefined) return false;
    const operations: ByteOperation[] = [{ type: 'del', key }];
    if (isIndexed(bucket) || (isCounted(bucket) && statsValue !== undefined)) {
      const record = decodeRecord(bucket, key, value);
      for (const entry of indexEntries(target.syncIdBytes, record)) {
        operations.push({ type: 'del', key: entry.key });
      }
      if (statsValue !== undefined) {
        const counter = new SyncCounter(decodeRecord('sync_stats', statsKey, statsValue));
        counter.subtract(record);
        operations.push(putOf(target, counter.toRecord(target.syncId)));
      }
    }
    await commit(target, operations, ifUnchanged);
    return true;
  });
}

function targetOf(
  engine: ReadWriteEngine,
  syncId: string,
  options: WriteOptions,
  ifNewer: boolean,
): Target {
  return {
    ...{ engine, syncId, syncIdBytes: parseSyncId(syncId), options, ifNewer },
    asOneStep: (keys, step) =>
      writeIfUnchanged(engine, spansOfKeys(keys), options.signal, (basis) =>
        step({ snapshot: basis, ifUnchanged: basis }),
      ),
  };
}

function putOne(target: Target, record: SyncRecord): Promise<number> {
  const put = pendingPut(target, record);
  return putBatch(target, [put]);
}

async function putAll(
  target: Target,
  records: Iterable<SyncRecord> | AsyncIterable<SyncRecord>,
): Promise<{ readonly taken: number; readonly written: number }> {
  let taken = 0;
  let written = 0;
  let pending = new Map<string, PendingPut>();
  let pendingBytes = 0;
  const flush = async (): Promise<void> => {
    const puts = [...pending.values()];
    pending = new Map();
    pendingBytes = 0;
    written += await putBatch(target, puts);
  };
  // The lock is held for each batch, not throughout: the source may be slow or read this store.
  for await (const record of records) {
    const put = pendingPut(target, record);
    taken += 1;
    const id = JSON.stringify([put.bucket, ...identityOf(record).ids]);
    const before = pending.get(id);
    if (target.ifNewer && before !== undefined && !isNewer(record, before.record)) continue;
    pending.set(id, put);
    pendingBytes += sizeBytes(put) - (before === undefined ? 0 : sizeBytes(before));
    if (pending.size >= MAX_BATCH_RECORDS || pendingBytes >= MAX_BATCH_BYTES) await flush();
  }
  if (pending.size > 0) await flush();
  return { taken, written };
}

function pendingPut(target: Target, record: SyncRecord): PendingPut {
  const { bucket } = identityOf(record);
  if (target.ifNewer && !isCounted(bucket)) {
    throw new RecordsError('SSTITCH_RECORD_INVALID', `a ${bucket} has no discovered_at: use put`);
  }
  return { bucket, record, ...encodeForSync(target.syncIdBytes, target.syncId, record) };
}

/** Writes one batch. Returns the number of records written. */
function putBatch(target: Target, puts: readonly PendingPut[]): Promise<number> {
  const keys = [syncStatsKey(target.syncIdBytes), ...puts.map(keyOf)];
  return target.asOneStep(keys, (basis) => putOn(basis, target, puts));
}

async function putOn(
  { snapshot, ifUnchanged }: StepBasis,
  target: Target,
  puts: readonly PendingPut[],
): Promise<number> {
  const { engine, syncIdBytes, ifNewer, options } = target;
  throwIfAborted(options.signal);
  // Only records with indexes can leave stale entries; the old versions of others are read only for counting.
  const indexed = puts.filter(({ bucket }) => isIndexed(bucket));
  const plain = puts.filter(({ bucket }) => !isIndexed(bucket));
  const statsKey = syncStatsKey(syncIdBytes);
  const [statsValue, ...oldValues] = await valuesOf(
    engine,
    [statsKey, ...indexed.map(keyOf)],
    snapshot,
  );
  const counter = counterFor(puts, statsKey, statsValue);
  if (ifNewer || counter !== undefined) {
    oldValues.push(...(await valuesOf(engine, plain.map(keyOf), snapshot)));
  }
  const operations: ByteOperation[] = [];
  let written = 0;
  for (const [at, put] of [...indexed, ...plain].entries()) {
    const oldValue = oldValues[at];
    // Equal bytes have equal index entries and counts, and are not newer.
    const isSame = oldValue !== undefined && equalBytes(oldValue, put.value);
    const old =
      oldValue === undefined || isSame ? undefined : decodeRecord(put.bucket, put.key, oldValue);
    if (ifNewer && (isSame || (old !== undefined && !isNewer(put.record, old)))) continue;
    written += 1;
    if (old !== undefined) {
      addStaleEntries(operations, syncIdBytes, put, old);
      counter?.subtract(old);
    }
    if (!isSame) counter?.add(put.record);
    operations.push({ type: 'put', key: put.key, value: put.value });
    for (const key of put.indexKeys) operations.push({ type: 'put', key, value: EMPTY_VALUE });
  }
  if (written === 0) return 0;
  if (counter !== undefined) operations.push(putOf(target, counter.toRecord(target.syncId)));
  await commit(target, operations, ifUnchanged);
  return written;
}

async function commit(
  { engine, options: { sync = false } }: Target,
  operations: ByteOperation[],
  ifUnchanged: EngineSnapshot | undefined,
): Promise<void> {
  await engine.batch(operations, { ...byteEncodings, sync, ifUnchanged });
}

/** A counter that continues from the statistics of the sync; undefined if there are none, or if the batch puts some. */
function counterFor(
  puts: readonly PendingPut[],
  statsKey: Uint8Array,
  statsValue: Uint8Array | undefined,
): SyncCounter | undefined {
  if (statsValue === undefined || puts.some(({ bucket }) => bucket === 'sync_stats')) {
    return undefined;
  }
  return new SyncCounter(decodeRecord('sync_stats', statsKey, statsValue));
}

function addStaleEntries(
  operations: ByteOperation[],
  syncId: SyncIdBytes,
  put: PendingPut,
  old: SyncRecord,
): void {
  for (const { key } of indexEntries(syncId, old)) {
    if (!put.indexKeys.some((kept) => equalBytes(kept, key))) {
      operations.push({ type: 'del', key });
    }
  }
}

function putOf({ syncId, syncIdBytes }: Target, record: SyncRecord): ByteOperation {
  const { key, value } = encodeForSync(syncIdBytes, syncId, record);
  return { type: 'put', key, value };
}

function keyOf({ key }: PendingPut): Uint8Array {
  return key;
}

async function valuesOf(
  engine: ReadWriteEngine,
  keys: Uint8Array[],
  snapshot: EngineSnapshot | undefined,
): Promise<Array<Uint8Array | undefined>> {
  return keys.length === 0 ? [] : engine.getMany(keys, { ...byteEncodings, snapshot });
}

function sizeBytes({ key, value, indexKeys }: EncodedRecord): number {
  return indexKeys.reduce((sum, indexKey) => sum + indexKey.length, key.length + value.length);
}
