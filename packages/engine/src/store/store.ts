// The store: an abstract-level database that a user can put in classic-level's place, and the engine
// that the compactor works on.

import {
  byteEncodings,
  type CommitReport,
  type EngineCapabilities,
  type EntryPages,
  type ReplaceSpansResult,
  type Span,
} from '@sstitch/contract';
import type {
  AbstractBatchOperation,
  AbstractBatchOptions,
  AbstractChainedBatch,
  AbstractDelOptions,
  AbstractPutOptions,
} from 'abstract-level';
import { checkPages } from '../build/check-pages.js';
import type { RebuiltTables } from '../build/rebuild-tables.js';
import type { CopiedGeneration } from '../copy/copy-generation.js';
import { EngineError } from '../errors.js';
import type { ExtractedTables } from '../extract/extract-tables.js';
import type {
  NativeBytes,
  NativeOperation,
  NativeRangeOptions,
} from '../leveldb/level-database.js';
import { levelOptionsOf } from '../leveldb/level-options.js';
import { checkSpans } from '../spans.js';
import { checkDirectory } from '../store-directory/check-directory.js';
import type { ForeignSpanTables } from '../tables/check-incoming.js';
import type { SpanTables } from '../tables/table-set.js';
import { checkSignal } from '../threads/check-signal.js';
import { checkTables } from './check-arguments.js';
import { CheckedWrites } from './checked-writes.js';
import { compactStoreRange, healOpenedStore } from './compact-range.js';
import type { Generation } from './generation.js';
import { HELD_GENERATIONS, type StoreMetrics, storeMetrics } from './metrics.js';
import {
  checkOptions,
  diskReserveBytesOf,
  type StoreOpenOptions,
  type StoreOptions,
  shareFromBytesOf,
} from './options.js';
import { checkpointForPebble } from './pebble-checkpoint.js';
import { ingestTables, rebuildInStore, replaceByPages, verifyStoreSpans } from './store-commits.js';
import { StoreCore } from './store-core.js';
import {
  CHECKS_LATER,
  type CheckpointOptions,
  type CommitExtractOptions,
  checkpointFormatOf,
  type ExciseOptions,
  type ExtractOptions,
  type IngestFromOptions,
  type IngestOptions,
  purgeOf,
  type RebuildTablesOptions,
  type StoreReplaceOptions,
  type TableSource,
} from './transfer-options.js';

/**
 * A Level database on generations of classic-level databases. Reads and writes are classic-level's;
 * `ingestAndExcise` replaces whole key ranges at once.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see the interface below
export class Store<K = string, V = string> extends CheckedWrites<K, V> {
  readonly location: string;
  readonly #options: StoreOptions<K, V>;
  #core: StoreCore | undefined;

  /**
   * @param location the store's directory
   * @throws EngineError SSTITCH_OPTION_INVALID
   */
  constructor(location: string, options: StoreOptions<K, V> = {}) {
    if (typeof location !== 'string' || location === '') {
      throw new TypeError("The first argument 'location' must be a non-empty string");
    }
    checkOptions(options);
    shareFromBytesOf(options);
    diskReserveBytesOf(options);
    super(options);
    this.location = location;
    this.#options = options;
  }

  /** What this engine offers beyond the contract. */
  get capabilities(): EngineCapabilities {
    return { tables: true, checkpoint: true };
  }

  protected override get generation(): Generation {
    return this.#opened.current;
  }

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
   * From then on the store holds, inside the spans, exactly the tables' entries, and outside them
   * what it held. All spans change in one commit; see contract.ts for what that promises.
   *
   * @param tables what `extract` gave, or spans with paths of tables that the caller made: those are
   * parsed in full first
   * @throws EngineError SSTITCH_SPANS_INVALID, SSTITCH_TABLES_INVALID, SSTITCH_ABORTED,
   * SSTITCH_FILE_OPERATION, SSTITCH_LEVELDB: the store is as it was;
   * SSTITCH_STORE_POISONED: open it anew to see
   */
  async ingestAndExcise(
    tables: ExtractedTables | readonly ForeignSpanTables[],
    options: IngestOptions = {},
  ): Promise<CommitReport> {
    checkTables(tables);
    checkSignal(options);
    await this.#whenOpen();
    return ingestTables(this.#opened, tables, options);
  }

  /**
   * `extract` of a source and `ingestAndExcise` of its tables, in less time than one after the other: this
   * store's tables are linked into its next generation and split meanwhile. Other commits of this store wait for both.
   *
   * @throws what `source.extract` and `onExtracted` throw, and what `ingestAndExcise` does
   */
  async ingestFrom(
    source: TableSource,
    spans: readonly Span[],
    options: IngestFromOptions = {},
  ): Promise<CommitReport> {
    const checked = checkSpans(spans);
    checkSignal(options);
    purgeOf(options);
    await this.#whenOpen();
    const core = this.#opened;
    return core.operations.run(() => core.commitFrom(source, checked, options));
  }

  /** Removes everything inside the spans, in one commit and without a tombstone. */
  async excise(spans: readonly Span[], options: ExciseOptions = {}): Promise<CommitReport> {
    const checked = checkSpans(spans);
    checkSignal(options);
    const how = { moveIncoming: false, purge: purgeOf(options), signal: options.signal };
    await this.#whenOpen();
    const empty = checked.map((span): SpanTables => ({ span, runs: [] }));
    return this.#opened.commit({ spans: empty, lastSequence: 0 }, how);
  }

  /** Replaces spans by sorted entries: builds tables of them, then commits as `ingestAndExcise`. */
  async replaceSpans(
    spans: readonly Span[],
    entries: EntryPages,
    options: StoreReplaceOptions = {},
  ): Promise<ReplaceSpansResult & { readonly commit: CommitReport }> {
    const checked = checkSpans(spans);
    checkPages(entries);
    checkSignal(options);
    purgeOf(options);
    await this.#whenOpen();
    return replaceByPages(this.#opened, checked, entries, options);
  }

  /**
   * Gives the tables that hold this store's entries in the spans, in a directory that it makes. Linked
   * where they lie inside a span, split where they straddle its bounds; the store stays in use.
   *
   * @param directory where to; not inside the store but for `staging`; on its file system, or links become copies
   */
  async extract(
    spans: readonly Span[],
    directory: string,
    options: ExtractOptions = {},
  ): Promise<ExtractedTables> {
    const checked = checkSpans(spans);
    checkDirectory(directory);
    checkSignal(options);
    await this.#whenOpen();
    const { signal, share = false, verify = false } = options;
    const checksLater = (options as CommitExtractOptions)[CHECKS_LATER] ?? false;
    const how = { signal, share, verify, checksLater };
    return this.#opened.extract(checked, directory, how);
  }

  /**
   * Builds extracted tables anew, without shadowed versions and deletions, for `ingestAndExcise` with
   * `move`. The extracted ones stay where they are, and are needed no more.
   *
   * @param tables what `extract` gave, of this store or another, in one piece: all that there is of
   * their keys
   * @param directory a staging directory of this store
   * @throws EngineError SSTITCH_TABLES_INVALID, SSTITCH_ABORTED, SSTITCH_FILE_OPERATION
   */
  async rebuildTables(
    tables: ExtractedTables,
    directory: string,
    options: RebuildTablesOptions = {},
  ): Promise<RebuiltTables> {
    await this.#whenOpen();
    return rebuildInStore(this.#opened, tables, directory, options);
  }

  /** A directory on this store's file system for `extract`, not made yet; emptied when the store opens. */
  async newStagingDirectory(): Promise<string> {
    await this.#whenOpen();
    return this.#opened.staging.add();
  }

  /** Removes a directory that `newStagingDirectory` named, once. */
  async removeStagingDirectory(directory: string): Promise<void> {
    const { operations, staging } = this.#opened;
    await operations.runFileWork(() => staging.remove(directory));
  }

  /**
   * Makes a store in `directory`, which must lie outside this one's, that holds what this one holds, by links; or, with
   * `format: 'pebble'`, a Pebble database.
   */
  async checkpoint(directory: string, options: CheckpointOptions = {}): Promise<CopiedGeneration> {
    const format = checkpointFormatOf(options);
    await this.#whenOpen();
    return format === 'store'
      ? this.#opened.checkpoint(directory, options)
      : checkpointForPebble(this.#opened, directory, options.signal);
  }

  /**
   * Compacts a key range of the current generation, as classic-level's; see compact-range.ts. What was excised in
   * it before is in no file of the store then, once nobody reads an earlier generation and no commit is under way.
   */
  async compactRange(start: K, end: K): Promise<void>;
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
    const bounds = [this.encodeBound(start, options), this.encodeBound(end, options)] as const;
    await core.operations.run(() => compactStoreRange(core, ...bounds));
  }

  /** Generations, readers, levels, commits, pauses, bytes: metrics.ts also lists the events. */
  async metrics(): Promise<StoreMetrics> {
    await this.#whenOpen();
    return storeMetrics(this.#opened, this.readers);
  }

  async _open(
    options: { createIfMissing: boolean; errorIfExists: boolean } & StoreOpenOptions,
  ): Promise<void> {
    const core = await StoreCore.open({
      location: this.location,
      level: levelOptionsOf(options),
      createIfMissing: options.createIfMissing,
      errorIfExists: options.errorIfExists,
      shareFromBytes: shareFromBytesOf(this.#options),
      reserveBytes: diskReserveBytesOf(this.#options),
      fileSystem: this.#options.fileSystem,
      now: () => performance.now(),
      observe: ({ type, detail }) => {
        this.#emitEvent(type, detail);
        if (type === 'commit') this.#warnOfHeld();
      },
    });
    await healOpenedStore(core);
    this.#core = core;
  }

  #warnOfHeld(): void {
    const held = this.readers.held();
    if (held.generations >= HELD_GENERATIONS) this.#emitEvent('held', held);
  }

  /** A listener that throws must not fail the commit that it hears of. */
  #emitEvent(type: string, detail: unknown): void {
    queueMicrotask(() => this.emit(type, detail));
  }

  async _close(): Promise<void> {
    const core = this.#core;
    this.#core = undefined;
    await core?.close();
  }

  _put(key: NativeBytes, value: NativeBytes, options: { sync?: boolean }): Promise<void> {
    return this.#opened.gate.put(key, value, options);
  }

  _del(key: NativeBytes, options: { sync?: boolean }): Promise<void> {
    return this.#opened.gate.del(key, options);
  }

  _batch(operations: readonly NativeOperation[], options: { sync?: boolean }): Promise<void> {
    return this.#opened.gate.batch(operations, options);
  }

  async _clear(options: NativeRangeOptions): Promise<void> {
    if (options.snapshot == null && (await this.#opened.gate.clear(options))) return;
    return this.#opened.operations.run(() => this.#clearInBatches(options));
  }

  /**
   * While a commit stages, what a clear deletes must be known key by key: the commit replays it. Once
   * more where the commit came between two batches: what it put in must go, or stay, as a whole.
   */
  async #clearInBatches(options: NativeRangeOptions): Promise<void> {
    let generation: Generation;
    do {
      generation = this.generation;
      await this.#clearOnce(options);
    } while (this.generation !== generation && options.snapshot == null && options.limit < 0);
  }

  async #clearOnce(options: NativeRangeOptions): Promise<void> {
    const bounds: Record<string, Uint8Array> = {};
    for (const name of ['gt', 'gte', 'lt', 'lte'] as const) {
      const bound = options[name];
      if (bound === undefined) continue;
      bounds[name] = typeof bound === 'string' ? Buffer.from(bound) : bound;
    }
    const { reverse, limit } = options;
    const snapshot = options.snapshot ?? undefined;
    // The public iterator: it refuses to be read once the store closes.
    const range = { ...bounds, ...byteEncodings, reverse, limit, snapshot, values: false };
    const iterator = this.iterator<Uint8Array, Uint8Array>(range as object);
    try {
      for (;;) {
        const entries = await iterator.nextv(CLEAR_BATCH_OPERATIONS);
        if (entries.length === 0) return;
        await this._batch(
          entries.map(([key]): NativeOperation => ({ type: 'del', key: key as Uint8Array })),
          {},
        );
      }
    } finally {
      await iterator.close();
    }
  }

  async #whenOpen(): Promise<void> {
    if (this.status === 'opening') await this.open({ passive: true } as object);
    this.assertOpen('this method');
  }
}

/** As many as classic-level's own clear deletes at a time, roughly. */
const CLEAR_BATCH_OPERATIONS = 500;

/** How durable a write is, as classic-level's option of that name. */
export interface WriteDurability {
  /** Return only when the write survives a power cut. @defaultValue false */
  readonly sync?: boolean;
}

// The methods are abstract-level's own; only their types gain `sync`.
export interface Store<K = string, V = string> {
  put(key: K, value: V): Promise<void>;
  put<TKey = K, TValue = V>(
    key: TKey,
    value: TValue,
    options: AbstractPutOptions<TKey, TValue> & WriteDurability,
  ): Promise<void>;
  del(key: K): Promise<void>;
  del<TKey = K>(key: TKey, options: AbstractDelOptions<TKey> & WriteDurability): Promise<void>;
  batch(operations: Array<AbstractBatchOperation<this, K, V>>): Promise<void>;
  batch<TKey = K, TValue = V>(
    operations: Array<AbstractBatchOperation<this, TKey, TValue>>,
    options: AbstractBatchOptions<TKey, TValue> & WriteDurability,
  ): Promise<void>;
  batch(): AbstractChainedBatch<this, K, V>;
}
