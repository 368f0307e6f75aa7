// What one commit makes on its way: the next generation's folder, and the pointer to it.
//
// Invariant: a commit that fails removes the folder and the pointer only if it has made them itself.

import {
  discardPointerTask,
  makeGenerationTask,
  preparePointerTask,
} from '../store-folder/store-files.js';
import { isSyncFailure } from '../threads/task-errors.js';
import type { TaskRunner } from '../threads/task-runner.js';
import type { CommitHost } from './commit-host.js';
import { discardStageTask } from './stage.js';

export class NextGeneration {
  readonly folder: string;
  readonly #host: CommitHost;
  readonly #number: number;
  #isMade = false;
  #pointer: Promise<unknown> | undefined;

  constructor(host: CommitHost, number: number, folder: string) {
    this.#host = host;
    this.#number = number;
    this.folder = folder;
  }

  /** Makes the folder, once: it must not be there. */
  async make(): Promise<void> {
    if (this.#isMade) return;
    await this.#host.runner.run(makeGenerationTask, { folder: this.folder }, { lane: 'urgent' });
    this.#isMade = true;
  }

  /** Prepares the pointer, once, whose name is synced with that of the folder. */
  preparePointer(): Promise<unknown> {
    const input = { folder: this.#host.folder, generation: this.#number };
    this.#pointer ??= this.#host.runner.run(preparePointerTask, input, { lane: 'urgent' });
    // It may fail before the stage awaits it.
    this.#pointer.catch(() => undefined);
    return this.#pointer;
  }

  /** An error; or that of the pointer's preparing, which has ended then, if it is a failed sync: that poisons. */
  async gravestOf(error: unknown): Promise<unknown> {
    const [pointer] = await Promise.allSettled([this.#pointer]);
    const isWorse = pointer.status === 'rejected' && isSyncFailure(pointer.reason);
    return isWorse ? (pointer.reason as unknown) : error;
  }

  /** Removes what was made; what is left is removed by the next open. */
  async discard(stager: TaskRunner, keepFiles: boolean): Promise<void> {
    // Memory of the thread's, which may be busy: nobody waits for it.
    stager.run(discardStageTask, { nextFolder: this.folder }).catch(() => undefined);
    if (keepFiles) return;
    const { runner, folder, removeFolder } = this.#host;
    if (this.#pointer !== undefined) {
      await runner.run(discardPointerTask, { folder }, { lane: 'urgent' }).catch(() => undefined);
    }
    if (this.#isMade) await removeFolder(this.folder).catch(() => undefined);
  }
}
