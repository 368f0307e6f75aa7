import type { FileSystem } from '@sstitch/sst';
import { InlinePool } from './inline-pool.js';
import { threadPool } from './thread-pool.js';
import type { WorkerPool } from './worker-pool.js';

/**
 * Returns the process's worker threads or, for a caller's own file system, which cannot be sent to threads, a pool on
 * the calling thread.
 */
export function poolFor(fileSystem: FileSystem | undefined): WorkerPool {
  return fileSystem === undefined ? threadPool() : new InlinePool(fileSystem);
}
