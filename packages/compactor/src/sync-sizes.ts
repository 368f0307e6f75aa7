// How large syncs are in the tables of both sides, by LevelDB's approximateSize: what lies in a memtable is not
// counted, so that each size is a lower bound.
import type { CheckedOptions } from './options.js';
import type { BucketSize } from './result.js';
import { inReportOrder, type SyncRange } from './sync-ranges.js';

const KIB = 1024;

/**
 * Tables of more than this, as stored, hold more than AUTO_BATCH_LIMITS allow: an entry of a small sync takes
 * some 27 bytes there. Where entries take more, a link is a little slower than the batch would have been.
 */
const AUTO_TABLE_BYTES = 90 * KIB;

/** What the sizes tell, as they come in. */
export interface AskedSizes {
  /** Whether the bucket that is the largest of nearly every sync takes less than a quarter of AUTO_TABLE_BYTES. */
  readonly seemsSmall: Promise<boolean>;
  /** Whether the tables alone hold more than `auto` would read for a batch: known as soon as they do. */
  readonly isLarge: Promise<boolean>;
  /** What the tables take on each side, once all is known. */
  readonly tableBytes: Promise<TableBytes>;
}

export interface TableBytes {
  readonly source: number;
  readonly base: number;
}

/** Asks for all sizes at once. In a large store each may open a table: all take longer than a small batch. */
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
  // Whoever awaits one of them hears of a failure; nobody has to await both.
  for (const asked of [isLarge, seemsSmall, tableBytes]) asked.catch(() => undefined);
  return { seemsSmall, isLarge, tableBytes };
}

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

/** classic-level's method, which a store has too. */
interface SizedEngine {
  approximateSize(
    start: Uint8Array,
    end: Uint8Array,
    options: { keyEncoding: string },
  ): Promise<number>;
}

async function sizeOf(engine: object, { span }: SyncRange): Promise<number | undefined> {
  const { approximateSize } = engine as Partial<SizedEngine>;
  // The layout's prefixes leave no sync without an upper bound; another layout's may.
  if (typeof approximateSize !== 'function' || span.end === undefined) return undefined;
  return approximateSize.call(engine, span.start, span.end, { keyEncoding: 'view' });
}
