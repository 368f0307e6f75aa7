// The staging directories of a store, which hold tables before a commit takes them. The next open removes what is left.
//
// Invariants:
// - no two opens of a store use the same name, so that a late clean-up of one never removes a directory of another;
// - all work in a staging directory is part of an operation of the store, which its close ends and awaits.
import { randomUUID } from 'node:crypto';
import type { Operations } from '../threads/operations.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import { removeOwnDirectory } from './remove-directory.js';
import { mkdirTask, STAGING_DIRECTORY } from './store-files.js';

/** The staging directories of one open store. */
export class StagingDirectories {
  readonly #parent: string;
  readonly #pool: WorkerPool;
  readonly #operations: Operations;
  readonly #opening = randomUUID();
  #count = 0;

  constructor(storeDirectory: string, pool: WorkerPool, operations: Operations) {
    this.#parent = `${storeDirectory}/${STAGING_DIRECTORY}`;
    this.#pool = pool;
    this.#operations = operations;
  }

  /** Returns the path of a new directory, which the caller's task makes. Its parent exists. */
  async add(): Promise<string> {
    await this.#mkdir(this.#parent);
    return `${this.#parent}/${this.#opening}-${++this.#count}`;
  }

  /** Makes a new directory and returns its path. */
  async make(): Promise<string> {
    const directory = await this.add();
    await this.#mkdir(directory);
    return directory;
  }

  /** Removes a directory of this object. Does not fail: the next open removes what is left. */
  async remove(directory: string): Promise<void> {
    const { closing } = this.#operations;
    await removeOwnDirectory(this.#pool, directory, closing).catch(() => undefined);
  }

  #mkdir(directory: string): Promise<void> {
    const signal = this.#operations.closing;
    return this.#operations.runFileWork(() => this.#pool.run(mkdirTask, { directory }, { signal }));
  }
}
