// Retries a commit that only removes entries with the room of the disk reserve if the disk is full.

import { isDiskFull } from '../files/disk-full.js';
import { keepReserveTask, releaseReserveTask } from '../store-directory/disk-reserve.js';
import type { IncomingTables } from '../tables/extracted-tables.js';
import type { WorkerPool } from '../threads/worker-pool.js';

/** The store and the commit that may need the reserve. */
export interface ReserveUse {
  readonly pool: WorkerPool;
  readonly directory: string;
  readonly sizeBytes: number;
  readonly tables: IncomingTables | (() => Promise<IncomingTables>);
  /** Whether the store still accepts commits. */
  readonly isSound: () => boolean;
  /** Settles when the past generations without readers have been removed. */
  readonly whenRemoved: () => Promise<unknown>;
}

/**
 * Runs `commit`. If it fails because the disk is full, and it ingests nothing, removes the reserve, runs it again and
 * restores the reserve.
 *
 * @param commit is called with whether it must write as little as possible
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
