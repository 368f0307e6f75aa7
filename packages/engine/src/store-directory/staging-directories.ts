// The staging directories of a store: where tables lie on their way in.
//
// Invariants:
// - no two openings of a store name the same directory, so that a late clean-up of one removes nothing of another;
// - only a directory that was named here is removed;
// - whatever this process writes into one counts as an operation of the store that named it, which its close
//   ends and awaits: `operationsAt` says whose that is.
import { randomUUID } from 'node:crypto';
import { EngineError } from '../errors.js';
import { parentDirectory } from '../files/place-file.js';
import type { Operations } from '../threads/operations.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import { removeOwnDirectory } from './remove-directory.js';
import { mkdirTask, STAGING_DIRECTORY } from './store-files.js';

const owners = new Map<string, Operations>();

/**
 * Runs what writes into a directory. In a store's staging directory it is an operation of that store, whichever store
 * or loader it belongs to itself: the signal that `work` gets fires when that store closes, too.
 */
export function runInDirectory<T>(
  directory: string,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  const owner = operationsAt(directory);
  return owner === undefined ? work(signal) : owner.track(work(owner.endingWith(signal)));
}

/** The operations of the store that named the directory, or one that it lies in, for staging. */
export function operationsAt(directory: string): Operations | undefined {
  for (let path = directory; ; path = parentDirectory(path)) {
    const owner = owners.get(path);
    if (owner !== undefined || path === parentDirectory(path)) return owner;
  }
}

export class StagingDirectories {
  readonly #parent: string;
  readonly #pool: WorkerPool;
  readonly #operations: Operations;
  readonly #opening = randomUUID();
  readonly #named = new Set<string>();
  #count = 0;

  constructor(storeDirectory: string, pool: WorkerPool, operations: Operations) {
    this.#parent = `${storeDirectory}/${STAGING_DIRECTORY}`;
    this.#pool = pool;
    this.#operations = operations;
  }

  /** Names a directory, which is not made yet; the one around it is. */
  async add(): Promise<string> {
    const signal = this.#operations.closing;
    await this.#operations.runFileWork(() =>
      this.#pool.run(mkdirTask, { directory: this.#parent }, { signal }),
    );
    const directory = `${this.#parent}/${this.#opening}-${++this.#count}`;
    this.#named.add(directory);
    owners.set(directory, this.#operations);
    return directory;
  }

  /** @throws EngineError SSTITCH_OPTION_INVALID for a directory that was not named here */
  async remove(directory: string): Promise<void> {
    if (!this.#named.has(directory)) {
      throw new EngineError('SSTITCH_OPTION_INVALID', 'not a staging directory of this opening', {
        path: directory,
      });
    }
    await removeOwnDirectory(this.#pool, directory, this.#operations.closing);
    this.#forget(directory);
  }

  /** The store has closed. */
  end(): void {
    for (const directory of this.#named) this.#forget(directory);
  }

  #forget(directory: string): void {
    this.#named.delete(directory);
    owners.delete(directory);
  }
}
