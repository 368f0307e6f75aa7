// Every write of a store passes this gate, so that a commit can take along what is written while it
// stages, and pause writers for its last step only.
//
//   direct   writes go straight to LevelDB, any number at once: the normal state
//   grouped  a commit stages: writes go to LevelDB in groups, one group at a time, and each group
//            that succeeded is also kept, without the keys that the commit replaces
//   paused   a commit swaps generations: writes wait
//   draining a commit has ended: what waited goes first, then the gate is direct again
//
// Invariants:
// - kept writes are in the order in which LevelDB applied them: groups run one at a time, and start
//   only when no direct write is in flight. Replaying them over any state that holds a prefix of
//   them gives the same end state, since puts and deletes are blind; so the commit may pin a version
//   that has some of them already.
// - no write is lost or applied twice to the database that is current when it is acknowledged.
import type { Span } from '@sstitch/sst';
import type { LevelDatabase, NativeBytes, NativeOperation } from '../level-database.js';
import { spansContain } from '../spans.js';

/** A group grows to this, so that the last one before a pause is short. */
const MAX_GROUP_OPERATIONS = 1024;
const MAX_GROUP_BYTES = 512 * 1024;
/** Writers wait when a commit keeps more than this: memory stays bounded. */
export const MAX_KEPT_BYTES = 32 * 1024 * 1024;

interface QueuedWrite {
  readonly operations: readonly NativeOperation[];
  readonly sync: boolean;
  resolve(): void;
  reject(error: unknown): void;
}

/** What a commit has kept. */
export interface KeptWrites {
  readonly operations: NativeOperation[];
  readonly bytes: number;
}

export class WriteGate {
  #mode: 'direct' | 'grouped' | 'paused' | 'draining' = 'direct';
  #database: LevelDatabase;
  #inFlight = 0;
  #waiting: Array<() => void> = [];
  #queue: QueuedWrite[] = [];
  #groupRunning = false;
  #keeping: readonly Span[] | undefined;
  #kept: NativeOperation[] = [];
  #keptBytes = 0;
  #refusal: Error | undefined;

  constructor(database: LevelDatabase) {
    this.#database = database;
  }

  /** Whether a write may go straight to the database, wrapped in `track`. */
  get direct(): boolean {
    return this.#mode === 'direct' && this.#refusal === undefined;
  }

  /** Counts a direct write until it settles. */
  track(write: Promise<void>): Promise<void> {
    this.#inFlight++;
    write.then(this.#settled, this.#settled);
    return write;
  }

  readonly #settled = (): void => {
    this.#inFlight--;
    this.#wake();
  };

  /** A write that is not direct: fulfils when LevelDB has it. */
  enqueue(operations: readonly NativeOperation[], sync: boolean): Promise<void> {
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal);
    return new Promise((resolve, reject) => {
      this.#queue.push({ operations, sync, resolve, reject });
      this.#run();
    });
  }

  /**
   * A commit begins: fulfils when everything that is not kept is in the database. A group that runs
   * already is kept with the others, so there is no waiting for it: under steady load the next one
   * would follow at once, and the commit never get its turn.
   */
  async begin(replaced: readonly Span[]): Promise<void> {
    this.#mode = 'grouped';
    this.#keeping = replaced;
    this.#kept = [];
    this.#keptBytes = 0;
    await this.#until(() => this.#inFlight === 0);
    this.#run();
  }

  /** Takes what was kept since the last call. */
  take(): KeptWrites {
    const taken = { operations: this.#kept, bytes: this.#keptBytes };
    this.#kept = [];
    this.#keptBytes = 0;
    this.#run();
    return taken;
  }

  get keptBytes(): number {
    return this.#keptBytes;
  }

  /** Writes wait from now on; fulfils when the one in flight is done. */
  async pause(): Promise<void> {
    this.#mode = 'paused';
    await this.#until(() => this.#inFlight === 0 && !this.#groupRunning);
  }

  /** The commit has ended, well (then with the next database) or not. */
  end(database?: LevelDatabase): void {
    if (database !== undefined) this.#database = database;
    this.#keeping = undefined;
    this.#kept = [];
    this.#keptBytes = 0;
    this.#mode = 'draining';
    this.#run();
  }

  /** Refuses every write from now on, those that wait included. */
  refuse(error: Error): void {
    this.#refusal = error;
    const queue = this.#queue;
    this.#queue = [];
    for (const { reject } of queue) reject(error);
  }

  /** Fulfils when no write is in flight or waits: the database may be closed then. */
  async drained(): Promise<void> {
    await this.#until(
      () => this.#inFlight === 0 && !this.#groupRunning && this.#queue.length === 0,
    );
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  #run(): void {
    if (this.#groupRunning || this.#inFlight > 0) return;
    if (this.#mode !== 'grouped' && this.#mode !== 'draining') return;
    if (this.#keptBytes > MAX_KEPT_BYTES) return;
    if (this.#queue.length === 0) {
      if (this.#mode === 'draining') this.#mode = 'direct';
      return;
    }
    this.#groupRunning = true;
    void this.#runGroup(this.#takeGroup()).then(() => {
      this.#groupRunning = false;
      this.#wake();
      this.#run();
    });
  }

  #takeGroup(): QueuedWrite[] {
    let operations = 0;
    let bytes = 0;
    let count = 0;
    for (const write of this.#queue) {
      operations += write.operations.length;
      bytes += sizeOf(write.operations);
      if (count > 0 && (operations > MAX_GROUP_OPERATIONS || bytes > MAX_GROUP_BYTES)) break;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  async #runGroup(group: readonly QueuedWrite[]): Promise<void> {
    const operations =
      group.length === 1 && group[0] ? group[0].operations : group.flatMap((w) => w.operations);
    try {
      await this.#database._batch(operations, { sync: group.some(({ sync }) => sync) });
    } catch (error) {
      for (const { reject } of group) reject(error);
      return;
    }
    // Before the writers hear of it: they may reuse their buffers then.
    if (this.#keeping !== undefined) this.#keep(operations, this.#keeping);
    for (const { resolve } of group) resolve();
  }

  #keep(operations: readonly NativeOperation[], replaced: readonly Span[]): void {
    for (const { type, key, value } of operations) {
      const keyBytes = typeof key === 'string' ? Buffer.from(key) : key;
      if (spansContain(replaced, keyBytes)) continue;
      const kept: NativeOperation =
        type === 'put'
          ? { type, key: copy(key), value: copy(value ?? '') }
          : { type, key: copy(key) };
      this.#kept.push(kept);
      this.#keptBytes += lengthOf(key) + lengthOf(value ?? '');
    }
  }
}

function copy(bytes: NativeBytes): NativeBytes {
  return typeof bytes === 'string' ? bytes : Uint8Array.from(bytes);
}

function lengthOf(bytes: NativeBytes): number {
  return typeof bytes === 'string' ? bytes.length : bytes.byteLength;
}

function sizeOf(operations: readonly NativeOperation[]): number {
  let size = 0;
  for (const { key, value } of operations) size += lengthOf(key) + lengthOf(value ?? '');
  return size;
}
