import { byteEncodings, type EngineSnapshot, type ReadableEngine } from '@sstitch/contract';
import { bucketSpan } from '@sstitch/keys';
import type { ValueBucket } from '@sstitch/records';
import { throwIfAborted } from './errors.js';

const PAGE_RECORDS = 256;

/** Reads the values of one bucket of a sync in key order, in pages. */
export async function* bucketValues(
  engine: ReadableEngine,
  syncId: string,
  bucket: ValueBucket,
  options: { readonly snapshot: EngineSnapshot; readonly signal: AbortSignal | undefined },
): AsyncGenerator<Uint8Array[], void, undefined> {
  const { snapshot, signal } = options;
  const { start, end } = bucketSpan(bucket, syncId);
  throwIfAborted(signal);
  const iterator = engine.iterator({
    ...byteEncodings,
    gte: start,
    ...(end && { lt: end }),
    snapshot,
  });
  try {
    for (;;) {
      const page = await iterator.nextv(PAGE_RECORDS);
      if (page.length === 0) return;
      yield page.map(([, value]) => value);
      throwIfAborted(signal);
    }
  } finally {
    await iterator.close();
  }
}
