// Verifies the entries of a sync as they are read.
//
// Every record must decode and lie under its own key; its index entries are added to a sum of hashes for each index. No
// two records share an entry, because an index key ends in the ids of its record. Every entry of an index is subtracted
// from its sum. Only if that is not zero in the end are the missing and the stray entries looked for, one by one.
// The records are also counted: statistics of a sync that has ended must match. Memory does not depend on the entries.
import { type EngineSnapshot, equalBytes, type ReadableEngine } from '@sstitch/contract';
import { type Bucket, bucketLayout, INDEX_BUCKETS, parseSyncId } from '@sstitch/keys';
import { encodeRecord } from '../encoding/encode.js';
import type { IndexBucket } from '../indexes/indexes.js';
import { withSnapshot } from '../read/scan.js';
import { isValueBucket, type SyncRecord, type ValueBucket } from '../record-types.js';
import { measuresOf } from '../statistics/run-measures.js';
import { isCounted, SyncCounter } from '../statistics/sync-counter.js';
import { indexFaults } from './index-faults.js';
import { type IndexProblem, indexProblem } from './index-problem.js';
import { KeySum } from './key-sum.js';
import { RecordCheck } from './record-check.js';

/** The progress of a search for missing and stray index entries. */
export interface FaultsProgress {
  /** Keys read so far. */
  readonly keys: number;
  /** Keys to read. */
  readonly ofKeys: number;
}

/** Options of {@link SyncVerifier.faults}. */
export interface FaultsOptions {
  /** Search this state of the engine. @defaultValue the state at the first read */
  readonly snapshot?: EngineSnapshot;
  /** Ends the search with SSTITCH_ABORTED. */
  readonly signal?: AbortSignal;
  /** Called from time to time. An error that it throws ends the search. */
  readonly onProgress?: ((progress: FaultsProgress) => void) | undefined;
}

/** Verifies the entries of one sync, for a caller that reads them. `verifyIndexes` reads them itself. */
export class SyncVerifier {
  readonly #check: RecordCheck;
  readonly #sums: ReadonlyMap<Bucket, KeySum>;
  readonly #counter = new SyncCounter();
  readonly #keys = new Map<Bucket, number>();
  #hasEnded = false;
  /** Whether all records so far could be decoded and counted. */
  #isCounted = true;

  /** @throws KeysError on a text that is not a sync id */
  constructor(syncId: string) {
    const check = new RecordCheck(parseSyncId(syncId), syncId);
    this.#check = check;
    this.#sums = new Map(
      INDEX_BUCKETS.map((index) => [index, new KeySum(check.prefixOf(index).length)]),
    );
  }

  /**
   * Verifies one entry; each must be given once. The statistics must come after the run and all records, as they do in
   * key order.
   *
   * @returns what is wrong with the entry itself; undefined if nothing is.
   */
  verify(bucket: Bucket, key: Uint8Array, value: Uint8Array): IndexProblem | undefined {
    this.#keys.set(bucket, this.#keysIn(bucket) + 1);
    if (isValueBucket(bucket)) return this.#verifyRecord(bucket, key, value);
    this.#sumOf(bucket).subtract(key);
    if (value.length === 0) return undefined;
    const why = `it has a value of ${value.length} bytes`;
    return indexProblem('index_entry_with_value', bucket, key, why);
  }

  /**
   * Yields the missing and the stray entries of the indexes, after all entries of the sync were given. Reads nothing if
   * the indexes match the records: the number of their entries and the sum of their hashes are compared, which a
   * difference escapes with a chance of about 2^-64.
   *
   * @throws {@link RecordsError} SSTITCH_ABORTED.
   */
  async *faults(
    engine: ReadableEngine,
    { snapshot: given, signal, onProgress }: FaultsOptions = {},
  ): AsyncGenerator<IndexProblem, void, undefined> {
    const differing = INDEX_BUCKETS.filter((index) => !this.#sumOf(index).isZero);
    if (differing.length === 0) return;
    let ofKeys = 0;
    for (const index of differing) {
      ofKeys += this.#keysIn(index) + this.#keysIn(bucketLayout(index).indexOf ?? index);
    }
    let keys = 0;
    const check = this.#check;
    yield* withSnapshot(engine, given, async function* (snapshot) {
      const onPage = (length: number) => {
        keys += length;
        onProgress?.({ keys, ofKeys });
      };
      for (const index of differing) {
        yield* indexFaults({ engine, snapshot, signal, check, onPage }, index as IndexBucket);
      }
    });
  }

  #verifyRecord(bucket: ValueBucket, key: Uint8Array, value: Uint8Array): IndexProblem | undefined {
    const { problem, entries, countedType, record } = this.#check.check(bucket, key, value);
    if (countedType === undefined) this.#isCounted = false;
    else if (isCounted(bucket)) this.#counter.addCount(bucket, 1, countedType);
    for (const entry of entries) this.#sumOf(entry.bucket).add(entry.key);
    if (problem !== undefined || record === undefined) return problem;
    return this.#problemOfStats(key, record);
  }

  #problemOfStats(key: Uint8Array, record: SyncRecord): IndexProblem | undefined {
    if (record.$typeName === 'c1.storage.v3.SyncRunRecord') {
      this.#hasEnded = record.endedAt !== undefined;
    }
    if (record.$typeName !== 'c1.storage.v3.SyncStatsRecord') return undefined;
    if (!this.#hasEnded || !this.#isCounted) return undefined;
    const counted = { ...this.#counter.toRecord(record.syncId), ...measuresOf(record) };
    const { writtenAt } = record;
    if (writtenAt !== undefined) counted.writtenAt = writtenAt;
    if (equalBytes(encodeRecord(counted), encodeRecord(record))) return undefined;
    const why = 'its counts do not match the records of the sync';
    return indexProblem('wrong_stats', 'sync_stats', key, why);
  }

  #keysIn(bucket: Bucket): number {
    return this.#keys.get(bucket) ?? 0;
  }

  #sumOf(index: Bucket): KeySum {
    // The map has every bucket that holds no records.
    return this.#sums.get(index) as KeySum;
  }
}
