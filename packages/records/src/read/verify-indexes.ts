// Verifies index entries against records, in both directions.
//
// Forward: every record must decode, lie under its own key, and have its index entries. This pass also counts
// the entries that each index must have; no two records share one, because an index key ends in the ids of its
// record. Backward: if an index has as many entries as were found for records, none can be stray and the
// records need not be read again; otherwise each entry is followed to its record. Memory is bounded by a page.
// The forward pass also counts the records: statistics of a sync that has ended must match.
import {
  byteEncodings,
  type EngineSnapshot,
  equalBytes,
  type ReadableEngine,
} from '@sstitch/contract';
import {
  type Bucket,
  bucketLayout,
  bucketSpan,
  buildKey,
  INDEX_BUCKETS,
  KeysError,
  parseKey,
  parseSyncId,
  type SyncIdBytes,
  toHex,
} from '@sstitch/keys';
import { decodeRecord, encodeRecord } from '../encoding/encode.js';
import { RecordsError } from '../errors.js';
import { type IndexBucket, type IndexEntry, indexEntries, listedIds } from '../indexes/indexes.js';
import { primaryKey, type SyncRecord, VALUE_BUCKETS, type ValueBucket } from '../record-types.js';
import { measuresOf } from '../statistics/run-measures.js';
import { SyncCounter } from '../statistics/sync-counter.js';
import { scanPages, withSnapshot } from './scan.js';

/** The kinds of problems of a sync's entries. */
export type IndexProblemKind =
  /** A key in the sync's span that is not a key of its bucket. */
  | 'malformed_key'
  /** A value that is not the bucket's message. */
  | 'undecodable_value'
  /** A record whose sync or ids differ from those of its key. */
  | 'record_under_wrong_key'
  /** A record without one of its index entries; `key` is the missing one. */
  | 'missing_index_entry'
  /** An index entry that no record has. */
  | 'stray_index_entry'
  /** An index entry with a value. */
  | 'index_entry_with_value'
  /** Statistics of an ended sync that do not match its records; `recountSync` rewrites them. */
  | 'wrong_stats';

/** A problem of a sync's entries. */
export interface IndexProblem {
  /** What is wrong with the entry. */
  readonly kind: IndexProblemKind;
  /** The bucket of the key. */
  readonly bucket: Bucket;
  /** The key of the entry that is missing, stray or damaged. */
  readonly key: Uint8Array;
  /** A description with the key in hex. */
  readonly message: string;
}

/** Options of {@link verifyIndexes}. */
export interface VerifyOptions {
  /** Verify this state of the engine. @defaultValue the state at the first read */
  readonly snapshot?: EngineSnapshot;
  /** Ends the verification with SSTITCH_ABORTED. */
  readonly signal?: AbortSignal;
}

/** The state of verifying one sync: its input, and the findings of the forward pass. */
interface Pass {
  readonly engine: ReadableEngine;
  readonly syncId: SyncIdBytes;
  readonly snapshot: EngineSnapshot;
  readonly signal: AbortSignal | undefined;
  /** The number of entries found for records, by index. */
  readonly found: Map<Bucket, number>;
  /** Counts the records. */
  readonly counter: SyncCounter;
  hasEnded: boolean;
  /** Whether all records so far could be decoded and counted. */
  isCounted: boolean;
}

/**
 * Yields every problem of a sync's entries as it is found. If there is none, the sync's indexes match its
 * records, and so do its statistics if it has ended.
 *
 * @throws {@link RecordsError} SSTITCH_ABORTED; KeysError on a text that is not a sync id.
 */
export function verifyIndexes(
  engine: ReadableEngine,
  syncId: string,
  options: VerifyOptions = {},
): AsyncGenerator<IndexProblem, void, undefined> {
  const bytes = parseSyncId(syncId);
  return withSnapshot(engine, options.snapshot, async function* (snapshot) {
    const found = new Map<Bucket, number>();
    const { signal } = options;
    const pass: Pass = {
      engine,
      syncId: bytes,
      snapshot,
      signal,
      found,
      counter: new SyncCounter(),
      hasEnded: false,
      isCounted: true,
    };
    for (const bucket of VALUE_BUCKETS) yield* verifyRecords(pass, bucket);
    for (const index of INDEX_BUCKETS) yield* verifyIndex(pass, index as IndexBucket);
  });
}

async function* verifyRecords(
  pass: Pass,
  bucket: ValueBucket,
): AsyncGenerator<IndexProblem, void, undefined> {
  for await (const page of pagesOf(pass, bucket)) {
    const due: IndexEntry[] = [];
    for (const [key, value] of page) {
      const record = decodeOrProblem(bucket, key, value);
      if ('kind' in record) {
        pass.isCounted = false;
        yield record;
        continue;
      }
      pass.counter.add(record);
      const wrong = problemOfPlace(pass, bucket, key, record) ?? problemOfStats(pass, key, record);
      if (wrong === undefined) due.push(...indexEntries(pass.syncId, record));
      else yield wrong;
    }
    yield* verifyDue(pass, due);
  }
}

async function* verifyDue(
  pass: Pass,
  due: readonly IndexEntry[],
): AsyncGenerator<IndexProblem, void, undefined> {
  const { engine, snapshot, found } = pass;
  const values = await engine.getMany(
    due.map(({ key }) => key),
    { ...byteEncodings, snapshot },
  );
  for (const [at, { bucket, key }] of due.entries()) {
    if (values[at] === undefined) {
      yield problem(
        'missing_index_entry',
        bucket,
        key,
        'its record exists, but the entry is missing',
      );
    } else {
      found.set(bucket, (found.get(bucket) ?? 0) + 1);
    }
  }
}

async function* verifyIndex(
  pass: Pass,
  index: IndexBucket,
): AsyncGenerator<IndexProblem, void, undefined> {
  let entries = 0;
  for await (const page of pagesOf(pass, index)) {
    entries += page.length;
    for (const [key, value] of page) {
      if (value.length > 0) {
        yield problem(
          'index_entry_with_value',
          index,
          key,
          `it has a value of ${value.length} bytes`,
        );
      }
    }
  }
  if (entries === (pass.found.get(index) ?? 0)) return;
  for await (const page of pagesOf(pass, index)) {
    yield* verifyEntries(
      pass,
      index,
      page.map(([key]) => key),
    );
  }
}

async function* verifyEntries(
  pass: Pass,
  index: IndexBucket,
  entryKeys: readonly Uint8Array[],
): AsyncGenerator<IndexProblem, void, undefined> {
  const { engine, snapshot, syncId } = pass;
  const recordBucket = bucketLayout(index).indexOf as ValueBucket;
  const listed: { readonly entryKey: Uint8Array; readonly recordKey: Uint8Array }[] = [];
  for (const entryKey of entryKeys) {
    const elements = elementsOrProblem(index, entryKey);
    if ('kind' in elements) yield elements;
    else {
      const recordKey = buildKey(recordBucket, syncId, listedIds(index, elements));
      listed.push({ entryKey, recordKey });
    }
  }
  const values = await engine.getMany(
    listed.map(({ recordKey }) => recordKey),
    { ...byteEncodings, snapshot },
  );
  for (const [at, { entryKey, recordKey }] of listed.entries()) {
    const value = values[at];
    if (value === undefined) {
      yield problem('stray_index_entry', index, entryKey, `no record ${toHex(recordKey)}`);
      continue;
    }
    const record = decodeOrProblem(recordBucket, recordKey, value);
    // Already reported as a problem of the record; its entries cannot be judged.
    if ('kind' in record) continue;
    if (!indexEntries(syncId, record).some(({ key }) => equalBytes(key, entryKey))) {
      yield problem(
        'stray_index_entry',
        index,
        entryKey,
        `record ${toHex(recordKey)} does not match it`,
      );
    }
  }
}

function pagesOf({ engine, syncId, snapshot, signal }: Pass, bucket: Bucket) {
  return scanPages(engine, bucketSpan(bucket, syncId), { snapshot, signal });
}

function decodeOrProblem(
  bucket: ValueBucket,
  key: Uint8Array,
  value: Uint8Array,
): SyncRecord | IndexProblem {
  try {
    return decodeRecord(bucket, key, value);
  } catch (error) {
    if (!(error instanceof RecordsError)) throw error;
    return problem('undecodable_value', bucket, key, `its value is not a ${bucket} record`);
  }
}

function elementsOrProblem(bucket: Bucket, key: Uint8Array): readonly string[] | IndexProblem {
  try {
    return parseKey(key).elements;
  } catch (error) {
    if (!(error instanceof KeysError)) throw error;
    return problem('malformed_key', bucket, key, error.message);
  }
}

function problemOfPlace(
  pass: Pass,
  bucket: ValueBucket,
  key: Uint8Array,
  record: SyncRecord,
): IndexProblem | undefined {
  const elements = elementsOrProblem(bucket, key);
  if ('kind' in elements) return elements;
  if (record.syncId !== parseKey(key).syncId) {
    const message = `its sync_id is ${JSON.stringify(record.syncId)}`;
    return problem('record_under_wrong_key', bucket, key, message);
  }
  if (!equalBytes(primaryKey(pass.syncId, record), key)) {
    return problem('record_under_wrong_key', bucket, key, 'its ids differ from those of its key');
  }
  return undefined;
}

/** Checks the statistics, after the records and the run, whose buckets precede them. */
function problemOfStats(pass: Pass, key: Uint8Array, record: SyncRecord): IndexProblem | undefined {
  if (record.$typeName === 'c1.storage.v3.SyncRunRecord') {
    pass.hasEnded = record.endedAt !== undefined;
  }
  if (record.$typeName !== 'c1.storage.v3.SyncStatsRecord') return undefined;
  if (!pass.hasEnded || !pass.isCounted) return undefined;
  const counted = { ...pass.counter.toRecord(record.syncId), ...measuresOf(record) };
  const { writtenAt } = record;
  if (writtenAt !== undefined) counted.writtenAt = writtenAt;
  if (equalBytes(encodeRecord(counted), encodeRecord(record))) return undefined;
  return problem(
    'wrong_stats',
    'sync_stats',
    key,
    'its counts do not match the records of the sync',
  );
}

function problem(
  kind: IndexProblemKind,
  bucket: Bucket,
  key: Uint8Array,
  why: string,
): IndexProblem {
  // A copy, because the keys of pages are Buffers and the caller may keep the problem.
  return { kind, bucket, key: new Uint8Array(key), message: `${bucket} ${toHex(key)}: ${why}` };
}
