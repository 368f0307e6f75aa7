// The directory of a commit's next generation, and the prepared pointer (CURRENT under its temporary name).
//
// Invariant: a commit that fails removes the directory and the pointer only if it made them itself.

import { discardPointerTask, preparePointerTask } from '../store-directory/current-pointer.js';
import { makeGenerationTask } from '../store-directory/store-files.js';
import type { CommitHost } from './commit-host.js';

/** The next generation of one commit, on disk. */
export class NextGeneration {
  readonly directory: string;
  readonly #host: CommitHost;
  readonly #number: number;
  #isMade = false;
  /** Whether the pointer, or a part of it, may exist. */
  #hasPointer = false;

  constructor(host: CommitHost, number: number, directory: string) {
    this.#host = host;
    this.#number = number;
    this.directory = directory;
  }

  /** Makes the directory, which must not exist before the first call. Later calls do nothing. */
  async make(): Promise<void> {
    if (this.#isMade) return;
    await this.#host.pool.run(
      makeGenerationTask,
      { directory: this.directory },
      { priority: 'urgent' },
    );
    this.#isMade = true;
  }

  /** Prepares the pointer. This fsyncs the names of the pointer and of the generation's directory. */
  preparePointer(): Promise<void> {
    this.#hasPointer = true;
    const input = { directory: this.#host.directory, generation: this.#number };
    return this.#host.pool.run(preparePointerTask, input, { priority: 'urgent' });
  }

  /** Removes the directory and the pointer if they were made. The next open removes what is left. */
  async discard(): Promise<void> {
    const { pool, directory, removeDirectory } = this.#host;
    if (this.#hasPointer) {
      await pool
        .run(discardPointerTask, { directory }, { priority: 'urgent' })
        .catch(() => undefined);
    }
    if (this.#isMade) await removeDirectory(this.directory).catch(() => undefined);
  }
}
