// Syncs files, that nobody writes to any more, beside other work, as they become ready.
//
// One hand always works: a thread of Node's own pool, so that files are synced while the bulk threads cut
// tables. No more than one: gets wait in that pool too, and three that waited for the disk made their p99
// nine times as long. The others help where the bulk threads have nothing else to do: a file system commits
// together what waits together.
//
// Invariants: each file is synced once; after a failure, or an abort, no further one is begun.
import { abortedError } from '../errors.js';

/** Opens a file, syncs and closes it. */
export type SyncHand = (path: string) => Promise<void>;

export class SyncQueue {
  readonly #hand: SyncHand;
  readonly #helpers: readonly SyncHand[];
  readonly #signal: AbortSignal | undefined;
  readonly #waiting: string[] = [];
  #next = 0;
  #helping: Promise<unknown> = Promise.resolve();
  #working: Promise<unknown> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;

  /** @param helpers hands that work from `help` on */
  constructor(
    hand: SyncHand,
    helpers: readonly SyncHand[] = [],
    signal: AbortSignal | undefined = undefined,
  ) {
    this.#hand = hand;
    this.#helpers = helpers;
    this.#signal = signal;
  }

  add(paths: readonly string[]): void {
    if (paths.length === 0) return;
    this.#waiting.push(...paths);
    // One after another, and once for each: none can come just as the hand stops looking.
    this.#working = this.#working.then(() => this.#work(this.#hand));
  }

  /** Lets the other hands take from what waits now. */
  help(): void {
    this.#helping = Promise.all([this.#helping, ...this.#helpers.map((hand) => this.#work(hand))]);
  }

  /** Ends when all that was added is synced, or, after a failure, when no file is open any more. */
  async settled(): Promise<void> {
    await this.#working;
    await this.#helping;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #work(syncFile: SyncHand): Promise<void> {
    for (;;) {
      const path = this.#waiting[this.#next];
      if (path === undefined || this.#failure !== undefined) return;
      this.#next++;
      try {
        if (this.#signal?.aborted) throw abortedError();
        await syncFile(path);
      } catch (error) {
        this.#failure ??= { error };
      }
    }
  }
}
