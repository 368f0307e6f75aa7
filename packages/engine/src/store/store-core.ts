// The core of a store, below its abstract-level interface: its generations, the write gate, and commits.
//
// Invariants:
// - exactly one generation is current; every other live one is retired, and has readers or is being removed;
// - commits run one at a time;
// - all work on the directory is part of an operation (threads/operations.ts), which a close ends and awaits;
// - while the store is open, this process holds the lock of the generation that CURRENT names.

import { type CommitReport, Mutex, type Span } from '@sstitch/contract';
import { commitTables } from '../commit/commit.js';
import { retireLog } from '../commit/retire-log.js';
import { withReserve } from '../commit/with-reserve.js';
import { WriteGate } from '../commit/write-gate.js';
import type { CopiedGeneration } from '../copy/copy-generation.js';
import { makeStoreFromTask } from '../copy/make-store.js';
import { abortedError, EngineError } from '../errors.js';
import { extractTables } from '../extract/extract-tables.js';
import { flushGeneration } from '../leveldb/flush.js';
import { type LevelDatabase, openLevelDatabase } from '../leveldb/level-database.js';
import { ENGINE_NAME } from '../store-directory/engine-name.js';
import { openStoreDirectory } from '../store-directory/open-store-directory.js';
import { releaseStore } from '../store-directory/open-stores.js';
import { removeOwnDirectory } from '../store-directory/remove-directory.js';
import { StagingDirectories } from '../store-directory/staging-directories.js';
import { generationName } from '../store-directory/store-files.js';
import { ExtractedTables, type IncomingTables, noTables } from '../tables/extracted-tables.js';
import { hasTablesToPurgeTask } from '../tables/purge-tables.js';
import { COPY_PARTS, type SplitPolicy } from '../tables/split-policy.js';
import { allWorkers } from '../threads/fsync-files.js';
import { Operations } from '../threads/operations.js';
import { poolFor } from '../threads/pool-for.js';
import { asEngineError, isFsyncFailure } from '../threads/task-errors.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import { ActivityRecorder, type StoreEvent } from './activity.js';
import type { CommitOptions, CoreOptions } from './core-options.js';
import { endPurge } from './end-purge.js';
import { Generation } from './generation.js';
import type { CheckpointOptions, ExtractOptions } from './transfer-options.js';

/** An open store's state. */
export class StoreCore {
  readonly #options: CoreOptions;
  readonly pool: WorkerPool;
  readonly directory: string;
  readonly gate: WriteGate;
  readonly #live = new Set<Generation>();
  readonly operations: Operations;
  readonly staging: StagingDirectories;
  readonly activity = new ActivityRecorder();
  #current: Generation;
  #lastNumber: number;
  readonly #commits = new Mutex();
  #poison: EngineError | undefined;

  private constructor(
    options: CoreOptions,
    pool: WorkerPool,
    directory: string,
    opened: { readonly number: number; readonly database: LevelDatabase },
    lastNumber: number,
  ) {
    this.#options = options;
    this.pool = pool;
    this.directory = directory;
    this.operations = new Operations(directory);
    this.staging = new StagingDirectories(directory, pool, this.operations);
    this.#lastNumber = lastNumber;
    this.#current = this.#addGeneration(opened.number, opened.database);
    this.gate = new WriteGate(opened.database, () => this.#retireLog());
  }

  /** Opens the store, or makes it, and recovers from a crash. */
  static async open(options: CoreOptions): Promise<StoreCore> {
    const pool = poolFor(options.fileSystem);
    const { directory, lastNumber, ...opened } = await openStoreDirectory(pool, options);
    return new StoreCore(options, pool, directory, opened, lastNumber);
  }

  get current(): Generation {
    return this.#current;
  }

  /** All generations that are open, the current one included. */
  get generations(): ReadonlySet<Generation> {
    return this.#live;
  }

  get policy(): SplitPolicy {
    return this.#options.policy;
  }

  /** Commits tables. Commits run one at a time. */
  commit(tables: IncomingTables, options: CommitOptions): Promise<CommitReport> {
    const spans = tables.spans.map(({ span }) => span);
    return this.commitSpans(spans, tables, options);
  }

  /** Replaces the spans by tables. If `tables` is a function, the commit calls it while it links the base. */
  commitSpans(
    spans: readonly Span[],
    tables: IncomingTables | (() => Promise<IncomingTables>),
    options: CommitOptions,
  ): Promise<CommitReport> {
    const { pool, directory } = this;
    const whenRemoved = () => Promise.allSettled([...this.#live].map(({ removal }) => removal));
    const isSound = () => this.#poison === undefined;
    const sizeBytes = this.#options.reserveBytes;
    const reserve = { pool, directory, sizeBytes, tables, isSound, whenRemoved };
    const commit = async () => {
      const report = await withReserve(reserve, (isShort) =>
        this.#commitNow(spans, tables, options, isShort),
      );
      const detail = options.purge?.length
        ? { ...report, purge: await endPurge(this.pool, this.#current, this.#live) }
        : report;
      this.#report({ type: 'commit', detail });
      return detail;
    };
    return this.#serialised(commit, options.signal);
  }

  async #commitNow(
    spans: readonly Span[],
    tables: IncomingTables | (() => Promise<IncomingTables>),
    options: CommitOptions,
    isShort: boolean,
  ): Promise<CommitReport> {
    if (this.#poison !== undefined) throw this.#poison;
    const ending = this.operations.endingWith(options.signal);
    const number = ++this.#lastNumber;
    const nextDirectory = `${this.directory}/${generationName(number)}`;
    return commitTables(
      {
        pool: this.pool,
        directory: this.directory,
        gate: this.gate,
        current: () => this.#current,
        flush: (generation) => this.#flush(generation, ending),
        removeDirectory: (directory) => this.#removeDirectory(directory),
        openNext: (directory) =>
          openLevelDatabase(directory, { ...this.#options.level, createIfMissing: false }),
        now: this.#options.now,
      },
      {
        ...{ number, nextDirectory, spans, tables },
        moveIncoming: options.moveIncoming,
        purge: options.purge ?? [],
        // On a full disk tables are shared at any size: an index takes the least room.
        policy:
          isShort && this.policy.mode === 'share' ? { mode: 'share', fromBytes: 0 } : this.policy,
        signal: ending,
        switchTo: (database) => {
          const old = this.#current;
          this.#current = this.#addGeneration(number, database);
          old.retire();
        },
        failed: (error, renamed) => this.#failed(error, renamed),
        keepOpen: (database) => this.#addGeneration(number, database),
      },
    );
  }

  /** Purges a range if files still hold excised entries of it, after commits that are in progress. */
  async purgeRange(range: Span): Promise<void> {
    const isNeeded = await this.#onCurrent(undefined, ({ directory }, signal) =>
      this.pool.run(hasTablesToPurgeTask, { directory, range }, { signal }),
    );
    if (!isNeeded) return;
    const options = { moveIncoming: false, purge: [range], signal: undefined };
    // A commit that is in progress may itself wait for the compaction that calls this.
    const mayWait = !this.#commits.isLocked;
    const purging = this.commit(noTables([]), options);
    purging.catch(() => undefined);
    if (mayWait) await purging;
  }

  /** Extracts tables into `targetDirectory`, which it makes. */
  async extract(
    spans: readonly Span[],
    targetDirectory: string,
    { signal, share = false, verify = false }: ExtractOptions,
  ): Promise<ExtractedTables> {
    return this.#onCurrent(signal, async (generation, ending) => {
      const { directory } = generation;
      const leastLogNumber = await this.#flush(generation, ending);
      const policy = share ? this.policy : COPY_PARTS;
      const request = { sourceDirectory: directory, targetDirectory, spans, leastLogNumber };
      const tables = await extractTables(this.pool, { ...request, policy, verify }, ending);
      // The checks may run on after the tables are returned.
      const checking = ExtractedTables.incomingOf(tables)?.checking;
      if (checking !== undefined) this.operations.track(checking).catch(() => undefined);
      return tables;
    });
  }

  /** Makes a store of one generation in `targetDirectory`, which shares this store's tables. */
  async checkpoint(
    targetDirectory: string,
    { signal, purge = false }: CheckpointOptions,
  ): Promise<CopiedGeneration> {
    return this.#onCurrent(signal, async (generation, ending) => {
      const { directory } = generation;
      const leastLogNumber = await this.#flush(generation, ending);
      const input = {
        sourceDirectory: directory,
        storeDirectory: targetDirectory,
        logs: false,
        leastLogNumber,
        purge,
        writtenBy: ENGINE_NAME,
      };
      return this.pool.run(makeStoreFromTask, input, { signal: ending });
    });
  }

  /**
   * Ends every operation, waits for them, and closes every generation. abstract-level has closed the readers before.
   * Once the promise fulfils, this process does not touch the directory.
   */
  async close(): Promise<void> {
    await this.operations.end();
    await this.gate.drained();
    try {
      // All of them settle before the store is released, whichever fails.
      await allWorkers([...this.#live].map((generation) => generation.close()));
    } finally {
      releaseStore(this.directory);
    }
  }

  async #flush(
    { directory, database }: Pick<Generation, 'directory' | 'database'>,
    ending: AbortSignal,
  ): Promise<number> {
    const start = this.#options.now();
    const leastLogNumber = await flushGeneration(this.pool, directory, database, ending);
    this.#report({ type: 'flush', detail: this.#options.now() - start });
    return leastLogNumber;
  }

  #report(event: StoreEvent): void {
    this.activity.record(event);
    this.#options.observe(event);
  }

  /** Runs `work` on the current generation and retains it until `work` ends. */
  #onCurrent<T>(
    signal: AbortSignal | undefined,
    work: (generation: Generation, ending: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return this.operations.runFileWork(async () => {
      const generation = this.#current;
      generation.retain();
      try {
        return await work(generation, this.operations.endingWith(signal));
      } finally {
        generation.release();
      }
    });
  }

  /** Runs `work` as an operation, one at a time. Work whose turn comes after the close began is refused. */
  #serialised<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const turn = async () => {
      this.operations.checkOpen();
      return work();
    };
    return this.operations.run(() =>
      this.#commits.run(turn, signal).catch((error: unknown) => {
        throw signal?.aborted && error === signal.reason ? abortedError(signal) : error;
      }),
    );
  }

  #removeDirectory(directory: string): Promise<void> {
    return removeOwnDirectory(this.pool, directory, this.operations.closing);
  }

  #addGeneration(number: number, database: LevelDatabase): Generation {
    const directory = `${this.directory}/${generationName(number)}`;
    const generation = new Generation(number, directory, database, async (ended) => {
      // The next open removes a directory that is left, so a failure must not fail the close.
      await this.#removeDirectory(ended.directory).catch(() => undefined);
      // This comes after the removal, as a close waits for live generations.
      this.#live.delete(ended);
      this.#report({ type: 'retire', detail: ended.number });
    });
    this.#live.add(generation);
    return generation;
  }

  async #retireLog(): Promise<void> {
    try {
      await retireLog(this.pool, this.#current);
    } catch (error) {
      const failure = asEngineError(error);
      if (failure.code === 'SSTITCH_STORE_POISONED') this.#poison ??= failure;
      throw failure;
    }
  }

  #failed(error: unknown, renamed: boolean): EngineError {
    const syscall = (error as { syscall?: unknown }).syscall;
    if (!isFsyncFailure(error) && !(renamed && syscall !== 'rename')) return asEngineError(error);
    this.#poison = new EngineError(
      'SSTITCH_STORE_POISONED',
      'an fsync failed: what is on disk is unknown; close and reopen the store',
      { cause: error, path: this.directory },
    );
    this.gate.refuse(this.#poison);
    return this.#poison;
  }
}
