// Parses a record of a write-ahead log in full (layout: leveldb/write-batch.ts), for what it takes of the
// sequences. LevelDB drops a malformed one, or half of it, and says nothing.
import { EngineError } from '../errors.js';
import { MAX_USABLE_SEQUENCE } from '../leveldb/manifest.js';
import { decodeWriteBatch } from '../leveldb/write-batch.js';

export interface CheckedBatch {
  /** Of its first operation; each further one has the next. */
  readonly sequence: number;
  readonly operations: number;
}

/** @throws EngineError SSTITCH_STORE_CORRUPT; `path` and `offset` only serve it */
export function checkBatch(bytes: Uint8Array, path: string, offset: number): CheckedBatch {
  let operations = 0;
  for (const _ of decodeWriteBatch(bytes, path, offset)) operations++;
  const exact = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (exact + BigInt(operations) > BigInt(MAX_USABLE_SEQUENCE)) {
    throw new EngineError('SSTITCH_STORE_CORRUPT', 'a batch has a sequence near the limit', {
      path,
      offset,
    });
  }
  return { sequence: Number(exact), operations };
}
