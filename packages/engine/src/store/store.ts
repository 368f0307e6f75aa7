// The store: an abstract-level database that can take classic-level's place, and an engine for the compactor.

import type { CommitReport, EngineCapabilities, Span } from '@sstitch/contract';
import type {
  AbstractBatchOperation,
  AbstractBatchOptions,
  AbstractChainedBatch,
  AbstractDelOptions,
  AbstractPutOptions,
} from 'abstract-level';
import { checkPages } from '../build/check-pages.js';
import { pageEncoder } from '../build/entry-encoding.js';
import { type EntryPage, TableLoader, type TableLoaderOptions } from '../build/table-loader.js';
import { checkDirectory } from '../check-options.js';
import type { CopiedGeneration } from '../copy/copy-generation.js';
import { EngineError } from '../errors.js';
import type {
  NativeBytes,
  NativeOperation,
  NativeRangeOptions,
} from '../leveldb/level-database.js';
import { levelOptionsOf } from '../leveldb/level-options.js';
import { checkSpans } from '../spans.js';
import type { ForeignSpanTables } from '../tables/check-incoming.js';
import { ExtractedTables, noTables } from '../tables/extracted-tables.js';
import type { Operations } from '../threads/operations.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import { checkForeignTables, checkSource } from './check-arguments.js';
import { CheckedWrites } from './checked-writes.js';
import { clearByKeys } from './clear-by-keys.js';
import { compactStoreRange, repairOpenedStore } from './compact-range.js';
import type { Generation } from './generation.js';
import { HELD_GENERATIONS, type StoreMetrics, storeMetrics } from './metrics.js';
import {
  checkOpenOptions,
  diskReserveBytesOf,
  type StoreOpenOptions,
  type StoreOptions,
  splitPolicyOf,
  type WriteDurability,
} from './options.js';
import { withOwnBounds } from './own-bounds.js';
import { checkpointForPebble } from './pebble-checkpoint.js';
import {
  ingestForeignTables,
  ingestFromSource,
  ingestOwnTables,
  replaceByPages,
  verifyStoreSpans,
} from './store-commits.js';
import { StoreCore } from './store-core.js';
import {
  type CheckpointOptions,
  checkCheckpointOptions,
  checkCommitOptions,
  checkIngestFromOptions,
  type ExciseOptions,
  type ExtractOptions,
  type IngestFromOptions,
  type IngestOptions,
  type StoreReplaceOptions,
  type StoreReplaceResult,
  type TableSource,
} from './transfer-options.js';

/**
 * A Level database over generations of classic-level databases. Reads and writes are classic-level's;
 * `ingestAndExcise` and its siblings replace whole key ranges atomically.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see the interface below
export class Store<K = string, V = string> extends CheckedWrites<K, V> {
  /** The store's directory, as passed to the constructor. */
  readonly location: string;
  readonly #options: StoreOptions<K, V>;
  #core: StoreCore | undefined;

  /**
   * @param location the store's directory, made on open if it does not exist
   * @throws EngineError SSTITCH_OPTION_INVALID
   */
  constructor(location: string, options: StoreOptions<K, V> = {}) {
    checkDirectory(location, 'location');
    checkOpenOptions(options);
    splitPolicyOf(options);
    diskReserveBytesOf(options);
    super(options);
    this.location = location;
    this.#options = options;
  }

  /** What this engine offers beyond the contract. */
  get capabilities(): EngineCapabilities {
    return { tables: true, checkpoint: true };
  }

  /** @internal */
  protected override get generation(): Generation {
    return this.#opened.current;
  }

  /** @internal */
  protected override get operations(): Operations {
    return this.#opened.operations;
  }

  /** @internal */
  protected override get pool(): WorkerPool {
    return this.#opened.pool;
  }

  /** @internal */
  protected override verifyGeneration(
    generation: Generation,
    spans: readonly Span[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    return verifyStoreSpans(this.#opened, generation, spans, signal);
  }

  get #opened(): StoreCore {
    if (this.#core !== undefined) return this.#core;
    throw new EngineError('SSTITCH_STORE_CLOSED', 'the store is not open', { path: this.location });
  }

  /**
   * Replaces the contents of the spans by the entries of the tables. All spans change in one commit, and keys outside
   * them do not change; docs/guarantees.md says what a commit guarantees.
   *
   * @param tables what `extract` or a `TableLoader` returned, or spans with the paths of tables that the caller made,
   * which are parsed in full first
   * @throws EngineError SSTITCH_SPANS_INVALID, SSTITCH_TABLES_INVALID, SSTITCH_OPTION_INVALID, SSTITCH_ABORTED,
   * SSTITCH_FILE_OPERATION, SSTITCH_LEVELDB, which all leave the store unchanged; SSTITCH_STORE_POISONED, after which
   * only a reopened store shows whether the commit took effect
   */
  async ingestAndExcise(
    tables: ExtractedTables | readonly ForeignSpanTables[],
    options: IngestOptions = {},
  ): Promise<CommitReport> {
    const own = ExtractedTables.incomingOf(tables);
    const foreign = own === undefined ? checkForeignTables(tables) : [];
    checkCommitOptions(options);
    await this.whenOpen('ingestAndExcise');
    return own === undefined
      ? ingestForeignTables(this.#opened, foreign, options)
      : ingestOwnTables(this.#opened, own, options);
  }

  /**
   * Extracts the spans from a source and ingests them. This takes less time than `extract` followed by
   * `ingestAndExcise`, as the store links its own tables during the extract. Other commits of this store wait for both.
   *
   * With `rebuild`, the source's tables are rebuilt before the commit, and other commits do not wait for that.
   *
   * @param source a `Store`, a `ReadOnlyStore`, or an object that forwards to one's `extract`
   * @param spans sorted and disjoint
   * @throws what `source.extract`, `onExtracted` and `onEntries` throw, and what `ingestAndExcise` throws
   */
  async ingestFrom(
    source: TableSource,
    spans: readonly Span[],
    options: IngestFromOptions = {},
  ): Promise<CommitReport> {
    checkSource(source);
    const checked = checkSpans(spans);
    checkIngestFromOptions(options);
    await this.whenOpen('ingestFrom');
    return ingestFromSource(this.#opened, source, checked, options);
  }

  /**
   * Removes all entries inside the spans in one commit, without writing tombstones.
   *
   * @param spans sorted and disjoint
   * @throws as `ingestAndExcise`
   */
  async excise(spans: readonly Span[], options: ExciseOptions = {}): Promise<CommitReport> {
    const checked = checkSpans(spans);
    checkCommitOptions(options);
    await this.whenOpen('excise');
    return ingestOwnTables(this.#opened, noTables(checked), options);
  }

  /**
   * Replaces the contents of the spans by entries. A worker thread builds tables from the pages as they arrive; then
   * one commit ingests the tables. At most two pages are in memory.
   *
   * @param spans sorted and disjoint
   * @param entries pages of `[key, value]`, in strictly ascending order of the keys' bytes, each inside one of the spans
   * @throws as `ingestAndExcise`; EngineError SSTITCH_ENTRIES_INVALID; what the iteration of the pages throws. The store
   * is unchanged then
   */
  async replaceSpans(
    spans: readonly Span[],
    entries: AsyncIterable<EntryPage<K | Uint8Array, V | Uint8Array>>,
    options?: StoreReplaceOptions<K, V>,
  ): Promise<StoreReplaceResult>;
  /** Replaces the contents of the spans by entries, whose keys and values have the encodings of the options. */
  async replaceSpans<TKey, TValue>(
    spans: readonly Span[],
    entries: AsyncIterable<EntryPage<TKey | Uint8Array, TValue | Uint8Array>>,
    options: StoreReplaceOptions<TKey, TValue>,
  ): Promise<StoreReplaceResult>;
  async replaceSpans(
    spans: readonly Span[],
    entries: AsyncIterable<unknown>,
    options: StoreReplaceOptions<unknown, unknown> = {},
  ): Promise<StoreReplaceResult> {
    const checked = checkSpans(spans);
    checkPages(entries);
    checkCommitOptions(options);
    const encode = pageEncoder(this, options);
    await this.whenOpen('replaceSpans');
    return replaceByPages(this.#opened, checked, { entries, encode }, options);
  }

  /**
   * Makes a loader that builds tables from entries in any order: `add` entries, `finish` the tables, pass them to
   * `ingestAndExcise`, and `end` the loader in any case. The loader works in the store's directory and ends when the
   * store closes.
   *
   * @throws EngineError SSTITCH_OPTION_INVALID
   */
  tableLoader(options: TableLoaderOptions = {}): TableLoader<K, V> {
    const open = async () => {
      await this.whenOpen('tableLoader');
      const { pool, operations, staging } = this.#opened;
      const directory = await staging.make();
      return { pool, directory, operations, remove: () => staging.remove(directory) };
    };
    return new TableLoader({ database: this, open }, options);
  }

  /** @internal */
  protected override takeTables(
    spans: readonly Span[],
    directory: string,
    options: ExtractOptions,
  ): Promise<ExtractedTables> {
    return this.#opened.extract(spans, directory, options);
  }

  /**
   * Makes a copy of the store in `directory`: a store made of links or, with `format: 'pebble'`, a Pebble database.
   *
   * @param directory must not exist and must lie outside the store
   * @throws EngineError SSTITCH_OPTION_INVALID, SSTITCH_TARGET_EXISTS, SSTITCH_ABORTED, SSTITCH_FILE_OPERATION
   */
  async checkpoint(directory: string, options: CheckpointOptions = {}): Promise<CopiedGeneration> {
    checkDirectory(directory);
    checkCheckpointOptions(options);
    await this.whenOpen('checkpoint');
    return options.format === 'pebble'
      ? checkpointForPebble(this.#opened, directory, options.signal)
      : this.#opened.checkpoint(directory, options);
  }

  /**
   * Compacts a key range of the current generation, as in classic-level; see compact-range.ts. It also purges entries
   * that earlier commits excised in the range: once no reader keeps an earlier generation and no commit is in progress,
   * no file of the store holds them.
   */
  async compactRange(start: K, end: K): Promise<void>;
  /** Compacts a key range of the current generation, as in classic-level. The keys have the encoding of the options. */
  async compactRange<TKey = K>(
    start: TKey,
    end: TKey,
    options: { keyEncoding?: string },
  ): Promise<void>;
  async compactRange(
    start: unknown,
    end: unknown,
    options?: { keyEncoding?: string },
  ): Promise<void> {
    if (start === undefined || end === undefined) {
      throw new TypeError("The arguments 'start' and 'end' are required");
    }
    if (this.status === 'opening') {
      return this.deferAsync(() => this.compactRange(start, end, options ?? {}));
    }
    this.assertOpen('compactRange');
    const core = this.#opened;
    // The caller may reuse the memory of the bounds.
    const own = (key: unknown) => new Uint8Array(this.encodeBound(key, options));
    const bounds = [own(start), own(end)] as const;
    await core.operations.run(() => compactStoreRange(core, ...bounds));
  }

  /** Returns the store's metrics: generations, readers, levels, commits and pauses. metrics.ts also lists the events. */
  async metrics(): Promise<StoreMetrics> {
    await this.whenOpen('metrics');
    return storeMetrics(this.#opened, this.readers);
  }

  /** @internal */
  async _open(
    options: { createIfMissing: boolean; errorIfExists: boolean } & StoreOpenOptions,
  ): Promise<void> {
    const core = await StoreCore.open({
      location: this.location,
      level: levelOptionsOf(options),
      createIfMissing: options.createIfMissing,
      errorIfExists: options.errorIfExists,
      policy: splitPolicyOf(this.#options),
      reserveBytes: diskReserveBytesOf(this.#options),
      fileSystem: this.#options.fileSystem,
      now: () => performance.now(),
      observe: ({ type, detail }) => {
        this.#emitEvent(type, detail);
        if (type === 'commit') this.#warnOfHeld();
      },
    });
    await repairOpenedStore(core);
    this.#core = core;
    // A close first closes the resources. For a snapshot it waits until the snapshot's clears have ended, and a clear may
    // wait for a commit. So this resource ends the operations, commits among them.
    const end = async () => {
      // In this turn, calls that precede the close become operations: the close aborts them and does not refuse them.
      await Promise.resolve();
      await core.operations.end();
    };
    this.attachResource({ close: end, [Symbol.asyncDispose]: end });
  }

  #warnOfHeld(): void {
    const held = this.readers.held();
    if (held.generations >= HELD_GENERATIONS) this.#emitEvent('held', held);
  }

  /** Emits an event in a microtask, so that a listener that throws does not fail the commit. */
  #emitEvent(type: string, detail: unknown): void {
    queueMicrotask(() => this.emit(type, detail));
  }

  /** @internal */
  async _close(): Promise<void> {
    const core = this.#core;
    this.#core = undefined;
    await core?.close();
  }

  /** @internal */
  _put(key: NativeBytes, value: NativeBytes, options: { sync?: boolean }): Promise<void> {
    return this.#opened.gate.put(key, value, options);
  }

  /** @internal */
  _del(key: NativeBytes, options: { sync?: boolean }): Promise<void> {
    return this.#opened.gate.del(key, options);
  }

  /** @internal */
  _batch(operations: readonly NativeOperation[], options: { sync?: boolean }): Promise<void> {
    return this.#opened.gate.batch(operations, options);
  }

  /** @internal */
  _clear(options: NativeRangeOptions): Promise<void> {
    const range = withOwnBounds(options);
    // LevelDB's own clear would delete in the generation of the snapshot, which may be a past one.
    return this.#opened.gate.clear((writes) =>
      range.snapshot == null ? writes.clear(range) : clearByKeys(this, writes, range),
    );
  }
}

/**
 * abstract-level's methods, with `sync` added to the types of their options. With an encoding for bytes, they reject keys
 * and values that are neither bytes nor strings (EngineError SSTITCH_ENTRIES_INVALID).
 */
export interface Store<K = string, V = string> {
  /** Puts an entry, which reads see when the promise fulfils. */
  put(key: K, value: V): Promise<void>;
  /** Puts an entry; with `sync: true`, onto stable storage before the promise fulfils. */
  put<TKey = K, TValue = V>(
    key: TKey,
    value: TValue,
    options: AbstractPutOptions<TKey, TValue> & WriteDurability,
  ): Promise<void>;
  /** Deletes an entry. Does nothing if the key is missing. */
  del(key: K): Promise<void>;
  /** Deletes an entry; with `sync: true`, on stable storage before the promise fulfils. */
  del<TKey = K>(key: TKey, options: AbstractDelOptions<TKey> & WriteDurability): Promise<void>;
  /** Applies puts and deletes atomically, in order. */
  batch(operations: Array<AbstractBatchOperation<this, K, V>>): Promise<void>;
  /** Applies puts and deletes atomically; with `sync: true`, on stable storage before the promise fulfils. */
  batch<TKey = K, TValue = V>(
    operations: Array<AbstractBatchOperation<this, TKey, TValue>>,
    options: AbstractBatchOptions<TKey, TValue> & WriteDurability,
  ): Promise<void>;
  /** Starts a batch to which operations are added one by one; its `write` applies them atomically. */
  batch(): AbstractChainedBatch<this, K, V>;
}
