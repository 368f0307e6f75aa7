// What one commit makes on its way: the next generation's directory, and the pointer to it.
//
// Invariant: a commit that fails removes the directory and the pointer only if it has made them itself.

import {
  discardPointerTask,
  makeGenerationTask,
  preparePointerTask,
} from '../store-directory/store-files.js';
import type { CommitHost } from './commit-host.js';

export class NextGeneration {
  readonly directory: string;
  readonly #host: CommitHost;
  readonly #number: number;
  #isMade = false;
  /** Or a part of it. */
  #hasPointer = false;

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

  /** Prepares the pointer, whose name is synced with that of the directory. */
  preparePointer(): Promise<void> {
    this.#hasPointer = true;
    const input = { directory: this.#host.directory, generation: this.#number };
    return this.#host.pool.run(preparePointerTask, input, { priority: 'urgent' });
  }

  /** Removes what was made; what is left is removed by the next open. */
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
