// Syncs files that nobody writes to any more, several at a time: a file system commits together what waits
// together. Each hand takes the next file when it is done with one.
//
// One hand is a thread of Node's own pool, so that files are synced while the bulk threads cut tables. No
// more than one: gets wait in that pool too, and three that waited for the disk made their p99 nine times
// as long.
import { abortedError, errorCodeOf } from '../errors.js';
import { inLanes } from './in-lanes.js';

export interface SyncOptions {
  readonly signal?: AbortSignal | undefined;
  /** The bulk threads have nothing else to do. @defaultValue false */
  readonly byBulkThreads?: boolean;
  /**
   * A file that is gone needs no sync: for tables of a database that is open, and has compacted them
   * away. What it made of them it has synced.
   * @defaultValue false
   */
  readonly mayBeGone?: boolean;
}

/** Opens a file, syncs and closes it. */
export type SyncHand = (path: string) => Promise<void>;

/** Ends when no file is open any more, whether or not one failed; then throws the first failure. */
export async function syncByHands(
  paths: readonly string[],
  { signal, mayBeGone = false }: SyncOptions,
  hands: readonly SyncHand[],
): Promise<void> {
  const waiting = paths.values();
  let hasFailed = false;
  await inLanes(hands, hands.length, async (syncFile) => {
    for (const path of waiting) {
      if (hasFailed) return;
      try {
        if (signal?.aborted) throw abortedError();
        await syncFile(path);
      } catch (error) {
        if (mayBeGone && errorCodeOf(error) === 'ENOENT') continue;
        hasFailed = true;
        throw error;
      }
    }
  });
}
