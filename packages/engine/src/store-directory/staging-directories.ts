// The staging directories of a store: where tables lie on their way in. The next open removes what is left of them.
//
// Invariants:
// - no two openings of a store name the same directory, so that a late clean-up of one removes nothing of another;
// - who writes into one is part of an operation of the store, which its close ends and awaits.
import { randomUUID } from 'node:crypto';
import type { Operations } from '../threads/operations.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import { removeOwnDirectory } from './remove-directory.js';
import { mkdirTask, STAGING_DIRECTORY } from './store-files.js';

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

  /** Names a directory for a task that makes it: the one around it is there. */
  async add(): Promise<string> {
    await this.#mkdir(this.#parent);
    return `${this.#parent}/${this.#opening}-${++this.#count}`;
  }

  /** Makes a directory. */
  async make(): Promise<string> {
    const directory = await this.add();
    await this.#mkdir(directory);
    return directory;
  }

  /** Removes a directory that was named here, and does not fail: what is left is removed by the next open. */
  async remove(directory: string): Promise<void> {
    const { closing } = this.#operations;
    await removeOwnDirectory(this.#pool, directory, closing).catch(() => undefined);
  }

  #mkdir(directory: string): Promise<void> {
    const signal = this.#operations.closing;
    return this.#operations.runFileWork(() => this.#pool.run(mkdirTask, { directory }, { signal }));
  }
}
