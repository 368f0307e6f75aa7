// All writes of a store pass this gate. It runs one native write at a time, in order of arrival, and merges the writes
// that arrive meanwhile into the next one.
//
// It is more than a mutex: it merges waiting writes, passes a write straight to LevelDB when it is idle, and lets a
// commit pause writers without waiting for the queue.
//
// The gate serves two purposes:
//
// - A commit captures the writes that happen while it stages, and pauses writers for its last step only. Between
//   `begin` and `end` the gate also keeps every successful write, except for keys inside the replaced spans.
// - After LevelDB has failed a write, no write goes to the same log. LevelDB itself would go on after a torn record,
//   but its recovery stops there and loses every write acknowledged since. The gate has the log retired first
//   (retire-log.ts) and, while that is impossible, refuses writes.
//
// Invariants:
// - writes are acknowledged and captured in the order in which LevelDB applied them. Puts and deletes are blind, so
//   replaying captured writes over a state that holds a prefix of them has the same final state: the commit may link
//   a version that has some of them already;
// - no write is lost, or applied twice to the database that is current when it is acknowledged;
// - what is written and captured is what the writer passed. It may reuse its buffers once the call returns, as with
//   classic-level, so the gate copies whatever it does not pass to LevelDB at once;
// - a write is acknowledged only if its log is sound up to the write's end.
import { type Span, spansContain } from '@sstitch/contract';
import { errorCodeOf } from '../errors.js';
import type {
  LevelDatabase,
  NativeBytes,
  NativeOperation,
  NativeRangeOptions,
} from '../leveldb/level-database.js';
import { ownOperation } from '../leveldb/own-bytes.js';

/** Limits of a merged write. They keep the last write before a pause short. */
const MAX_GROUP_OPERATIONS = 1024;
const MAX_GROUP_BYTES = 512 * 1024;
/** Writers wait while captured writes take more memory than this. */
export const MAX_CAPTURED_MEMORY_BYTES = 64 * 1024 * 1024;
/** About how much memory an operation takes in addition to its key and value: two or three objects. */
const OPERATION_MEMORY_BYTES = 256;

interface QueuedWrite {
  readonly kind: 'write';
  readonly operations: readonly NativeOperation[];
  readonly sync: boolean;
  resolve(): void;
  reject(error: unknown): void;
}

/** The writes of a clear, to the current database. */
export interface ClearWrites {
  clear(options: NativeRangeOptions): Promise<void>;
  batch(operations: readonly NativeOperation[]): Promise<void>;
}

/** A clear. It runs alone, and not while a commit captures writes. */
interface QueuedClear {
  readonly kind: 'clear';
  readonly run: (writes: ClearWrites) => Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

interface WriteOptions {
  readonly sync?: boolean;
}

/** The writes that the gate captured for a commit. */
export interface CapturedWrites {
  readonly operations: NativeOperation[];
  readonly bytes: number;
}

/**
 * Retires the current log, so that later writes go to a new one. Rejects with SSTITCH_STORE_POISONED if that is
 * impossible until the store is reopened, and with another error if a later call may succeed.
 */
export type RetireLog = (database: LevelDatabase) => Promise<void>;

/** The gate of one store; see the top of this file. */
export class WriteGate {
  readonly #retireLog: RetireLog;
  #database: LevelDatabase;
  readonly #queue: Array<QueuedWrite | QueuedClear> = [];
  /** The clears that wait for the end of a commit. */
  readonly #clears: QueuedClear[] = [];
  #waiting: Array<() => void> = [];
  #running: 'nothing' | 'alone' | 'group' | 'clear' | 'retirement' = 'nothing';
  /** Copies of the operations of the unmerged write in flight, if it began while a commit captured writes. */
  #alone: readonly NativeOperation[] | undefined;
  #isPaused = false;
  /** Whether LevelDB failed a write, so that the log may be torn. */
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

  /**
   * Runs a clear, without other writes between its own. A clear waits for the end of a commit that captures writes,
   * because a commit can replay only deletes of single keys. Other writes do not wait for that clear meanwhile.
   */
  clear(run: (writes: ClearWrites) => Promise<void>): Promise<void> {
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal);
    return new Promise((resolve, reject) => {
      this.#queue.push({ kind: 'clear', run, resolve, reject });
      this.#run();
    });
  }

  /**
   * Begins to capture writes outside the spans for a commit. Once the promise fulfils, every write that is not captured
   * is in the database. `begin` waits only for the write in flight: under steady load another one follows at once, and a
   * commit that waited for it would starve.
   *
   * @throws the error of the log's retirement, if a failed write has torn the log: a replay would stop there
   */
  async begin(replaced: readonly Span[]): Promise<void> {
    this.#replacedSpans = replaced;
    this.#captured = [];
    this.#capturedBytes = 0;
    await this.#until(() => !this.#isUncaptured);
    while (this.#isUnsafe) {
      await this.#until(() => this.#running === 'nothing');
      if (this.#refusal !== undefined) throw this.#refusal;
      if (this.#isUnsafe) await this.#makeSafe();
    }
  }

  /** Returns the writes captured since the last call, and drops them here. */
  take(): CapturedWrites {
    const taken = { operations: this.#captured, bytes: this.#capturedBytes };
    this.#captured = [];
    this.#capturedBytes = 0;
    this.#run();
    return taken;
  }

  /** The size of the keys and values that were captured and that `take` has not returned, in bytes. */
  get capturedBytes(): number {
    return this.#capturedBytes;
  }

  /** Holds back new writes. Fulfils when the write in flight has ended. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    await this.#until(() => this.#running === 'nothing');
  }

  /**
   * Ends the capture and the pause.
   *
   * @param database the next generation's, whose log is sound; undefined if the commit failed
   */
  end(database?: LevelDatabase): void {
    if (database !== undefined) {
      this.#database = database;
      this.#isUnsafe = false;
    }
    this.#replacedSpans = undefined;
    this.#captured = [];
    this.#capturedBytes = 0;
    this.#isPaused = false;
    this.#queue.unshift(...this.#clears.splice(0));
    this.#run();
  }

  /** Rejects all waiting and all later writes with `error`. */
  refuse(error: Error): void {
    this.#refusal = error;
    this.#rejectWaiting(error);
  }

  /** Fulfils when no write is in flight or waiting, so that the database can be closed. */
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
      this.#capturedBytes + this.#captured.length * OPERATION_MEMORY_BYTES <=
        MAX_CAPTURED_MEMORY_BYTES
    );
  }

  #enqueue(operations: readonly NativeOperation[], { sync }: WriteOptions): Promise<void> {
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal);
    return new Promise((resolve, reject) => {
      const copies = operations.map(ownOperation);
      this.#queue.push({ kind: 'write', operations: copies, sync: sync === true, resolve, reject });
      this.#run();
    });
  }

  /**
   * Tracks a write that was passed straight to LevelDB. The writer gets the write's own promise, whose first handlers
   * are the gate's.
   */
  #runAlone(operations: readonly NativeOperation[], write: Promise<void>): Promise<void> {
    this.#running = 'alone';
    if (this.#replacedSpans !== undefined) this.#alone = operations.map(ownOperation);
    write.then(this.#aloneDone, this.#aloneFailed);
    return write;
  }

  readonly #aloneDone = (): void => {
    if (this.#alone !== undefined) this.#capture(this.#alone);
    this.#alone = undefined;
    this.#endRun();
  };

  readonly #aloneFailed = (): void => {
    this.#alone = undefined;
    this.#isUnsafe = true;
    this.#endRun();
  };

  #run(): void {
    const first = this.#queue[0];
    if (first === undefined || !this.#mayRun) return;
    if (this.#isUnsafe) {
      // On failure #makeSafe has rejected the waiting writes.
      this.#makeSafe().catch(() => undefined);
    } else if (first.kind === 'clear') {
      this.#queue.shift();
      if (this.#replacedSpans === undefined) {
        void this.#runClear(first);
      } else {
        this.#clears.push(first);
        this.#run();
      }
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

  /** Whether what is in flight began before the commit captured writes, and is not captured. */
  get #isUncaptured(): boolean {
    return this.#running === 'clear' || (this.#running === 'alone' && this.#alone === undefined);
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
    const waiting = [...this.#clears.splice(0), ...this.#queue.splice(0)];
    for (const { reject } of waiting) reject(error);
  }

  async #runClear({ run, resolve, reject }: QueuedClear): Promise<void> {
    this.#running = 'clear';
    const database = this.#database;
    const watched = async (write: Promise<void>) => {
      try {
        await write;
      } catch (error) {
        this.#isUnsafe = true;
        throw error;
      }
    };
    try {
      await run({
        clear: (options) => watched(database._clear(options)),
        batch: (operations) => watched(database._batch(operations, {})),
      });
      resolve();
    } catch (error) {
      reject(error);
    }
    this.#endRun();
  }

  /** Takes the writes at the front of the queue that are merged into the next one. */
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
    this.#running = 'group';
    const [first] = group;
    const operations =
      group.length === 1 && first ? first.operations : group.flatMap((write) => write.operations);
    try {
      await this.#database._batch(operations, { sync: group.some(({ sync }) => sync) });
      this.#capture(operations);
      for (const { resolve } of group) resolve();
    } catch (error) {
      this.#isUnsafe = true;
      for (const { reject } of group) reject(error);
    }
    this.#endRun();
  }

  /** Keeps operations outside the replaced spans, while a commit captures writes. */
  #capture(copies: readonly NativeOperation[]): void {
    if (this.#replacedSpans === undefined) return;
    for (const operation of copies) {
      const { key, value } = operation;
      const keyBytes = typeof key === 'string' ? Buffer.from(key) : key;
      if (spansContain(this.#replacedSpans, keyBytes)) continue;
      this.#captured.push(operation);
      this.#capturedBytes += lengthOf(key) + lengthOf(value ?? '');
    }
  }
}

function lengthOf(bytes: NativeBytes): number {
  return typeof bytes === 'string' ? bytes.length : bytes.byteLength;
}

function sizeOf(operations: readonly NativeOperation[]): number {
  let size = 0;
  for (const { key, value } of operations) size += lengthOf(key) + lengthOf(value ?? '');
  return size;
}
