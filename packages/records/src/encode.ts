// Messages to bytes and back. The bytes of a message are always the same: see message-writer.ts.
import { fromBinary } from '@bufbuild/protobuf';
import { toHex } from '@sstitch/keys';
import { type BlockMemory, ByteArena } from './byte-arena.js';
import { RecordsError } from './errors.js';
import { type MessageWriter, messageWriter } from './message-writer.js';
import {
  identityOf,
  RECORD_SCHEMAS,
  type RecordByBucket,
  type SyncRecord,
  VALUE_BUCKETS,
  type ValueBucket,
} from './record-types.js';

/** Most records are smaller. */
const FIRST_BLOCK_BYTES = 512;
const HEAP: BlockMemory = { take: (bytes) => new Uint8Array(bytes), give: () => undefined };
const WRITERS = Object.fromEntries(
  VALUE_BUCKETS.map((bucket) => [bucket, messageWriter(RECORD_SCHEMAS[bucket])]),
) as Record<ValueBucket, MessageWriter>;

/**
 * The bytes of a record.
 *
 * @throws {@link RecordsError} SSTITCH_RECORD_INVALID where a field holds what its type cannot: a number
 * out of range, a string with a lone surrogate.
 */
export function encodeRecord(record: SyncRecord): Uint8Array {
  const { bucket } = identityOf(record);
  const arena = new ByteArena(HEAP, FIRST_BLOCK_BYTES);
  writeRecord(arena, bucket, record);
  return arena.bytes.slice(0, arena.length);
}

/**
 * Adds the bytes of a record to an arena. Where it throws, as {@link encodeRecord} does, what it added is
 * rubbish.
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
function undecodable(bucket: ValueBucket, key: Uint8Array, cause: unknown): RecordsError {
  return new RecordsError(
    'SSTITCH_RECORD_UNDECODABLE',
    `the value of key ${toHex(key)} is not a ${bucket} record`,
    { cause, key },
  );
}
