// Formats changes as JSON Lines, one change per line:
//
//   {"change":"added","type":"grant","id":["…"],"after":{…}}
//   {"change":"removed","type":"grant","id":["…"],"before":{…}}
//   {"change":"changed","type":"resource","id":["user","ann"],"fields":["display_name"],"before":{…},"after":{…}}
//
// `before` and `after` are records in the form of @sstitch/lines, `{"record":{…}}`, with `"value"` in base64 if the
// JSON form does not reproduce the stored bytes.
import { recordObject } from '@sstitch/lines/record-object';
import type { CountedBucket, SyncRecord } from '@sstitch/records';
import type { ChangeKind, RecordChange } from './record-change.js';

/** A record of a change, in JSON. */
export interface ChangedRecordObject {
  /** The record in the JSON form of protobuf. */
  readonly record?: object;
  /** The stored bytes in base64, if the JSON form does not reproduce them. */
  readonly value?: string;
}

/** A change, in JSON. */
export interface ChangeObject {
  /** What happened to the record. */
  readonly change: ChangeKind;
  /** The bucket of the record. */
  readonly type: CountedBucket;
  /** The elements of the record's key. */
  readonly id: readonly string[];
  /** The differing fields of a changed record. */
  readonly fields?: readonly string[];
  /** The record in the earlier sync. */
  readonly before?: ChangedRecordObject;
  /** The record in the later sync. */
  readonly after?: ChangedRecordObject;
}

/**
 * Converts a change to an object for JSON.
 *
 * @throws RecordsError SSTITCH_RECORD_UNDECODABLE
 */
export function changeObject(change: RecordChange): ChangeObject {
  const { kind, bucket, id, fields, before, beforeValue, after, afterValue } = change;
  return {
    change: kind,
    type: bucket,
    id,
    ...(kind === 'changed' && { fields }),
    ...(before && beforeValue && { before: recordOf(bucket, before, beforeValue) }),
    ...(after && afterValue && { after: recordOf(bucket, after, afterValue) }),
  };
}

/**
 * Formats changes as lines of JSON, each ended by a newline.
 *
 * @throws errors of reading the changes; RecordsError SSTITCH_RECORD_UNDECODABLE
 */
export async function* changeLines(
  changes: AsyncIterable<RecordChange>,
): AsyncGenerator<string, void, undefined> {
  for await (const change of changes) yield `${JSON.stringify(changeObject(change))}\n`;
}

function recordOf(
  bucket: CountedBucket,
  record: SyncRecord,
  value: Uint8Array,
): ChangedRecordObject {
  const { type: _type, ...rest } = recordObject(bucket, record, value);
  return rest;
}
