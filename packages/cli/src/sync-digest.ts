// The digest of a sync: SHA-256 over every entry, bucket by bucket in the order of the bucket table, each
// entry as u32le key length, key, u32le value length, value. Equal digests mean equal bytes.
import { createHash } from 'node:crypto';
import type { ReadableEngine } from '@sstitch/engine';
import { syncSpans } from '@sstitch/keys';
import { scanSpan } from './scan-span.js';

export interface BucketDigest {
  readonly bucket: string;
  readonly keys: number;
  /** Hex. */
  readonly digest: string;
}

export interface SyncDigest {
  readonly syncId: string;
  readonly keys: number;
  /** Hex. */
  readonly digest: string;
  readonly buckets: readonly BucketDigest[];
}

/** Reads all of a sync. */
export async function digestSync(
  engine: ReadableEngine,
  syncId: string,
  signal: AbortSignal,
  onKeys: (keys: number) => void = () => undefined,
): Promise<SyncDigest> {
  const whole = createHash('sha256');
  const buckets: BucketDigest[] = [];
  let keys = 0;
  for (const { bucket, span } of syncSpans(syncId)) {
    const part = createHash('sha256');
    let bucketKeys = 0;
    for await (const page of scanSpan(engine, span, { signal })) {
      const bytes = framed(page);
      whole.update(bytes);
      part.update(bytes);
      bucketKeys += page.length;
      onKeys(keys + bucketKeys);
    }
    keys += bucketKeys;
    buckets.push({ bucket, keys: bucketKeys, digest: part.digest('hex') });
  }
  return { syncId, keys, digest: whole.digest('hex'), buckets };
}

/** A page as one byte string: two updates a page cost less than four an entry. */
function framed(page: ReadonlyArray<readonly [Uint8Array, Uint8Array]>): Uint8Array {
  let length = 0;
  for (const [key, value] of page) length += 8 + key.length + value.length;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const entry of page) {
    for (const part of entry) {
      view.setUint32(at, part.length, true);
      bytes.set(part, at + 4);
      at += 4 + part.length;
    }
  }
  return bytes;
}
