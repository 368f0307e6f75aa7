// Every write of a store passes this gate: one native write at a time, in the order in which they came. What
// comes while one is under way goes together, as the next one.
//
// A mutex would not do: writes that wait are merged into one, a write that finds the gate idle goes straight to
// LevelDB, and a commit pauses the gate without waiting for what is queued.
//
// The gate serves two ends:
//
// - A commit can take along what is written while it stages, and pause writers for its last step only: between
//   `begin` and `end` each write that succeeded is also kept, without the keys that the commit replaces.
// - After a write that LevelDB failed nothing is written after it. LevelDB itself goes on after a torn record
//   in its log, and its recovery stops there, so that what it acknowledged since is lost. The gate has the log
//   retired first (retire-log.ts); where that cannot be done, writes are refused.
//
// Invariants:
// - writes are acknowledged in the order in which LevelDB applied them, and kept in that order. Replaying kept
//   writes over any state that holds a prefix of them gives the same end state, since puts and deletes are
//   blind; so the commit may link a version that has some of them already;
// - no write is lost or applied twice to the database that is current when it is acknowledged;
// - a write is acknowledged only if the log it went to is sound up to its end.
import { type Span, spansContain } from '@sstitch/contract';
import { errorCodeOf } from '../errors.js';
import type {
  LevelDatabase,
  NativeBytes,
  NativeOperation,
  NativeRangeOptions,
} from '../leveldb/level-database.js';

/** A group grows to this, so that the last one before a pause is short. */
const MAX_GROUP_OPERATIONS = 1024;
const MAX_GROUP_BYTES = 512 * 1024;
/** Writers wait when a commit keeps more than this: memory stays bounded. */
export const MAX_CAPTURED_BYTES = 32 * 1024 * 1024;

interface QueuedWrite {
  readonly kind: 'write';
  readonly operations: readonly NativeOperation[];
  readonly sync: boolean;
  resolve(): void;
  reject(error: unknown): void;
}

/** LevelDB's own clear: alone, and not while a commit keeps what is written. */
interface QueuedClear {
  readonly kind: 'clear';
  readonly options: NativeRangeOptions;
  resolve(isDone: boolean): void;
  reject(error: unknown): void;
}

interface WriteOptions {
  readonly sync?: boolean;
}

/** What a commit has kept. */
export interface CapturedWrites {
  readonly operations: NativeOperation[];
  readonly bytes: number;
}

/**
 * Fulfils when nothing that is written from now on comes after a record that LevelDB failed to write. Rejects
 * with SSTITCH_STORE_POISONED where that cannot be had any more, and with another error where it may be later.
 */
export type RetireLog = (database: LevelDatabase) => Promise<void>;

export class WriteGate {
  readonly #retireLog: RetireLog;
  #database: LevelDatabase;
  #queue: Array<QueuedWrite | QueuedClear> = [];
  #waiting: Array<() => void> = [];
  #running: 'nothing' | 'write' | 'clear' | 'retirement' = 'nothing';
  /** The operations of the write that runs alone. */
  #alone: readonly NativeOperation[] = [];
  #isPaused = false;
  /** LevelDB failed a write, and the log is not known to be sound up to its end. */
  #isUnsafe = false;
  #replacedSpans: readonly Span[] | undefined;
  #captured: NativeOperation[] = [];
  #capturedBytes = 0;
  #refusal: Error | undefined;

  constructor(database: LevelDatabase, retireLog: RetireLog) {
    this.#database = database;
    this.#retireLog = retireLog;
  }

  put(key: NativeBytes, value: NativeBytes, options: WriteOptions): Promise<void> {
    const operations: NativeOperation[] = [{ type: 'put', key, value }];
    if (!this.#isIdle) return this.#enqueue(operations, options);
    return this.#runAlone(operations, this.#database._put(key, value, options));
  }

  del(key: NativeBytes, options: WriteOptions): Promise<void> {
    const operations: NativeOperation[] = [{ type: 'del', key }];
    if (!this.#isIdle) return this.#enqueue(operations, options);
    return this.#runAlone(operations, this.#database._del(key, options));
  }

  batch(operations: readonly NativeOperation[], options: WriteOptions): Promise<void> {
    if (!this.#isIdle) return this.#enqueue(operations, options);
    return this.#runAlone(operations, this.#database._batch(operations, options));
  }

  /** LevelDB's own clear. False where a commit has begun: it must know what is deleted, key by key. */
  clear(options: NativeRangeOptions): Promise<boolean> {
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal);
    return new Promise((resolve, reject) => {
      this.#queue.push({ kind: 'clear', options, resolve, reject });
      this.#run();
    });
  }

  /**
   * A commit begins: fulfils when everything that is not kept is in the database. A write that runs
   * already is kept with the others, so there is no waiting for it: under steady load the next one
   * would follow at once, and the commit never get its turn.
   *
   * @throws what keeps a log from being retired that a failed write has torn: a replay would stop there
   */
  async begin(replaced: readonly Span[]): Promise<void> {
    this.#replacedSpans = replaced;
    this.#captured = [];
    this.#capturedBytes = 0;
    await this.#until(() => this.#running !== 'clear');
    while (this.#isUnsafe) {
      await this.#until(() => this.#running === 'nothing');
      if (this.#refusal !== undefined) throw this.#refusal;
      if (this.#isUnsafe) await this.#makeSafe();
    }
  }

  /** Takes what was kept since the last call. */
  take(): CapturedWrites {
    const taken = { operations: this.#captured, bytes: this.#capturedBytes };
    this.#captured = [];
    this.#capturedBytes = 0;
    this.#run();
    return taken;
  }

  get capturedBytes(): number {
    return this.#capturedBytes;
  }

  /** Writes wait from now on; fulfils when the one in flight is done. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    await this.#until(() => this.#running === 'nothing');
  }

  /** The commit has ended, well (then with the next database, whose log is sound) or not. */
  end(database?: LevelDatabase): void {
    if (database !== undefined) {
      this.#database = database;
      this.#isUnsafe = false;
    }
    this.#replacedSpans = undefined;
    this.#captured = [];
    this.#capturedBytes = 0;
    this.#isPaused = false;
    this.#run();
  }

  /** Refuses every write from now on, those that wait included. */
  refuse(error: Error): void {
    this.#refusal = error;
    this.#rejectWaiting(error);
  }

  /** Fulfils when no write is in flight or waits: the database may be closed then. */
  async drained(): Promise<void> {
    await this.#until(() => this.#running === 'nothing' && this.#queue.length === 0);
  }

  get #isIdle(): boolean {
    return this.#queue.length === 0 && this.#mayRun && !this.#isUnsafe;
  }

  get #mayRun(): boolean {
    return (
      this.#running === 'nothing' &&
      !this.#isPaused &&
      this.#refusal === undefined &&
      this.#capturedBytes <= MAX_CAPTURED_BYTES
    );
  }

  #enqueue(operations: readonly NativeOperation[], { sync }: WriteOptions): Promise<void> {
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal);
    return new Promise((resolve, reject) => {
      this.#queue.push({ kind: 'write', operations, sync: sync === true, resolve, reject });
      this.#run();
    });
  }

  /** A write that nothing waits for: its own promise is the writer's, and settles here first. */
  #runAlone(operations: readonly NativeOperation[], write: Promise<void>): Promise<void> {
    this.#running = 'write';
    this.#alone = operations;
    write.then(this.#aloneDone, this.#aloneFailed);
    return write;
  }

  readonly #aloneDone = (): void => {
    this.#keep(this.#alone);
    this.#alone = [];
    this.#endRun();
  };

  readonly #aloneFailed = (): void => {
    this.#alone = [];
    this.#isUnsafe = true;
    this.#endRun();
  };

  #run(): void {
    const first = this.#queue[0];
    if (first === undefined || !this.#mayRun) return;
    if (this.#isUnsafe) {
      // A failure rejects the writes that wait.
      this.#makeSafe().catch(() => undefined);
    } else if (first.kind === 'clear') {
      this.#queue.shift();
      void this.#runClear(first);
    } else {
      void this.#runGroup(this.#takeGroup());
    }
  }

  #endRun(): void {
    this.#running = 'nothing';
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
    this.#run();
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async #makeSafe(): Promise<void> {
    this.#running = 'retirement';
    try {
      await this.#retireLog(this.#database);
      this.#isUnsafe = false;
    } catch (error) {
      if (errorCodeOf(error) === 'SSTITCH_STORE_POISONED') this.refuse(error as Error);
      else this.#rejectWaiting(error);
      throw error;
    } finally {
      this.#endRun();
    }
  }

  #rejectWaiting(error: unknown): void {
    const queue = this.#queue;
    this.#queue = [];
    for (const { reject } of queue) reject(error);
  }

  async #runClear({ options, resolve, reject }: QueuedClear): Promise<void> {
    if (this.#replacedSpans !== undefined) {
      resolve(false);
      this.#run();
      return;
    }
    this.#running = 'clear';
    try {
      await this.#database._clear(options);
      resolve(true);
    } catch (error) {
      this.#isUnsafe = true;
      reject(error);
    }
    this.#endRun();
  }

  /** The writes in front of the queue, as many as go together. */
  #takeGroup(): QueuedWrite[] {
    const group: QueuedWrite[] = [];
    let operations = 0;
    let bytes = 0;
    for (const write of this.#queue) {
      if (write.kind === 'clear') break;
      operations += write.operations.length;
      bytes += sizeOf(write.operations);
      const isFull = operations > MAX_GROUP_OPERATIONS || bytes > MAX_GROUP_BYTES;
      if (isFull && group.length > 0) break;
      group.push(write);
    }
    this.#queue.splice(0, group.length);
    return group;
  }

  async #runGroup(group: readonly QueuedWrite[]): Promise<void> {
    this.#running = 'write';
    const [first] = group;
    const operations =
      group.length === 1 && first ? first.operations : group.flatMap((write) => write.operations);
    try {
      await this.#database._batch(operations, { sync: group.some(({ sync }) => sync) });
      // Before the writers hear of it: they may reuse their buffers then.
      this.#keep(operations);
      for (const { resolve } of group) resolve();
    } catch (error) {
      this.#isUnsafe = true;
      for (const { reject } of group) reject(error);
    }
    this.#endRun();
  }

  #keep(operations: readonly NativeOperation[]): void {
    if (this.#replacedSpans === undefined) return;
    for (const { type, key, value } of operations) {
      const keyBytes = typeof key === 'string' ? Buffer.from(key) : key;
      if (spansContain(this.#replacedSpans, keyBytes)) continue;
      const kept: NativeOperation =
        type === 'put'
          ? { type, key: copy(key), value: copy(value ?? '') }
          : { type, key: copy(key) };
      this.#captured.push(kept);
      this.#capturedBytes += lengthOf(key) + lengthOf(value ?? '');
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
