// Checks one record after another against its key, and derives the index entries that it must have. Nearly all records
// are found to be right by a scan of their bytes; the others are decoded.
import { equalBytes } from '@sstitch/contract';
import {
  BUCKETS,
  type Bucket,
  buildKeyPrefix,
  KeyParser,
  KeysError,
  type SyncIdBytes,
} from '@sstitch/keys';
import { decodeRecord } from '../encoding/encode.js';
import { RecordScanner } from '../encoding/record-scanner.js';
import { KEY_FIELDS, SYNC_ID } from '../encoding/scanned-fields.js';
import { RecordsError } from '../errors.js';
import { type IndexEntry, indexEntries, visitScannedIndexes } from '../indexes/indexes.js';
import { primaryKey, type SyncRecord, type ValueBucket } from '../record-types.js';
import { countedType } from '../statistics/sync-counter.js';
import { type IndexProblem, indexProblem } from './index-problem.js';
import { scannedKey } from './scanned-key.js';

const UTF8 = new TextEncoder();

/** A record that was checked. */
export interface CheckedRecord {
  /** What is wrong with it; its index entries are not judged then. */
  readonly problem: IndexProblem | undefined;
  /** The index entries that it must have; none if it has a problem. */
  readonly entries: readonly IndexEntry[];
  /** The resource type by which statistics count it; undefined if it cannot be decoded. */
  readonly countedType: string | undefined;
  /** The record, if it had to be decoded and could be, as runs and statistics are. */
  readonly record: SyncRecord | undefined;
}

/** Checks the records of one sync. */
export class RecordCheck {
  /** The sync of the records. */
  readonly syncId: SyncIdBytes;
  readonly #idText: string;
  /** The id as records hold it. */
  readonly #idBytes: Uint8Array;
  readonly #scanner = new RecordScanner();
  readonly #parser = new KeyParser();
  readonly #prefixes: ReadonlyMap<Bucket, Uint8Array>;

  /** @param idText - the text form of `syncId`. */
  constructor(syncId: SyncIdBytes, idText: string) {
    this.syncId = syncId;
    this.#idText = idText;
    this.#idBytes = UTF8.encode(idText);
    this.#prefixes = new Map(
      BUCKETS.map(({ bucket }) => [bucket, buildKeyPrefix(bucket, syncId, [])]),
    );
  }

  /** What the keys of a bucket begin with: the bucket's prefix and the sync id. */
  prefixOf(bucket: Bucket): Uint8Array {
    // The map has every bucket.
    return this.#prefixes.get(bucket) as Uint8Array;
  }

  /** Checks the record that is stored under `key`. */
  check(bucket: ValueBucket, key: Uint8Array, value: Uint8Array): CheckedRecord {
    const scanner = this.#scanner;
    if (
      scanner.scan(bucket, value) &&
      scanner.isSame(SYNC_ID, this.#idBytes) &&
      equalBytes(key, scannedKey(this.prefixOf(bucket), scanner, KEY_FIELDS[scanner.bucket]))
    ) {
      const entries: IndexEntry[] = [];
      visitScannedIndexes(scanner, (index, fields) => {
        entries.push({ bucket: index, key: scannedKey(this.prefixOf(index), scanner, fields) });
      });
      return {
        ...{ problem: undefined, entries, countedType: scanner.countedType(), record: undefined },
      };
    }
    const record = this.decode(bucket, key, value);
    if ('kind' in record) {
      return { problem: record, entries: [], countedType: undefined, record: undefined };
    }
    const problem = this.#problemOfPlace(bucket, key, record);
    const entries = problem === undefined ? indexEntries(this.syncId, record) : [];
    return { problem, entries, countedType: countedType(record), record };
  }

  /** Decodes a record, or describes why that is not possible. */
  decode(bucket: ValueBucket, key: Uint8Array, value: Uint8Array): SyncRecord | IndexProblem {
    try {
      return decodeRecord(bucket, key, value);
    } catch (error) {
      if (!(error instanceof RecordsError)) throw error;
      const why = `its value is not a ${bucket} record`;
      return indexProblem('undecodable_value', bucket, key, why);
    }
  }

  /** The elements of a key, or why it has none. */
  elementsOf(bucket: Bucket, key: Uint8Array): readonly string[] | IndexProblem {
    try {
      return this.#parser.parse(key).elements;
    } catch (error) {
      if (!(error instanceof KeysError)) throw error;
      return indexProblem('malformed_key', bucket, key, error.message);
    }
  }

  #problemOfPlace(
    bucket: ValueBucket,
    key: Uint8Array,
    record: SyncRecord,
  ): IndexProblem | undefined {
    const elements = this.elementsOf(bucket, key);
    if ('kind' in elements) return elements;
    if (record.syncId !== this.#idText) {
      const why = `its sync_id is ${JSON.stringify(record.syncId)}`;
      return indexProblem('record_under_wrong_key', bucket, key, why);
    }
    if (!equalBytes(primaryKey(this.syncId, record), key)) {
      const why = 'its ids differ from those of its key';
      return indexProblem('record_under_wrong_key', bucket, key, why);
    }
    return undefined;
  }
}
