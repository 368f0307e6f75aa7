// A checkpoint for Pebble: one state of the store, in newly built tables.

import { makePebbleDirectory } from '../build/pebble-directory.js';
import type { CopiedGeneration } from '../copy/copy-generation.js';
import { checkedSpans } from '../tables/extracted-tables.js';
import { EVERYTHING } from '../tables/purge-tables.js';
import type { StoreCore } from './store-core.js';

/** Makes a Pebble database in `targetDirectory`. */
export function checkpointForPebble(
  core: StoreCore,
  targetDirectory: string,
  signal: AbortSignal | undefined,
): Promise<CopiedGeneration> {
  const { operations, pool, staging, directory: storeDirectory } = core;
  return operations.runFileWork(async () => {
    const links = await staging.add();
    try {
      const ending = operations.endingWith(signal);
      const extract = async () =>
        checkedSpans(await core.extract([EVERYTHING], links, { signal: ending }));
      const input = { storeDirectory, targetDirectory };
      const { tables, sizeBytes } = await makePebbleDirectory(pool, input, extract, ending);
      return { tables, copiedTables: tables, copiedBytes: sizeBytes, linkedBytes: 0 };
    } finally {
      await staging.remove(links);
    }
  });
}
