// What one commit makes on its way: the next generation's directory, and the pointer to it.
//
// Invariant: a commit that fails removes the directory and the pointer only if it has made them itself.

import {
  discardPointerTask,
  makeGenerationTask,
  preparePointerTask,
} from '../store-directory/store-files.js';
import { isSyncFailure } from '../threads/task-errors.js';
import type { CommitHost } from './commit-host.js';

export class NextGeneration {
  readonly directory: string;
  readonly #host: CommitHost;
  readonly #number: number;
  #isMade = false;
  #pointer: Promise<unknown> | undefined;

  constructor(host: CommitHost, number: number, directory: string) {
    this.#host = host;
    this.#number = number;
    this.directory = directory;
  }

  /** Makes the directory, once: it must not be there. */
  async make(): Promise<void> {
    if (this.#isMade) return;
    await this.#host.pool.run(
      makeGenerationTask,
      { directory: this.directory },
      { priority: 'urgent' },
    );
    this.#isMade = true;
  }

  /** Prepares the pointer, once, whose name is synced with that of the directory. */
  preparePointer(): Promise<unknown> {
    const input = { directory: this.#host.directory, generation: this.#number };
    this.#pointer ??= this.#host.pool.run(preparePointerTask, input, { priority: 'urgent' });
    // It may fail before the stage awaits it.
    this.#pointer.catch(() => undefined);
    return this.#pointer;
  }

  /** An error; or that of the pointer's preparing, which has ended then, if it is a failed sync: that poisons. */
  async preferSyncFailure(error: unknown): Promise<unknown> {
    const [pointer] = await Promise.allSettled([this.#pointer]);
    const isWorse = pointer.status === 'rejected' && isSyncFailure(pointer.reason);
    return isWorse ? (pointer.reason as unknown) : error;
  }

  /** Removes what was made; what is left is removed by the next open. */
  async discard(): Promise<void> {
    const { pool, directory, removeDirectory } = this.#host;
    if (this.#pointer !== undefined) {
      await pool
        .run(discardPointerTask, { directory }, { priority: 'urgent' })
        .catch(() => undefined);
    }
    if (this.#isMade) await removeDirectory(this.directory).catch(() => undefined);
  }
}
