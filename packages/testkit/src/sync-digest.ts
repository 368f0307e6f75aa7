// A sync's digest: SHA-256 over every entry of it.
//
//   digest := SHA-256(entry*)       per bucket in the order of docs/formats/keys.md, each in key order
//   entry  := u32le key length, key, u32le value length, value
//
// A bucket's digest is the same over the bucket's entries alone.

import { createHash, type Hash } from 'node:crypto';
import { byteEncodings, type ReadableEngine, type Span } from '@sstitch/contract';
import { type Bucket, formatSyncId, type SyncIdBytes, syncSpans } from '@sstitch/keys';
import { TestkitError } from './errors.js';

const PAGE_ENTRIES = 1000;

export interface BucketDigest {
  readonly bucket: Bucket;
  readonly keys: number;
  /** SHA-256, in hex. */
  readonly digest: string;
}

export interface SyncDigest {
  /** The text form. */
  readonly syncId: string;
  readonly keys: number;
  /** SHA-256, in hex. */
  readonly digest: string;
  readonly buckets: readonly BucketDigest[];
}

export interface SyncDigestOptions {
  /** Read this state. @defaultValue the state at the time of the call */
  readonly snapshot?: ReturnType<ReadableEngine['snapshot']>;
  readonly signal?: AbortSignal;
}

/**
 * Digests all that an engine holds of a sync, as of one moment.
 *
 * @throws KeysError on a text that is no sync id; TestkitError SSTITCH_ABORTED
 */
export async function syncDigest(
  engine: ReadableEngine,
  syncId: string | SyncIdBytes,
  options: SyncDigestOptions = {},
): Promise<SyncDigest> {
  const spans = syncSpans(syncId);
  const snapshot = options.snapshot ?? engine.snapshot();
  try {
    const whole = createHash('sha256');
    const buckets: BucketDigest[] = [];
    let keys = 0;
    for (const { bucket, span } of spans) {
      const own = createHash('sha256');
      let bucketKeys = 0;
      for await (const page of spanPages(engine, span, snapshot)) {
        if (options.signal?.aborted) throw aborted(options.signal);
        bucketKeys += page.length;
        for (const [key, value] of page) addEntry([own, whole], key, value);
      }
      keys += bucketKeys;
      buckets.push({ bucket, keys: bucketKeys, digest: own.digest('hex') });
    }
    const text = typeof syncId === 'string' ? syncId : formatSyncId(syncId);
    return { syncId: text, keys, digest: whole.digest('hex'), buckets };
  } finally {
    if (options.snapshot === undefined) await snapshot.close();
  }
}

/** The entries of a span in pages, as of a snapshot. */
export async function* spanPages(
  engine: ReadableEngine,
  span: Span,
  snapshot: ReturnType<ReadableEngine['snapshot']>,
): AsyncGenerator<Array<[Uint8Array, Uint8Array]>, void, undefined> {
  const { start, end } = span;
  const range = end === undefined ? { gte: start } : { gte: start, lt: end };
  const iterator = engine.iterator({ ...byteEncodings, ...range, snapshot });
  try {
    for (;;) {
      const page = await iterator.nextv(PAGE_ENTRIES);
      if (page.length === 0) return;
      yield page;
    }
  } finally {
    await iterator.close();
  }
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

function aborted(signal: AbortSignal): TestkitError {
  return new TestkitError('SSTITCH_ABORTED', 'the operation was aborted', { cause: signal.reason });
}
