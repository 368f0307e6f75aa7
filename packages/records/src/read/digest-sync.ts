// Computes the digest of a sync, a SHA-256 over all its entries.
//
//   digest := SHA-256(entry*)       bucket after bucket in the fixed order, each in key order
//   entry  := u32le key length, key, u32le value length, value
//
// The digest of a bucket is the same over only its entries.
import { createHash } from 'node:crypto';
import type { EngineSnapshot, EntryPage, ReadableEngine } from '@sstitch/contract';
import { type Bucket, formatSyncId, type SyncIdBytes, syncSpans } from '@sstitch/keys';
import { onSnapshot, scanPages } from './scan.js';

const LENGTH_BYTES = 4;

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

/** The progress of a digest. */
export interface DigestProgress {
  /** Keys read so far. */
  readonly keys: number;
}

/** Options of {@link digestSync}. */
export interface DigestOptions {
  /** Read this state of the engine. @defaultValue the state at the time of the call */
  readonly snapshot?: EngineSnapshot;
  /** Stops between two reads of the engine. */
  readonly signal?: AbortSignal;
  /** Called from time to time. An error that it throws ends the digest. */
  readonly onProgress?: ((progress: DigestProgress) => void) | undefined;
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
  { snapshot: given, signal, onProgress }: DigestOptions = {},
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
        const bytes = digestedBytes(page);
        own.update(bytes);
        whole.update(bytes);
        onProgress?.({ keys: keys + bucketKeys });
      }
      keys += bucketKeys;
      buckets.push({ bucket, keys: bucketKeys, digest: own.digest('hex') });
    }
    const text = typeof syncId === 'string' ? syncId : formatSyncId(syncId);
    return { syncId: text, keys, digest: whole.digest('hex'), buckets };
  });
}

/** What is hashed of a page. Few calls with many bytes take a fraction of the time of many calls. */
function digestedBytes(page: EntryPage): Uint8Array {
  let length = 0;
  for (const [key, value] of page) length += 2 * LENGTH_BYTES + key.length + value.length;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const entry of page) {
    for (const part of entry) {
      view.setUint32(at, part.length, true);
      bytes.set(part, at + LENGTH_BYTES);
      at += LENGTH_BYTES + part.length;
    }
  }
  return bytes;
}
