// A checkpoint for Pebble: all that the store holds at one moment, in tables that are built anew.

import { makePebbleDirectory } from '../build/pebble-directory.js';
import type { CopiedGeneration } from '../copy/copy-generation.js';
import { EVERYTHING } from '../tables/purge-tables.js';
import type { StoreCore } from './store-core.js';

/** Makes `targetDirectory`, a database that Pebble opens. */
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
      const options = { signal: ending, share: false, verify: false, checksLater: false };
      const extract = () => core.extract([EVERYTHING], links, options);
      const input = { storeDirectory, targetDirectory };
      const { tables, sizeBytes } = await makePebbleDirectory(pool, input, extract, ending);
      return { tables, copiedTables: tables, copiedBytes: sizeBytes, linkedBytes: 0 };
    } finally {
      // A directory left over, which the next open removes, says nothing about the checkpoint.
      await staging.remove(links).catch(() => undefined);
    }
  });
}
