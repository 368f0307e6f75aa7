// Tries a commit that only removes once more, with the room of the reserve, where the disk is full.

import { isDiskFull } from '../files/disk-full.js';
import { keepReserveTask, releaseReserveTask } from '../store-directory/disk-reserve.js';
import type { IncomingTables } from '../tables/extracted-tables.js';
import type { WorkerPool } from '../threads/worker-pool.js';

export interface ReserveUse {
  readonly pool: WorkerPool;
  readonly directory: string;
  readonly sizeBytes: number;
  readonly tables: IncomingTables | (() => Promise<IncomingTables>);
  /** Whether the store takes commits. */
  readonly isSound: () => boolean;
  /** Ends when past generations that nobody reads have given their room back. */
  readonly whenRemoved: () => Promise<unknown>;
}

/**
 * Runs `commit`; where it fails for want of room and puts nothing in, gives the reserve up and runs it again.
 *
 * @param commit told whether it is to write as little as it can
 */
export async function withReserve<T>(
  { pool, directory, sizeBytes, tables, isSound, whenRemoved }: ReserveUse,
  commit: (isShort: boolean) => Promise<T>,
): Promise<T> {
  try {
    return await commit(false);
  } catch (error) {
    const isRemoval =
      typeof tables !== 'function' && tables.spans.every(({ runs }) => !runs.length);
    if (sizeBytes === 0 || !isRemoval || !isDiskFull(error) || !isSound()) throw error;
  }
  await pool.run(releaseReserveTask, { directory });
  try {
    return await commit(true);
  } finally {
    await whenRemoved();
    await pool.run(keepReserveTask, { directory, sizeBytes });
  }
}
