import fc from 'fast-check';
import { KeysError, type KeysErrorCode } from '../src/errors.js';
import { BUCKETS } from '../src/layout.js';
import { syncIdBytes } from '../src/sync-id.js';

/** Well-formed strings with many of the characters that the codec treats specially. */
export const anyElement = fc.oneof(
  fc.string({
    unit: fc.constantFrom('\u0000', '\u0001', '\u0002', 'a', 'é', '一', '\uffff', '😀'),
  }),
  fc.string({ unit: 'binary', maxLength: 12 }),
);

/** Element lists that often share their beginnings. */
export const anyElements = fc.array(anyElement, { maxLength: 4 });

/** Sync ids, often near the ends of their range and near each other. */
export const anySyncId = fc
  .oneof(
    fc.uint8Array({ minLength: 20, maxLength: 20 }),
    fc
      .array(fc.constantFrom(0x00, 0x01, 0xfe, 0xff), { minLength: 20, maxLength: 20 })
      .map((bytes) => Uint8Array.from(bytes)),
    fc.nat(20).map((zeros) => new Uint8Array(20).fill(0xff, zeros)),
  )
  .map(syncIdBytes);

/** A bucket with as many elements as its keys have. */
export const anyBucketAndElements = fc
  .constantFrom(...BUCKETS)
  .chain((layout) =>
    fc
      .array(anyElement, { minLength: layout.elements.length, maxLength: layout.elements.length })
      .map((elements) => ({ bucket: layout.bucket, elements })),
  );

/** The code of the KeysError that `run` throws; undefined if it throws none. */
export function codeOf(run: () => unknown): KeysErrorCode | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof KeysError) return error.code;
    throw error;
  }
}
