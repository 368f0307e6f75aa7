// Computes the digest of a sync, a SHA-256 over all its entries.
//
//   digest := SHA-256(entry*)       bucket after bucket in the fixed order, each in key order
//   entry  := u32le key length, key, u32le value length, value
//
// The digest of a bucket is the same over only its entries.
import { createHash, type Hash } from 'node:crypto';
import type { EngineSnapshot, ReadableEngine } from '@sstitch/contract';
import { type Bucket, formatSyncId, type SyncIdBytes, syncSpans } from '@sstitch/keys';
import { onSnapshot, scanPages } from './scan.js';

/** The digest of one bucket of a sync. */
export interface BucketDigest {
  /** The bucket. */
  readonly bucket: Bucket;
  /** The number of its entries. */
  readonly keys: number;
  /** SHA-256, in hex. */
  readonly digest: string;
}

/** The digest of a sync. */
export interface SyncDigest {
  /** The text form. */
  readonly syncId: string;
  /** The number of its entries, including index entries. */
  readonly keys: number;
  /** SHA-256, in hex. */
  readonly digest: string;
  /** The digest of every bucket, in the fixed order. */
  readonly buckets: readonly BucketDigest[];
}

/** Options of {@link digestSync}. */
export interface DigestOptions {
  /** Read this state of the engine. @defaultValue the state at the time of the call */
  readonly snapshot?: EngineSnapshot;
  /** Stops between two reads of the engine. */
  readonly signal?: AbortSignal;
}

/**
 * Computes the digest of a sync in one state of an engine. Two syncs with the same digest have the same bytes,
 * including their ids.
 *
 * @throws {@link RecordsError} SSTITCH_ABORTED; KeysError SSTITCH_SYNC_ID_INVALID on a text that is not a sync id.
 */
export function digestSync(
  engine: ReadableEngine,
  syncId: string | SyncIdBytes,
  { snapshot: given, signal }: DigestOptions = {},
): Promise<SyncDigest> {
  const spans = syncSpans(syncId);
  return onSnapshot(engine, given, async (snapshot) => {
    const whole = createHash('sha256');
    const buckets: BucketDigest[] = [];
    let keys = 0;
    for (const { bucket, span } of spans) {
      const own = createHash('sha256');
      let bucketKeys = 0;
      for await (const page of scanPages(engine, span, { snapshot, signal })) {
        bucketKeys += page.length;
        for (const [key, value] of page) addEntry([own, whole], key, value);
      }
      keys += bucketKeys;
      buckets.push({ bucket, keys: bucketKeys, digest: own.digest('hex') });
    }
    const text = typeof syncId === 'string' ? syncId : formatSyncId(syncId);
    return { syncId: text, keys, digest: whole.digest('hex'), buckets };
  });
}

function addEntry(hashes: readonly Hash[], key: Uint8Array, value: Uint8Array): void {
  const lengths = new DataView(new ArrayBuffer(8));
  lengths.setUint32(0, key.length, true);
  lengths.setUint32(4, value.length, true);
  for (const hash of hashes) {
    hash.update(new Uint8Array(lengths.buffer, 0, 4));
    hash.update(key);
    hash.update(new Uint8Array(lengths.buffer, 4, 4));
    hash.update(value);
  }
}
