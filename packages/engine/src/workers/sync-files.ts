// Syncs files from the main thread, in Node's own pool of threads, which wait for the disk: the bulk
// threads go on cutting tables meanwhile. Side by side, because a file system commits what waits together:
// 33 files of 60 kB each took half as long in four lanes as in two.
import { syncNodeFile } from '@sstitch/sst';
import { abortedError } from '../errors.js';
import { inLanes } from './in-lanes.js';

/** Of the pool's four threads one is left to readers, or to LevelDB's open. */
const LANES = 3;

/** Ends when no file is open any more, whether or not one failed; then throws the first failure. */
export function syncNodeFiles(
  paths: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  return inLanes(paths, LANES, async (path) => {
    if (signal?.aborted) throw abortedError();
    await syncNodeFile(path);
  });
}
