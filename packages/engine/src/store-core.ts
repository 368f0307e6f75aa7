// What is behind a store's abstract-level face: the generations, the gate, and the one path by which
// a store is changed.
//
// Invariants:
// - exactly one generation is current; every other live one is retired and has readers;
// - commits run one at a time;
// - while it is open, this process holds the lock of the generation that CURRENT names.
import type { Span } from '@sstitch/sst';
import { endPurge } from './commit/end-purge.js';
import { flushGeneration } from './commit/flush-generation.js';
import { type CommitReport, commitTables } from './commit/ingest-and-excise.js';
import { EVERYTHING } from './commit/purge-tables.js';
import { withReserve } from './commit/with-reserve.js';
import { WriteGate } from './commit/write-gate.js';
import type { CommitOptions, CoreOptions } from './core-options.js';
import { ENGINE_NAME } from './engine-name.js';
import { EngineError } from './errors.js';
import type { CopiedGeneration } from './extract/copy-generation.js';
import { type ExtractedTables, extractTables } from './extract/extract-tables.js';
import { Generation } from './generation.js';
import { type LevelDatabase, openLevelDatabase } from './level-database.js';
import { ActivityRecorder, type StoreEvent } from './metrics.js';
import { isStillCurrent, makeFirstGeneration, openGeneration } from './open-generation.js';
import { claimStore, releaseStore } from './open-stores.js';
import { generationName, STAGING_FOLDER } from './store-files.js';
import type { TableSet } from './tables.js';
import {
  CHECKS_LATER,
  type CheckedExtractOptions,
  type CheckpointOptions,
  type CommitExtractOptions,
  type IngestFromOptions,
  type TableSource,
} from './transfer-options.js';
import { isTrusted } from './trusted-sets.js';
import { asEngineError, isSyncFailure } from './workers/task-errors.js';
import { InlineRunner, type TaskRunner, ThreadRunner } from './workers/task-runner.js';

/** Another process commits meanwhile: each round follows a new generation of its. */
const MAX_OPEN_ROUNDS = 10;

export class StoreCore {
  readonly #options: CoreOptions;
  readonly runner: TaskRunner;
  readonly folder: string;
  readonly gate: WriteGate;
  readonly #live = new Set<Generation>();
  readonly #closing = new AbortController();
  readonly activity = new ActivityRecorder();
  #current: Generation;
  #lastNumber: number;
  #lastStaging = 0;
  #commits: Promise<unknown> = Promise.resolve();
  #commitsUnderWay = 0;
  /** Extracts, checkpoints and table building that are under way. */
  readonly #works = new Set<Promise<unknown>>();
  #poison: EngineError | undefined;

  private constructor(
    options: CoreOptions,
    runner: TaskRunner,
    folder: string,
    opened: { readonly number: number; readonly database: LevelDatabase },
    lastNumber: number,
  ) {
    this.#options = options;
    this.runner = runner;
    this.folder = folder;
    this.#lastNumber = lastNumber;
    this.#current = this.#addGeneration(opened.number, opened.database);
    this.gate = new WriteGate(opened.database);
  }

  /** Opens or makes the store; finishes or undoes what a crash left. */
  static async open(options: CoreOptions): Promise<StoreCore> {
    const runner = options.fileSystem ? new InlineRunner(options.fileSystem) : new ThreadRunner();
    let claimed: string | undefined;
    try {
      for (let round = 0; round < MAX_OPEN_ROUNDS; round++) {
        const prepared = await runner.run('prepareOpen', {
          location: options.location,
          createIfMissing: options.createIfMissing,
          errorIfExists: options.errorIfExists,
        });
        const folder = prepared.realPath;
        if (claimed === undefined) claimStore(folder);
        claimed = folder;
        const isNew = prepared.generation === undefined;
        const number = prepared.generation ?? 1;
        const generationFolder = `${folder}/${generationName(number)}`;
        const opening = isNew ? makeFirstGeneration : openGeneration;
        const database = await opening(runner, generationFolder, options, isNew).catch(
          async (error: unknown) => {
            // Gone or being removed: another process has committed since CURRENT was read.
            if (!isNew && !(await isStillCurrent(runner, options, number))) return undefined;
            throw error;
          },
        );
        if (database === undefined) continue;
        try {
          // Whether the store is still to be made, or still at that generation, is known for sure
          // only now that its lock is held.
          if (!(await isStillCurrent(runner, options, prepared.generation))) {
            await database.close();
            continue;
          }
          if (isNew) {
            const input = { folder, generation: number, writtenBy: ENGINE_NAME };
            await runner.run('createStoreFiles', input);
          }
          const staleReaders = await runner.run('listStaleReaders', { folder });
          const lastNumber = await runner.run('cleanStore', {
            folder,
            generation: number,
            staleReaders,
          });
          await runner.run('keepReserve', { folder, sizeBytes: options.reserveBytes });
          return new StoreCore(options, runner, folder, { number, database }, lastNumber);
        } catch (error) {
          await database.close();
          throw error;
        }
      }
      throw new EngineError('LEVEL_LOCKED', 'another process keeps committing to the store', {
        path: options.location,
      });
    } catch (error) {
      if (claimed !== undefined) releaseStore(claimed);
      throw asEngineError(error);
    }
  }

  get current(): Generation {
    return this.#current;
  }

  /** All generations that are open, the current one included. */
  get generations(): ReadonlySet<Generation> {
    return this.#live;
  }

  /** A folder of this store, not yet made, for tables on their way in: same file system, so links work. */
  async newStagingFolder(): Promise<string> {
    const parent = `${this.folder}/${STAGING_FOLDER}`;
    await this.fileWork(this.runner.run('makeFolder', { folder: parent }));
    return `${parent}/${++this.#lastStaging}`;
  }

  /** Commits tables; one commit after another. */
  commit(tables: TableSet, options: CommitOptions): Promise<CommitReport> {
    const spans = tables.spans.map(({ span }) => span);
    return this.#commit(spans, tables, options);
  }

  /** Extracts from another store and commits what it gives, as one commit. */
  async commitFrom(
    source: TableSource,
    spans: readonly Span[],
    { signal, verify = false, purge = false, onExtracted }: IngestFromOptions,
  ): Promise<CommitReport> {
    let folder: string | undefined;
    const extract = async () => {
      folder = await this.newStagingFolder();
      const options: CommitExtractOptions = {
        ...{ narrow: !purge, verify, signal: this.endingWith(signal) },
        // To read all tables takes long; the base's writers would be kept waiting for the replay.
        [CHECKS_LATER]: !verify,
      };
      const tables = await source.extract(spans, folder, options);
      if (!isTrusted(tables)) {
        throw new EngineError('SSTITCH_TABLES_INVALID', 'the source does not give table sets');
      }
      onExtracted?.(tables);
      return tables;
    };
    try {
      const how = { moveIncoming: true, signal, ...(purge ? { purge: [EVERYTHING] } : {}) };
      return await this.#commit(spans, extract, how);
    } finally {
      // Only a close and a purge wait for it; a leftover is no failure: the next open empties the staging folder.
      if (folder !== undefined) {
        const removing = this.runner.run('removeFolder', { folder }).catch(() => undefined);
        this.tracked(removing);
        if (purge) await removing;
      }
    }
  }

  #commit(
    spans: readonly Span[],
    tables: TableSet | (() => Promise<TableSet>),
    options: CommitOptions,
  ): Promise<CommitReport> {
    const { runner, folder } = this;
    const whenRemoved = () => Promise.allSettled([...this.#live].map(({ removal }) => removal));
    const isSound = () => this.#poison === undefined;
    const sizeBytes = this.#options.reserveBytes;
    const reserve = { runner, folder, sizeBytes, tables, isSound, whenRemoved };
    return this.#serialised(async () => {
      const report = await withReserve(reserve, (isShort) =>
        this.#commitNow(spans, tables, options, isShort),
      );
      const detail = options.purge?.length
        ? { ...report, purge: await endPurge(this.runner, this.#current, this.#live) }
        : report;
      this.#tell({ type: 'commit', detail });
      return detail;
    });
  }

  async #commitNow(
    spans: readonly Span[],
    tables: TableSet | (() => Promise<TableSet>),
    options: CommitOptions,
    isShort: boolean,
  ): Promise<CommitReport> {
    if (this.#poison !== undefined) throw this.#poison;
    const number = ++this.#lastNumber;
    const nextFolder = `${this.folder}/${generationName(number)}`;
    return commitTables(
      {
        runner: this.runner,
        folder: this.folder,
        gate: this.gate,
        current: () => this.#current,
        flush: (generation) => this.#flush(generation),
        openNext: (folder) =>
          openLevelDatabase(folder, { ...this.#options.level, createIfMissing: false }),
        now: this.#options.now,
      },
      {
        ...{ number, nextFolder, spans, tables },
        moveIncoming: options.moveIncoming,
        purge: options.purge ?? [],
        narrowFromBytes: isShort ? 0 : this.#options.narrowFromBytes,
        signal: this.endingWith(options.signal),
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

  /** Purges a range, where LevelDB's compaction of it has left something; after commits that are under way. */
  async purgeRange(range: Span): Promise<void> {
    const isNeeded = await this.#onPinned(undefined, ({ folder }, signal) =>
      this.runner.run('hasTablesToPurge', { folder, range }, { signal }),
    );
    if (!isNeeded) return;
    const how = { moveIncoming: false, purge: [range], signal: undefined };
    const purging = this.tracked(this.commit({ spans: [], lastSequence: 0 }, how));
    purging.catch(() => undefined);
    // Another commit that is under way may wait for whoever compacts.
    if (this.#commitsUnderWay === 1) await purging;
  }

  /** Extracts tables into a folder, which is made. */
  async extract(
    spans: readonly Span[],
    targetFolder: string,
    options: CheckedExtractOptions,
  ): Promise<ExtractedTables> {
    return this.#onPinned(options.signal, async (generation, ending) => {
      const { folder } = generation;
      const leastLogNumber = await this.#flush(generation);
      const never = Number.POSITIVE_INFINITY;
      const narrowFromBytes = options.narrow ? this.#options.narrowFromBytes : never;
      const { verify, checksLater } = options;
      const input = {
        ...{ sourceFolder: folder, targetFolder, spans },
        ...{ leastLogNumber, narrowFromBytes, verify, checksLater },
      };
      return extractTables(this.runner, input, ending);
    });
  }

  /** Makes `targetFolder`, a store of one generation that shares this one's tables. */
  async checkpoint(
    targetFolder: string,
    { signal, purge = false }: CheckpointOptions,
  ): Promise<CopiedGeneration> {
    return this.#onPinned(signal, async (generation, ending) => {
      const { folder } = generation;
      const leastLogNumber = await this.#flush(generation);
      const input = {
        sourceFolder: folder,
        storeFolder: targetFolder,
        logs: false,
        leastLogNumber,
        purge,
        writtenBy: ENGINE_NAME,
      };
      return this.runner.run('makeStoreFrom', input, { signal: ending });
    });
  }

  /** Closes every generation. Readers were closed before, by abstract-level. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#commits.catch(() => undefined);
    // One that ends may leave another behind it.
    while (this.#works.size > 0) await Promise.allSettled(this.#works);
    await this.gate.drained();
    try {
      await Promise.all([...this.#live].map((generation) => generation.close()));
    } finally {
      releaseStore(this.folder);
    }
  }

  /** What ends when the caller's signal fires or the store closes. */
  endingWith(signal: AbortSignal | undefined): AbortSignal {
    return AbortSignal.any([this.#closing.signal, ...(signal ? [signal] : [])]);
  }

  /** Keeps the store from closing until `work`, which the store's closing aborts, has settled. */
  tracked<T>(work: Promise<T>): Promise<T> {
    const settled = () => this.#works.delete(work);
    this.#works.add(work);
    work.then(settled, settled);
    return work;
  }

  /** `tracked`, for file work: its errors become EngineErrors. */
  async fileWork<T>(work: Promise<T>): Promise<T> {
    try {
      return await this.tracked(work);
    } catch (error) {
      throw asEngineError(error);
    }
  }

  async #flush({ folder, database }: Pick<Generation, 'folder' | 'database'>): Promise<number> {
    const start = this.#options.now();
    const leastLogNumber = await flushGeneration(this.runner, folder, database);
    this.#tell({ type: 'flush', detail: this.#options.now() - start });
    return leastLogNumber;
  }

  #tell(event: StoreEvent): void {
    this.activity.record(event);
    this.#options.observe(event);
  }

  /** Runs `work` on the current generation, which stays alive meanwhile. */
  #onPinned<T>(
    signal: AbortSignal | undefined,
    work: (generation: Generation, ending: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const generation = this.#current;
    generation.retain();
    const ending = this.endingWith(signal);
    return this.fileWork(work(generation, ending).finally(() => generation.release()));
  }

  #serialised<T>(work: () => Promise<T>): Promise<T> {
    this.#commitsUnderWay++;
    const result = this.#commits
      .catch(() => undefined)
      .then(work)
      .finally(() => this.#commitsUnderWay--);
    this.#commits = result.catch(() => undefined);
    return result;
  }

  #addGeneration(number: number, database: LevelDatabase): Generation {
    const folder = `${this.folder}/${generationName(number)}`;
    const generation = new Generation(number, folder, database, async (ended) => {
      // Left over, it is removed by the next open; no reason for a close to fail.
      await this.runner.run('removeFolder', { folder: ended.folder }).catch(() => undefined);
      // Only now: a close waits for the removal.
      this.#live.delete(ended);
      this.#tell({ type: 'retire', detail: ended.number });
    });
    this.#live.add(generation);
    return generation;
  }

  #failed(error: unknown, renamed: boolean): EngineError {
    const syscall = (error as { syscall?: unknown }).syscall;
    if (!isSyncFailure(error) && !(renamed && syscall !== 'rename')) return asEngineError(error);
    this.#poison = new EngineError(
      'SSTITCH_STORE_POISONED',
      'a sync failed: what is on disk is unknown, open the store anew',
      { cause: error, path: this.folder },
    );
    this.gate.refuse(this.#poison);
    return this.#poison;
  }
}
