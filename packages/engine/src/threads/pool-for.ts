import type { FileSystem } from '@sstitch/sst';
import { InlinePool } from './inline-pool.js';
import { threadPool } from './thread-pool.js';
import type { WorkerPool } from './worker-pool.js';

/**
 * The process's worker threads; or the calling thread, for a file system of the caller's own, which cannot cross
 * threads.
 */
export function poolFor(fileSystem: FileSystem | undefined): WorkerPool {
  return fileSystem === undefined ? threadPool() : new InlinePool(fileSystem);
}
