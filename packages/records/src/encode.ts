// Messages to bytes and back. The bytes of a message are always the same: fields in number order,
// map entries in the order of their keys' UTF-8 bytes, unknown fields last, as they came.

import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { compareBytes } from '@sstitch/contract';
import { toHex } from '@sstitch/keys';
import { RecordsError } from './errors.js';
import {
  identityOf,
  RECORD_SCHEMAS,
  type RecordByBucket,
  type SyncRecord,
  type ValueBucket,
} from './record-types.js';

const UTF8 = new TextEncoder();
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * The bytes of a record.
 *
 * @throws {@link RecordsError} SSTITCH_RECORD_INVALID where a field holds what its type cannot: a number
 * out of range, a string with a lone surrogate.
 */
export function encodeRecord(record: SyncRecord): Uint8Array {
  const { bucket } = identityOf(record);
  try {
    const bytes = toBinary(RECORD_SCHEMAS[bucket], withSortedMaps(record));
    // A lone surrogate has come out as U+FFFD: only where there is one need the strings be looked at.
    if (hasReplacementCharacter(bytes)) refuseLoneSurrogates(record);
    return bytes;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RecordsError('SSTITCH_RECORD_INVALID', `cannot encode a ${bucket}: ${why}`, {
      cause,
    });
  }
}

/**
 * The record in `value`. Its bytes fields are views of `value`.
 *
 * @param key - for the error message.
 * @throws {@link RecordsError} SSTITCH_RECORD_UNDECODABLE where `value` is not the bucket's message.
 */
export function decodeRecord<B extends ValueBucket>(
  bucket: B,
  key: Uint8Array,
  value: Uint8Array,
): RecordByBucket[B] {
  try {
    // Of anything else there would be no buffer, and the record would be an empty one.
    if (!ArrayBuffer.isView(value)) throw new TypeError('it is not bytes');
    // Databases give values as Buffers; a record's bytes are to be plain.
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return fromBinary(RECORD_SCHEMAS[bucket], bytes) as SyncRecord as RecordByBucket[B];
  } catch (cause) {
    throw undecodable(bucket, key, cause);
  }
}

/** The error for a value that is not the message its key promises. */
export function undecodable(bucket: ValueBucket, key: Uint8Array, cause: unknown): RecordsError {
  return new RecordsError(
    'SSTITCH_RECORD_UNDECODABLE',
    `the value of key ${toHex(key)} is not a ${bucket} record`,
    { cause, key },
  );
}

/** Whether the UTF-8 form of U+FFFD, EF BF BD, is among the bytes. */
function hasReplacementCharacter(bytes: Uint8Array): boolean {
  for (let at = bytes.indexOf(0xef); at >= 0; at = bytes.indexOf(0xef, at + 1)) {
    if (bytes[at + 1] === 0xbf && bytes[at + 2] === 0xbd) return true;
  }
  return false;
}

/** A lone surrogate has no UTF-8 form; the encoder would write U+FFFD in its place and say nothing. */
function refuseLoneSurrogates(value: unknown): void {
  if (typeof value === 'string') {
    if (LONE_SURROGATE.test(value)) {
      throw new TypeError(`lone surrogate in ${JSON.stringify(value)}`);
    }
  } else if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) {
    for (const [name, field] of Object.entries(value)) {
      refuseLoneSurrogates(name);
      refuseLoneSurrogates(field);
    }
  }
}

/** protobuf-es writes map entries in the order of the object's properties; two of the records have maps. */
function withSortedMaps<R extends SyncRecord>(record: R): R {
  switch (record.$typeName) {
    case 'c1.storage.v3.GrantRecord': {
      const sources = inKeyOrder(record.sources);
      return sources === record.sources ? record : { ...record, sources };
    }
    case 'c1.storage.v3.SyncStatsRecord':
      return {
        ...record,
        resourcesByResourceType: inKeyOrder(record.resourcesByResourceType),
        grantsByEntitlementResourceType: inKeyOrder(record.grantsByEntitlementResourceType),
      };
    default:
      return record;
  }
}

/**
 * The same map with its properties in the order of their UTF-8 bytes. A sorted copy would not do: the
 * language puts properties that look like array indexes first, whatever order they were set in.
 */
function inKeyOrder<T extends object>(map: T): T {
  const keys = Object.keys(map);
  if (keys.length < 2) return map;
  const sorted = keys
    .map((key) => ({ key, bytes: UTF8.encode(key) }))
    .sort((a, b) => compareBytes(a.bytes, b.bytes))
    .map(({ key }) => key);
  return new Proxy(map, { ownKeys: () => sorted });
}
