import { boundsOf, type EngineSnapshot, type ReadableEngine, readPages } from '@sstitch/contract';
import { bucketSpan } from '@sstitch/keys';
import type { ValueBucket } from '@sstitch/records';
import { throwIfAborted } from '../errors.js';

/** Reads the values of one bucket of a sync in key order, in pages. */
export async function* bucketValues(
  engine: ReadableEngine,
  syncId: string,
  bucket: ValueBucket,
  options: { readonly snapshot: EngineSnapshot; readonly signal: AbortSignal | undefined },
): AsyncGenerator<Uint8Array[], void, undefined> {
  const { snapshot, signal } = options;
  const read = { ...boundsOf(bucketSpan(bucket, syncId)), snapshot };
  for await (const page of readPages(engine, read, () => throwIfAborted(signal))) {
    yield page.map(([, value]) => value);
  }
}
