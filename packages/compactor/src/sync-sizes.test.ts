import { describe, expect, it } from 'vitest';
import { openStore, syncIdOf } from '../test/stores.js';
import { rangesInKeyOrder } from './sync-ranges.js';
import { askSizes } from './sync-sizes.js';

const ranges = rangesInKeyOrder([syncIdOf(1)]);
const KIB = 1024;

/** Two stores in which each bucket but the grants has a given size. */
async function asked(ofGrants: number, ofOthers: number, failing = false) {
  const grants = ranges.find(({ bucket }) => bucket === 'grant')?.span.start;
  const store = Object.assign(await openStore(), {
    async approximateSize(start: Uint8Array) {
      // Some sizes arrive later than others.
      await new Promise((resolve) => setTimeout(resolve, start.length % 3));
      if (failing) throw new Error('no size');
      return start === grants ? ofGrants : ofOthers;
    },
  });
  return askSizes({ source: store, base: store }, ranges);
}

describe('askSizes', () => {
  it('adds the sizes of all buckets on both sides', async () => {
    // 26 buckets of 3 KiB are less than 90 KiB, and of 4 KiB more.
    expect(await (await asked(3 * KIB, 3 * KIB)).isLarge).toBe(false);
    expect(await (await asked(4 * KIB, 4 * KIB)).isLarge).toBe(true);
  });

  it('reports syncs with few grants as seemingly small, whatever else they hold', async () => {
    const { seemsSmall, isLarge } = await asked(10 * KIB, 50 * KIB);
    expect(await seemsSmall).toBe(true);
    expect(await isLarge).toBe(true);
  });

  it('does not report syncs with more grants as seemingly small', async () => {
    const { seemsSmall, isLarge } = await asked(20 * KIB, 0);
    expect(await seemsSmall).toBe(false);
    expect(await isLarge).toBe(false);
  });

  it('rejects every promise with a failure', async () => {
    const { seemsSmall, isLarge } = await asked(0, 0, true);
    await expect(seemsSmall).rejects.toThrow('no size');
    await expect(isLarge).rejects.toThrow('no size');
  });
});
