// One change between two syncs. Its records are decoded on first use.
import { bucketLayout, decodeTuple, SYNC_ID_LENGTH_BYTES } from '@sstitch/keys';
import { type CountedBucket, decodeRecord, type RecordByBucket } from '@sstitch/records';
import type { Entry } from '../entries/entry-pages.js';

/** What happened to a record. */
export type ChangeKind = 'added' | 'removed' | 'changed';

/** A record, as stored and as a message. */
class StoredRecord<B extends CountedBucket> {
  readonly value: Uint8Array;
  readonly #bucket: B;
  readonly #key: Uint8Array;
  #record: RecordByBucket[B] | undefined;

  constructor(bucket: B, [key, value]: Entry) {
    this.#bucket = bucket;
    this.#key = key;
    this.value = value;
  }

  get record(): RecordByBucket[B] {
    this.#record ??= decodeRecord(this.#bucket, this.#key, this.value);
    return this.#record;
  }
}

/** A record that only one sync holds, or that differs between the two. */
export class RecordChange<B extends CountedBucket = CountedBucket> {
  /** What happened to the record. */
  readonly kind: ChangeKind;
  /** The bucket of the record. */
  readonly bucket: B;
  /** The differing fields of a changed record, named as in the .proto file; otherwise empty. */
  readonly fields: readonly string[];
  readonly #key: Uint8Array;
  readonly #before: StoredRecord<B> | undefined;
  readonly #after: StoredRecord<B> | undefined;

  private constructor(
    bucket: B,
    before: StoredRecord<B> | undefined,
    after: StoredRecord<B> | undefined,
    key: Uint8Array,
    fields: readonly string[],
  ) {
    this.kind = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
    this.bucket = bucket;
    this.fields = fields;
    this.#before = before;
    this.#after = after;
    this.#key = key;
  }

  /** Makes the change of a record that only the later sync holds. */
  static added<B extends CountedBucket>(bucket: B, after: Entry): RecordChange<B> {
    return new RecordChange(bucket, undefined, new StoredRecord(bucket, after), after[0], []);
  }

  /** Makes the change of a record that only the earlier sync holds. */
  static removed<B extends CountedBucket>(bucket: B, before: Entry): RecordChange<B> {
    return new RecordChange(bucket, new StoredRecord(bucket, before), undefined, before[0], []);
  }

  /**
   * Makes the change of a record that differs between the two syncs.
   *
   * @param fieldsOf returns the names of the fields in which two records differ
   */
  static changed<B extends CountedBucket>(
    bucket: B,
    before: Entry,
    after: Entry,
    fieldsOf: (before: RecordByBucket[B], after: RecordByBucket[B]) => readonly string[],
  ): RecordChange<B> {
    const [old, present] = [new StoredRecord(bucket, before), new StoredRecord(bucket, after)];
    const fields = fieldsOf(old.record, present.record);
    return new RecordChange(bucket, old, present, after[0], fields);
  }

  /** The elements of the record's key: its external id, or a resource's type and id. */
  get id(): readonly string[] {
    return decodeTuple(this.#key, bucketLayout(this.bucket).prefix.length + SYNC_ID_LENGTH_BYTES);
  }

  /**
   * The record of the earlier sync, decoded on first use; undefined for an added record.
   *
   * @throws RecordsError SSTITCH_RECORD_UNDECODABLE
   */
  get before(): RecordByBucket[B] | undefined {
    return this.#before?.record;
  }

  /**
   * The record of the later sync, decoded on first use; undefined for a removed record.
   *
   * @throws RecordsError SSTITCH_RECORD_UNDECODABLE
   */
  get after(): RecordByBucket[B] | undefined {
    return this.#after?.record;
  }

  /** The stored bytes of {@link before}. */
  get beforeValue(): Uint8Array | undefined {
    return this.#before?.value;
  }

  /** The stored bytes of {@link after}. */
  get afterValue(): Uint8Array | undefined {
    return this.#after?.value;
  }
}
