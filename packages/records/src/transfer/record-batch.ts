// Batches of records of one sync and one bucket, which pass from a source of syncs to a sink. A batch has its
// records both as messages and as bytes. It converts them when the other form is first requested, so that a
// transfer between two formats of bytes decodes nothing, and one between two formats of messages encodes
// nothing.
//
// Invariants: `records` and `values` have the same length; each record and its value have `syncId` as their
// sync_id; a value is the stored form of its record.
import { decodeRecord, encodeRecord } from '../encoding/encode.js';
import type { SyncRunRecord } from '../gen/c1/storage/v3/records_pb.js';
import type { RecordByBucket, SyncRecord, ValueBucket } from '../record-types.js';
import { ordinaryRun } from './replaced-run.js';
import { SyncIdField } from './sync-id-field.js';

/** One or more records of one sync and one bucket. */
export class RecordBatch<B extends ValueBucket = ValueBucket> {
  /** The sync of the records. */
  readonly syncId: string;
  /** The bucket of the records. */
  readonly bucket: B;
  /** The number of records. */
  readonly length: number;
  /**
   * Whether the batch was made from values. If not, a consumer may encode the records itself, directly into
   * their target.
   */
  readonly isOfValues: boolean;
  #records: readonly RecordByBucket[B][] | undefined;
  #values: readonly Uint8Array[] | undefined;

  private constructor(
    syncId: string,
    bucket: B,
    records: readonly RecordByBucket[B][] | undefined,
    values: readonly Uint8Array[] | undefined,
  ) {
    this.syncId = syncId;
    this.bucket = bucket;
    this.length = (records ?? values ?? []).length;
    this.isOfValues = values !== undefined;
    this.#records = records;
    this.#values = values;
  }

  /** Makes a batch of decoded records. @param records records with `syncId` as their sync id */
  static ofRecords<B extends ValueBucket>(
    syncId: string,
    bucket: B,
    records: readonly RecordByBucket[B][],
  ): RecordBatch<B> {
    return new RecordBatch(syncId, bucket, records, undefined);
  }

  /**
   * Makes a batch of encoded records, which are decoded only if a consumer needs it.
   *
   * @param values the bytes of messages of the bucket, with `syncId` as their sync id
   */
  static ofValues<B extends ValueBucket>(
    syncId: string,
    bucket: B,
    values: readonly Uint8Array[],
  ): RecordBatch<B> {
    return new RecordBatch(syncId, bucket, undefined, values);
  }

  /**
   * The records as messages.
   * @throws RecordsError SSTITCH_RECORD_UNDECODABLE if a value is not the bucket's message
   */
  get records(): readonly RecordByBucket[B][] {
    this.#records ??= (this.#values ?? []).map((value) => decodeRecord(this.bucket, NO_KEY, value));
    return this.#records;
  }

  /**
   * The records as bytes, to be stored unchanged: the bytes of another program may differ from those that
   * `encodeRecord` writes.
   * @throws RecordsError SSTITCH_RECORD_INVALID if a record cannot be encoded
   */
  get values(): readonly Uint8Array[] {
    this.#values ??= (this.#records ?? []).map((record) => encodeRecord(record));
    return this.#values;
  }

  /**
   * Returns the same records under another sync id, as part of an ordinary sync. References to the sync in other fields
   * do not change.
   * @throws RecordsError SSTITCH_RECORD_UNDECODABLE if the value of a run is not one
   */
  withSyncId(syncId: string): RecordBatch<B> {
    return syncId === this.syncId ? this : this.asOrdinarySync().#moved(syncId);
  }

  /**
   * Returns the same records as part of an ordinary sync: the run of a replaced version becomes the version's own run,
   * so that what keeps or removes versions of the sync does not concern the copy.
   * @throws RecordsError SSTITCH_RECORD_UNDECODABLE if the value of a run is not one
   */
  asOrdinarySync(): RecordBatch<B> {
    if (this.bucket !== 'sync_run') return this;
    const runs = this.records as readonly SyncRunRecord[];
    const ordinary = runs.map(ordinaryRun);
    if (ordinary.every((run, at) => run === runs[at])) return this;
    const records = ordinary as readonly SyncRecord[] as readonly RecordByBucket[B][];
    return new RecordBatch(this.syncId, this.bucket, records, undefined);
  }

  #moved(syncId: string): RecordBatch<B> {
    const records = this.#records?.map((record) => ({ ...record, syncId }));
    if (!this.isOfValues) return new RecordBatch(syncId, this.bucket, records, undefined);
    const field = new SyncIdField(syncId);
    const values = this.values.map((value) => field.put(value));
    return new RecordBatch(syncId, this.bucket, records, values);
  }
}

const NO_KEY = new Uint8Array(0);
