// The numbered writes of the kill family: keys outside every sync, with values derived from the number.
import { type BytePut, byteEncodings, equalBytes, type ReadableEngine } from '@sstitch/contract';

const PREFIX = 'written-';
const PAGE_ENTRIES = 1000;

/** Builds write number `index`, a batch of one to three keys. */
export function writtenBatch(index: number): BytePut[] {
  return Array.from({ length: 1 + (index % 3) }, (_, part) => ({
    type: 'put' as const,
    key: Buffer.from(`${PREFIX}${String(index).padStart(9, '0')}-${part}`),
    value: Buffer.from(`value-${index}-${part}`.repeat(1 + (index % 7))),
  }));
}

/** The span of all keys of writes, and of no others. */
export const WRITTEN_SPAN = {
  start: Buffer.from(PREFIX),
  end: Buffer.from(`${PREFIX.slice(0, -1)}.`),
};

/** A reader of a database: a store, or LevelDB itself. */
export type WritesReader = Pick<ReadableEngine, 'iterator'>;

/**
 * Reads all writes and checks that each from `first` on is present as it was written, without a gap, up to one
 * from `least` to `most`. Returns the last one.
 */
export async function checkWrites(
  reader: WritesReader,
  first: number,
  least: number,
  most = Number.POSITIVE_INFINITY,
): Promise<number> {
  let index = first;
  let rest = writtenBatch(index);
  const iterator = reader.iterator({
    ...byteEncodings,
    gte: WRITTEN_SPAN.start,
    lt: WRITTEN_SPAN.end,
  });
  try {
    for (;;) {
      const page = await iterator.nextv(PAGE_ENTRIES);
      if (page.length === 0) break;
      for (const [key, value] of page) {
        const put = rest.shift();
        if (put === undefined || !equalBytes(key, put.key) || !equalBytes(value, put.value)) {
          const found = Buffer.from(key).toString();
          throw new Error(
            `found ${found} instead of write ${index}; write ${least} was acknowledged`,
          );
        }
        if (rest.length === 0) rest = writtenBatch(++index);
      }
    }
  } finally {
    await iterator.close();
  }
  if (rest.length !== writtenBatch(index).length) throw new Error(`found half of write ${index}`);
  const last = index - 1;
  if (last < least) throw new Error(`writes ${index} to ${least} were acknowledged, but are lost`);
  if (last > most) throw new Error(`found write ${last}, but ${most} was the last that had begun`);
  return last;
}
