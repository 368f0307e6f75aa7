// The reading half of a store as an abstract-level database. Every read goes to the generation that is current when
// the read starts, or to the generation of its snapshot.
import type { Span } from '@sstitch/contract';
import {
  type AbstractDatabaseOptions,
  AbstractLevel,
  type AbstractResource,
  type AbstractSnapshot,
} from 'abstract-level';
import { checkDirectory, checkOptions, optionInvalid } from '../check-options.js';
import type {
  NativeBytes,
  NativeRangeOptions,
  NativeReadOptions,
} from '../leveldb/level-database.js';
import { checkSpans } from '../spans.js';
import { removeOwnDirectory } from '../store-directory/remove-directory.js';
import { type ExtractedTables, settledTables } from '../tables/extracted-tables.js';
import type { Operations } from '../threads/operations.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import type { Generation } from './generation.js';
import { OpenReaders } from './open-readers.js';
import { checkOpenOptions, type StoreOpenOptions } from './options.js';
import { type AnyStore, type ReaderHome, StoreIterator, StoreSnapshot } from './store-iterator.js';
import { checkExtractOptions, type ExtractOptions, type TableSource } from './transfer-options.js';

/** What abstract-level may pass as an encoded key or value. */
type Bytes = string | Buffer | Uint8Array;

/** The capabilities that classic-level declares. */
const MANIFEST = {
  encodings: { buffer: true, utf8: true, view: true },
  has: true,
  createIfMissing: true,
  errorIfExists: true,
  explicitSnapshots: true,
  getSync: true,
  additionalMethods: { approximateSize: true, compactRange: true },
  signals: { iterators: true },
} as const;

/** Options of the constructor. */
export interface ReaderOptions<K, V> extends AbstractDatabaseOptions<K, V> {
  /**
   * Record the stack when an iterator or a snapshot is created, for `metrics().held` and the event `forgotten`.
   * @defaultValue false
   */
  readonly readerStacks?: boolean;
}

/** Options of `verifySpans`. */
export interface VerifySpansOptions {
  /** The state to check. @defaultValue the current state */
  readonly snapshot?: AbstractSnapshot | undefined;
  /** Ends the call with SSTITCH_ABORTED. */
  readonly signal?: AbortSignal | undefined;
}

/** `extract` of a store of this engine that returns before the checks of linked tables end. */
let takeFromReader: (
  reader: GenerationReader<unknown, unknown>,
  ...request: Parameters<TableSource['extract']>
) => Promise<ExtractedTables>;

/**
 * Extracts tables from a source. The checks of linked tables may still run when it returns; the commit waits for them
 * (`IncomingTables.checking`).
 */
export function takeTables(
  source: TableSource,
  ...request: Parameters<TableSource['extract']>
): Promise<ExtractedTables> {
  return source instanceof GenerationReader
    ? takeFromReader(source, ...request)
    : source.extract(...request);
}

/** An abstract-level database that reads from generations: the base of `Store` and `ReadOnlyStore`. */
export abstract class GenerationReader<K = string, V = string> extends AbstractLevel<Bytes, K, V> {
  static {
    takeFromReader = async (reader, spans, directory, options = {}) => {
      await reader.whenOpen('extract');
      return reader.takeTables(spans, directory, options);
    };
  }

  /** @internal */
  protected readonly readers: OpenReaders;

  protected constructor(options: ReaderOptions<K, V>) {
    super(MANIFEST, options);
    this.readers = new OpenReaders({
      detach: (proxy) => super.detachResource(proxy),
      readerStacks: options.readerStacks ?? false,
      // The event has its own microtask, as a listener may throw.
      onForgotten: (reader) => queueMicrotask(() => this.emit('forgotten', reader)),
    });
  }

  /**
   * Opens the store. As in classic-level, LevelDB's options given here override those of the constructor. A store also
   * opens by itself in the tick after its construction, and the options of an open store cannot be changed.
   *
   * @throws EngineError SSTITCH_OPTION_INVALID; LEVEL_DATABASE_NOT_OPEN, whose cause is an EngineError
   */
  override open(options: StoreOpenOptions = {}): Promise<void> {
    try {
      this.checkOpenOptions(options);
    } catch (error) {
      return Promise.reject(error);
    }
    // Called without an await before it, so that a close() that follows at once is ordered after it.
    return super.open(options);
  }

  /** @throws EngineError SSTITCH_OPTION_INVALID @internal */
  protected checkOpenOptions(options: StoreOpenOptions): void {
    checkOpenOptions(options);
  }

  /** Works as in abstract-level, but refers to iterators and snapshots weakly (open-readers.ts). */
  override attachResource(resource: AbstractResource): void {
    super.attachResource(this.readers.attach(resource));
  }

  /** Removes a resource that `attachResource` added, as in abstract-level. */
  override detachResource(resource: AbstractResource): void {
    super.detachResource(this.readers.detach(resource));
  }

  /** The generation that new reads go to. @internal */
  protected abstract get generation(): Generation;

  /** What a close ends. @internal */
  protected abstract get operations(): Operations;

  /** @internal */
  protected abstract get pool(): WorkerPool;

  /** Extracts tables. The checks of linked tables may still run when it returns. @internal */
  protected abstract takeTables(
    spans: readonly Span[],
    directory: string,
    options: ExtractOptions,
  ): Promise<ExtractedTables>;

  /**
   * Extracts the contents of the spans as tables, into a directory that it makes. Tables that lie inside a span are
   * linked; tables that straddle a bound are split. The store stays in use.
   *
   * @param spans sorted and disjoint
   * @param directory must not exist and must lie outside the store. On another file system than the store's, tables
   * are copied instead of linked. A failure removes it; after a success, it belongs to the caller
   * @throws EngineError SSTITCH_SPANS_INVALID, SSTITCH_OPTION_INVALID, SSTITCH_TARGET_EXISTS, SSTITCH_ABORTED,
   * SSTITCH_FILE_OPERATION; SSTITCH_TABLES_INVALID, with path and offset, for a damaged table
   */
  async extract(
    spans: readonly Span[],
    directory: string,
    options: ExtractOptions = {},
  ): Promise<ExtractedTables> {
    const checked = checkSpans(spans);
    checkDirectory(directory);
    checkExtractOptions(options);
    await this.whenOpen('extract');
    const { operations, pool } = this;
    const signal = operations.endingWith(options.signal);
    return operations.runFileWork(async () => {
      const tables = await this.takeTables(checked, directory, { ...options, signal });
      try {
        return await settledTables(tables, signal);
      } catch (error) {
        await removeOwnDirectory(pool, directory, operations.closing).catch(() => undefined);
        throw error;
      }
    });
  }

  /** Checks the blocks of a generation that may hold keys of the spans; see `verifySpans`. @internal */
  protected abstract verifyGeneration(
    generation: Generation,
    spans: readonly Span[],
    signal: AbortSignal | undefined,
  ): Promise<void>;

  /**
   * Reads every block that may hold keys of the spans and checks its checksum, which LevelDB's reads do not. Call it
   * before copying, comparing or digesting the same state.
   *
   * @param spans sorted and disjoint
   * @throws EngineError SSTITCH_STORE_CORRUPT, with path and offset, for a damaged block; SSTITCH_SPANS_INVALID,
   * SSTITCH_ABORTED, SSTITCH_FILE_OPERATION; LEVEL_SNAPSHOT_NOT_OPEN
   */
  async verifySpans(spans: readonly Span[], options: VerifySpansOptions = {}): Promise<void> {
    const checked = checkSpans(spans);
    checkOptions(options, { signal: 'signal' });
    await this.whenOpen('verifySpans');
    const { snapshot, signal } = options;
    const generation =
      snapshot === undefined ? this.generation : this.#openSnapshotOf(snapshot).generation;
    await this.verifyGeneration(generation, checked, signal);
  }

  /** @internal */
  _get(key: NativeBytes, options: NativeReadOptions): Promise<NativeBytes | undefined> {
    if (options.snapshot == null) return this.generation.database._get(key, options);
    const { generation, inner } = this.#snapshotOf(options.snapshot);
    return generation.database._get(key, { ...options, snapshot: inner });
  }

  /** @internal */
  _getSync(key: NativeBytes, options: NativeReadOptions): NativeBytes | undefined {
    if (options.snapshot == null) return this.generation.database._getSync(key, options);
    const { generation, inner } = this.#snapshotOf(options.snapshot);
    return generation.database._getSync(key, { ...options, snapshot: inner });
  }

  /** @internal */
  _getMany(
    keys: NativeBytes[],
    options: NativeReadOptions,
  ): Promise<Array<NativeBytes | undefined>> {
    if (options.snapshot == null) return this.generation.database._getMany(keys, options);
    const { generation, inner } = this.#snapshotOf(options.snapshot);
    return generation.database._getMany(keys, { ...options, snapshot: inner });
  }

  /** @internal */
  _has(key: NativeBytes, options: NativeReadOptions): Promise<boolean> {
    if (options.snapshot == null) return this.generation.database._has(key, options);
    const { generation, inner } = this.#snapshotOf(options.snapshot);
    return generation.database._has(key, { ...options, snapshot: inner });
  }

  /** @internal */
  _hasMany(keys: NativeBytes[], options: NativeReadOptions): Promise<boolean[]> {
    if (options.snapshot == null) return this.generation.database._hasMany(keys, options);
    const { generation, inner } = this.#snapshotOf(options.snapshot);
    return generation.database._hasMany(keys, { ...options, snapshot: inner });
  }

  /** @internal */
  _iterator(options: NativeRangeOptions): StoreIterator {
    if (options.snapshot == null) {
      return new StoreIterator(this.#homeIn(this.generation), options, options);
    }
    const { generation, inner } = this.#snapshotOf(options.snapshot);
    const own = isOpen(options.snapshot) ? { ...options, snapshot: inner } : undefined;
    return new StoreIterator(this.#homeIn(generation), options, own);
  }

  /** @internal */
  _snapshot(options: object): StoreSnapshot {
    return new StoreSnapshot(this.#homeIn(this.generation), options);
  }

  #snapshotOf(snapshot: AbstractSnapshot): StoreSnapshot {
    const isOwn = snapshot instanceof StoreSnapshot && (snapshot.store as unknown) === this;
    if (isOwn) return snapshot;
    throw optionInvalid('the snapshot belongs to another store');
  }

  /** @throws LEVEL_SNAPSHOT_NOT_OPEN, as abstract-level's reads, for a closed snapshot, whose generation may be gone */
  #openSnapshotOf(snapshot: AbstractSnapshot): StoreSnapshot {
    const own = this.#snapshotOf(snapshot);
    own.ref();
    own.unref();
    return own;
  }

  #homeIn(generation: Generation): ReaderHome {
    return { store: this as unknown as AnyStore, readers: this.readers, generation };
  }

  /** Returns about how many bytes on disk the keys between two bounds take, as in classic-level. */
  async approximateSize(start: K, end: K): Promise<number>;
  /** Returns about how many bytes on disk the keys between two bounds take, as in classic-level. */
  async approximateSize<TKey = K>(
    start: TKey,
    end: TKey,
    options: { keyEncoding?: string },
  ): Promise<number>;
  async approximateSize(
    start: unknown,
    end: unknown,
    options?: { keyEncoding?: string },
  ): Promise<number> {
    if (start === undefined || end === undefined) {
      throw new TypeError("The arguments 'start' and 'end' are required");
    }
    if (this.status === 'opening') {
      return this.deferAsync(() => this.approximateSize(start, end, options ?? {}));
    }
    this.assertOpen('approximateSize');
    return this.generation.database.approximateSize(
      this.encodeBound(start, options),
      this.encodeBound(end, options),
      { keyEncoding: 'view' },
    );
  }

  /** Returns a property of LevelDB, such as `leveldb.stats`, of the current generation. */
  getProperty(property: string): string {
    if (typeof property !== 'string') {
      throw new TypeError("The first argument 'property' must be a string");
    }
    this.assertOpen('getProperty');
    return this.generation.database.getProperty(property);
  }

  /** Waits for an open in progress. @throws LEVEL_DATABASE_NOT_OPEN if the store is not open then @internal */
  protected async whenOpen(method: string): Promise<void> {
    if (this.status === 'opening') await this.open({ passive: true } as object);
    this.assertOpen(method);
  }

  /** @internal */
  protected assertOpen(method: string): void {
    if (this.status === 'open') return;
    throw Object.assign(new Error(`Database is not open: cannot call ${method}()`), {
      code: 'LEVEL_DATABASE_NOT_OPEN',
    });
  }

  /** @internal */
  protected encodeBound(key: unknown, options: { keyEncoding?: string } | undefined): Uint8Array {
    const encoding = this.keyEncoding(options?.keyEncoding as never);
    const encoded: unknown = encoding.encode(key as never);
    return typeof encoded === 'string' ? Buffer.from(encoded) : (encoded as Uint8Array);
  }
}

/** Whether a snapshot is open. abstract-level has no property for this, but `ref` throws on a closed snapshot. */
function isOpen(snapshot: AbstractSnapshot): boolean {
  try {
    snapshot.ref();
  } catch {
    return false;
  }
  snapshot.unref();
  return true;
}
