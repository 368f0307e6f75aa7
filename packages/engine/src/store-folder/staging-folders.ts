// The staging folders of a store: where tables lie on their way in.
//
// Invariants:
// - no two openings of a store name the same folder, so that a late clean-up of one removes nothing of another;
// - only a folder that was named here is removed;
// - whatever this process writes into one counts as an operation of the store that named it, which its close
//   ends and awaits: `operationsAt` says whose that is.
import { randomUUID } from 'node:crypto';
import { EngineError } from '../errors.js';
import { parentFolder } from '../files/place-file.js';
import type { Operations } from '../threads/operations.js';
import type { TaskRunner } from '../threads/task-runner.js';
import { removeOwnFolder } from './remove-folder.js';
import { makeFolderTask, STAGING_FOLDER } from './store-files.js';

const owners = new Map<string, Operations>();

/**
 * Runs what writes into a folder. In a store's staging folder it is an operation of that store, whichever store
 * or loader it belongs to itself: the signal that `work` gets fires when that store closes, too.
 */
export function runInFolder<T>(
  folder: string,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  const owner = operationsAt(folder);
  return owner === undefined ? work(signal) : owner.track(work(owner.endingWith(signal)));
}

/** The operations of the store that named the folder, or one that it lies in, for staging. */
export function operationsAt(folder: string): Operations | undefined {
  for (let path = folder; ; path = parentFolder(path)) {
    const owner = owners.get(path);
    if (owner !== undefined || path === parentFolder(path)) return owner;
  }
}

export class StagingFolders {
  readonly #parent: string;
  readonly #runner: TaskRunner;
  readonly #operations: Operations;
  readonly #opening = randomUUID();
  readonly #named = new Set<string>();
  #count = 0;

  constructor(storeFolder: string, runner: TaskRunner, operations: Operations) {
    this.#parent = `${storeFolder}/${STAGING_FOLDER}`;
    this.#runner = runner;
    this.#operations = operations;
  }

  /** Names a folder, which is not made yet; the one around it is. */
  async add(): Promise<string> {
    const signal = this.#operations.closing;
    await this.#operations.runFileWork(() =>
      this.#runner.run(makeFolderTask, { folder: this.#parent }, { signal }),
    );
    const folder = `${this.#parent}/${this.#opening}-${++this.#count}`;
    this.#named.add(folder);
    owners.set(folder, this.#operations);
    return folder;
  }

  /** @throws EngineError SSTITCH_OPTION_INVALID for a folder that was not named here */
  async remove(folder: string): Promise<void> {
    if (!this.#named.has(folder)) {
      throw new EngineError('SSTITCH_OPTION_INVALID', 'not a staging folder of this opening', {
        path: folder,
      });
    }
    await removeOwnFolder(this.#runner, folder, this.#operations.closing);
    this.#forget(folder);
  }

  /** The store has closed. */
  end(): void {
    for (const folder of this.#named) this.#forget(folder);
  }

  #forget(folder: string): void {
    this.#named.delete(folder);
    owners.delete(folder);
  }
}
