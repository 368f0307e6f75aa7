// Encodes and decodes messages. A message has one encoding (message-writer.ts).
import { fromBinary } from '@bufbuild/protobuf';
import { toHex } from '@sstitch/keys';
import { RecordsError } from '../errors.js';
import {
  identityOf,
  RECORD_SCHEMAS,
  type RecordByBucket,
  type SyncRecord,
  VALUE_BUCKETS,
  type ValueBucket,
} from '../record-types.js';
import { type BlockMemory, ByteArena } from './byte-arena.js';
import { type MessageWriter, messageWriter } from './message-writer.js';

/** The size of the first block; most records are smaller. */
const FIRST_BLOCK_BYTES = 512;
const HEAP: BlockMemory = { take: (bytes) => new Uint8Array(bytes), give: () => undefined };
const WRITERS = Object.fromEntries(
  VALUE_BUCKETS.map((bucket) => [bucket, messageWriter(RECORD_SCHEMAS[bucket])]),
) as Record<ValueBucket, MessageWriter>;

/**
 * Encodes a record.
 *
 * @throws {@link RecordsError} SSTITCH_RECORD_INVALID if a field has an invalid value: a number out of range, a
 * string with a lone surrogate.
 */
export function encodeRecord(record: SyncRecord): Uint8Array {
  const { bucket } = identityOf(record);
  const arena = new ByteArena(HEAP, FIRST_BLOCK_BYTES);
  writeRecord(arena, bucket, record);
  return arena.bytes.slice(0, arena.length);
}

/**
 * Appends the bytes of a record to an arena. If it throws, as {@link encodeRecord} does, the appended bytes are
 * invalid.
 */
export function writeRecord(arena: ByteArena, bucket: ValueBucket, record: SyncRecord): void {
  try {
    WRITERS[bucket](arena, record);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RecordsError('SSTITCH_RECORD_INVALID', `cannot encode a ${bucket}: ${why}`, {
      cause,
    });
  }
}

/**
 * Decodes the record in `value`. Its bytes fields are views of `value`.
 *
 * @param key - the key, for the error message.
 * @throws {@link RecordsError} SSTITCH_RECORD_UNDECODABLE if `value` is not the bucket's message.
 */
export function decodeRecord<B extends ValueBucket>(
  bucket: B,
  key: Uint8Array,
  value: Uint8Array,
): RecordByBucket[B] {
  try {
    // Another value has no buffer and would decode to an empty record.
    if (!ArrayBuffer.isView(value)) throw new TypeError('it is not bytes');
    // Databases return values as Buffers; the bytes of a record must be plain Uint8Arrays.
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return fromBinary(RECORD_SCHEMAS[bucket], bytes) as SyncRecord as RecordByBucket[B];
  } catch (cause) {
    throw undecodable(bucket, key, cause);
  }
}

/** The error for a value that is not the message of its key's bucket. */
function undecodable(bucket: ValueBucket, key: Uint8Array, cause: unknown): RecordsError {
  return new RecordsError(
    'SSTITCH_RECORD_UNDECODABLE',
    `the value of key ${toHex(key)} is not a ${bucket} record`,
    { cause, key },
  );
}
