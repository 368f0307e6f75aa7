// Syncs files from the main thread, in Node's own pool of threads, which wait for the disk: the bulk
// threads go on cutting tables meanwhile. Side by side, because a file system commits what waits together:
// 33 files of 60 kB each took half as long in four lanes as in two.
import { abortedError, errorCodeOf } from '../errors.js';
import { inLanes } from './in-lanes.js';

/** Of the pool's four threads one is left to readers, or to LevelDB's open. */
const LANES = 3;

export interface SyncOptions {
  readonly signal?: AbortSignal | undefined;
  /**
   * A file that is gone needs no sync: for tables of a database that is open, and has compacted them
   * away. What it made of them it has synced.
   * @defaultValue false
   */
  readonly mayBeGone?: boolean;
}

/**
 * Ends when no file is open any more, whether or not one failed; then throws the first failure.
 *
 * @param syncFile opens a file, syncs and closes it
 */
export function syncEach(
  paths: readonly string[],
  { signal, mayBeGone = false }: SyncOptions = {},
  syncFile: (path: string) => Promise<void>,
): Promise<void> {
  return inLanes(paths, LANES, async (path) => {
    if (signal?.aborted) throw abortedError();
    try {
      await syncFile(path);
    } catch (error) {
      if (!mayBeGone || errorCodeOf(error) !== 'ENOENT') throw error;
    }
  });
}
