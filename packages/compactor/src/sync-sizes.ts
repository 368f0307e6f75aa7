// The sizes of syncs in the tables of both sides, by LevelDB's approximateSize. Memtables are not counted, so each size
// is a lower bound.
import type { CheckedOptions } from './options.js';
import type { BucketSize } from './result.js';
import { inReportOrder, type SyncRange } from './sync-ranges.js';

const KIB = 1024;

/**
 * The stored size above which syncs exceed AUTO_BATCH_LIMITS: an entry of a small sync takes about 27 bytes in a table.
 * If entries take more, the link that is picked is a little slower than the batch would be.
 */
const AUTO_TABLE_BYTES = 90 * KIB;

/** What is known of the sizes, as they arrive. */
export interface AskedSizes {
  /** Whether the grants, the largest bucket of almost every sync, take less than a quarter of AUTO_TABLE_BYTES. */
  readonly seemsSmall: Promise<boolean>;
  /** Whether the tables exceed AUTO_TABLE_BYTES. It fulfils with true as soon as they do. */
  readonly isLarge: Promise<boolean>;
  /** The sizes of both sides, once all are known. */
  readonly tableBytes: Promise<TableBytes>;
}

export interface TableBytes {
  readonly source: number;
  readonly base: number;
}

/**
 * Queries all sizes concurrently. In a large store each query may open a table, and all of them take longer than a small
 * batch.
 */
export function askSizes(
  { source, base }: Pick<CheckedOptions, 'source' | 'base'>,
  ranges: readonly SyncRange[],
): AskedSizes {
  const bytes = { source: 0, base: 0 };
  const exceeds = (limit: number) => bytes.source + bytes.base > limit;
  let foundLarge: () => void = () => undefined;
  const large = new Promise<boolean>((resolve) => {
    foundLarge = () => resolve(true);
  });
  const ask = async (asked: readonly SyncRange[]) => {
    const add = async (side: 'source' | 'base', size: Promise<number | undefined>) => {
      const more = (await size) ?? 0;
      bytes[side] += more;
      if (exceeds(AUTO_TABLE_BYTES)) foundLarge();
    };
    await Promise.all(
      asked.flatMap((range) => [
        add('source', sizeOf(source, range)),
        add('base', sizeOf(base, range)),
      ]),
    );
  };
  const first = ask(ranges.filter(({ bucket }) => bucket === 'grant'));
  const others = ask(ranges.filter(({ bucket }) => bucket !== 'grant'));
  const tableBytes = Promise.all([first, others]).then(() => bytes);
  const isLarge = Promise.race([large, tableBytes.then(() => exceeds(AUTO_TABLE_BYTES))]);
  const seemsSmall = first.then(() => !exceeds(AUTO_TABLE_BYTES / 4));
  // The caller may not await all of them. A failure of one that is not awaited must not be an unhandled rejection.
  for (const asked of [isLarge, seemsSmall, tableBytes]) asked.catch(() => undefined);
  return { seemsSmall, isLarge, tableBytes };
}

/** Returns the sizes of all ranges, in the order of reports. */
export async function sizesOf(
  { source, base }: CheckedOptions,
  ranges: readonly SyncRange[],
): Promise<readonly BucketSize[]> {
  const sizes: BucketSize[] = [];
  for (const range of inReportOrder(ranges)) {
    const { syncId, bucket } = range;
    const sourceBytes = await sizeOf(source, range);
    sizes.push({ syncId, bucket, sourceBytes, baseBytes: await sizeOf(base, range) });
  }
  return sizes;
}

/** A database with classic-level's approximateSize, which a store has too. */
interface SizedEngine {
  approximateSize(
    start: Uint8Array,
    end: Uint8Array,
    options: { keyEncoding: string },
  ): Promise<number>;
}

async function sizeOf(engine: object, { span }: SyncRange): Promise<number | undefined> {
  const { approximateSize } = engine as Partial<SizedEngine>;
  // approximateSize needs an upper bound. All spans of the current key layout have one.
  if (typeof approximateSize !== 'function' || span.end === undefined) return undefined;
  return approximateSize.call(engine, span.start, span.end, { keyEncoding: 'view' });
}
