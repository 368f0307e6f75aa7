// Lists of records: in the order of their own keys, or of an index. A list shows one state throughout.
import { byteEncodings, type ReadableEngine, type Span, spanContains } from '@sstitch/contract';
import {
  bucketLayout,
  buildKey,
  buildKeyPrefix,
  decodeTuple,
  prefixSpan,
  SYNC_ID_LENGTH_BYTES,
  type SyncIdBytes,
  toHex,
} from '@sstitch/keys';
import { decodeRecord } from './encode.js';
import { RecordsError } from './errors.js';
import { type IndexBucket, type IndexedBucket, indexEntries, listedIds } from './indexes.js';
import { primaryKey, type RecordByBucket, type ValueBucket } from './record-types.js';
import { type EngineSnapshot, scanPages, withSnapshot } from './scan.js';

/** Options of a list. */
export interface ListOptions<R> {
  /** Records at most. @defaultValue no limit */
  readonly limit?: number;
  /** Only what comes after this record in the order of the list: the last one of the page before. */
  readonly after?: R;
  /** From the last to the first. @defaultValue false */
  readonly reverse?: boolean;
  /** List this state of the engine. @defaultValue the state when the first record is asked for */
  readonly snapshot?: EngineSnapshot;
  /** Stops between two pages. */
  readonly signal?: AbortSignal;
}

/** A list: records are read page by page while it is iterated. */
export type RecordList<R> = AsyncGenerator<R, void, undefined>;

/** The records of a bucket whose keys start with these ids. */
export function listRecords<B extends ValueBucket>(
  engine: ReadableEngine,
  bucket: B,
  syncId: SyncIdBytes,
  firstIds: readonly string[],
  options: ListOptions<RecordByBucket[B]>,
): RecordList<RecordByBucket[B]> {
  const span = prefixSpan(buildKeyPrefix(bucket, syncId, firstIds));
  const after = options.after && within(span, primaryKey(syncId, options.after));
  return listSpan(engine, bucket, span, after, options);
}

/** The records that an index lists under these first elements, in the order of the index. */
export function listByIndex<I extends IndexBucket>(
  engine: ReadableEngine,
  index: I,
  syncId: SyncIdBytes,
  firstElements: readonly string[],
  options: ListOptions<RecordByBucket[IndexedBucket[I]]>,
): RecordList<RecordByBucket[IndexedBucket[I]]> {
  checkLimit(options.limit);
  const bucket = bucketLayout(index).indexOf as IndexedBucket[I];
  // Bucket and sync are known: parseKey would only find them again.
  const elementsOffset = bucketLayout(index).prefix.length + SYNC_ID_LENGTH_BYTES;
  const span = prefixSpan(buildKeyPrefix(index, syncId, firstElements));
  const after =
    options.after &&
    within(span, indexEntries(syncId, options.after).find((entry) => entry.bucket === index)?.key);
  return withSnapshot(engine, options.snapshot, async function* (snapshot) {
    const pages = scanPages(engine, span, { ...options, after, snapshot, values: false });
    for await (const page of pages) {
      const keys = page.map(([key]) =>
        buildKey(bucket, syncId, listedIds(index, decodeTuple(key, elementsOffset))),
      );
      const values = await engine.getMany(keys, { ...byteEncodings, snapshot });
      for (const [at, key] of keys.entries()) {
        const value = values[at];
        if (value === undefined) throw strayEntry(page[at]?.[0] ?? key, key);
        yield decodeRecord(bucket, key, value);
      }
    }
  });
}

/** The records whose keys lie in `span`, all of one bucket. */
export function listSpan<B extends ValueBucket>(
  engine: ReadableEngine,
  bucket: B,
  span: Span,
  after: Uint8Array | undefined,
  options: ListOptions<RecordByBucket[B]>,
): RecordList<RecordByBucket[B]> {
  checkLimit(options.limit);
  return withSnapshot(engine, options.snapshot, async function* (snapshot) {
    for await (const page of scanPages(engine, span, { ...options, after, snapshot })) {
      for (const [key, value] of page) yield decodeRecord(bucket, key, value);
    }
  });
}

function within(span: Span, key: Uint8Array | undefined): Uint8Array {
  if (key === undefined || !spanContains(span, key)) {
    throw new RecordsError('SSTITCH_OPTION_INVALID', 'after: the record is not of this list');
  }
  return key;
}

function checkLimit(limit: number | undefined): void {
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit >= 0)) {
    throw new RecordsError(
      'SSTITCH_OPTION_INVALID',
      `limit: a whole number from 0 on, not ${String(limit)}`,
    );
  }
}

function strayEntry(entryKey: Uint8Array, recordKey: Uint8Array): RecordsError {
  return new RecordsError(
    'SSTITCH_INDEX_STRAY',
    `index entry ${toHex(entryKey)} lists a record that is not there: ${toHex(recordKey)}`,
    { key: entryKey },
  );
}
