// The store: an abstract-level database over a distributed one, and an engine of the contract.
import {
  type ByteEncodings,
  type CommitCondition,
  type Engine,
  type EngineCapabilities,
  type EngineSnapshot,
  joinTouchingSpans,
  type ReplaceSpansOptions,
  type ReplaceSpansResult,
  type SnapshotOptions,
  type Span,
} from '@sstitch/contract';
import {
  type AbstractBatchOperation,
  type AbstractBatchOptions,
  type AbstractChainedBatch,
  AbstractLevel,
  type AbstractSnapshot,
} from 'abstract-level';
import { systemClock } from '../clock.js';
import { ClusterError, throwIfAborted } from '../errors.js';
import type { FoldReport } from '../maintenance/fold.js';
import type { ClusterStatus } from '../maintenance/status.js';
import type { ClusterPort } from '../port.js';
import type { View } from '../protocol/log-client.js';
import { clearEntries } from './clear-entries.js';
import {
  type AnyStore,
  ClusterIterator,
  ClusterSnapshot,
  type EncodedIteratorOptions,
} from './cluster-iterator.js';
import { CopyingBatch } from './copying-batch.js';
import { checkEntryPages, type EntryEncoder } from './entry-pages.js';
import { giveTurn } from './event-loop-turns.js';
import { type ClusterStoreMetrics, storeMetrics } from './metrics.js';
import {
  type CheckedOptions,
  type ClusterStoreOptions,
  checkPort,
  checkSignal,
  checkSpans,
  checkStoreOptions,
  optionInvalid,
} from './options.js';
import { type EncodedRange, isEmptySpan, spanOfRange } from './range.js';
import { StoreCore } from './store-core.js';
import type { CollectionReport, StoreMaintenance } from './store-maintenance.js';
import type { EncodedOperation } from './writes.js';

const MANIFEST = {
  encodings: { view: true },
  has: true,
  explicitSnapshots: true,
  implicitSnapshots: true,
  seek: true,
  permanence: true,
  signals: { iterators: true },
} as const;

/** Options of `flush`, `fold`, `collect`, `checkpoint` and `clusterStatus`. */
export interface MaintenanceOptions {
  /** Ends the call with SSTITCH_ABORTED. What it committed until then stays. */
  readonly signal?: AbortSignal;
}

/** Options of `replaceSpans`. */
export interface ClusterReplaceOptions<K, V>
  extends Omit<ReplaceSpansOptions, keyof ByteEncodings> {
  /** Encodes keys that are not bytes: a name, or an encoder. Without it, the store's encoding does. */
  readonly keyEncoding?: string | { readonly encode: (key: K) => unknown } | undefined;
  /** Encodes values that are not bytes, as `keyEncoding` does keys. */
  readonly valueEncoding?: string | { readonly encode: (value: V) => unknown } | undefined;
}

interface EncodedReadOptions {
  readonly snapshot?: AbstractSnapshot | EngineSnapshot | null | undefined;
}

/**
 * A Level database that many processes open at once, over Cassandra or PostgreSQL. `replaceSpans` replaces whole key
 * ranges in one commit.
 */
export class ClusterStore<K = string, V = string>
  extends AbstractLevel<Uint8Array, K, V>
  implements Engine
{
  readonly #port: ClusterPort;
  readonly #options: CheckedOptions;
  #core: StoreCore | undefined;

  /**
   * @param port the store's port, from a connection's `store(name)`. Closing the store leaves the port and the
   * connection open
   * @throws ClusterError SSTITCH_OPTION_INVALID
   */
  constructor(port: ClusterPort, options: ClusterStoreOptions<K, V> = {}) {
    checkPort(port);
    const checked = checkStoreOptions(options);
    super(MANIFEST, options);
    this.#port = port;
    this.#options = checked;
  }

  /** Several processes write to this engine, and its commits can depend on what they read. */
  get capabilities(): EngineCapabilities {
    return { tables: false, checkpoint: false, shared: true, conditions: true };
  }

  get #opened(): StoreCore {
    if (this.#core !== undefined) return this.#core;
    throw new ClusterError('SSTITCH_STORE_CLOSED', 'the store is not open');
  }

  /**
   * Replaces all that `spans` hold by `entries`, in one commit. No other caller waits while the entries are loaded, and
   * readers see the old contents of the spans or the new ones.
   *
   * @param spans disjoint and in ascending order. Their bounds have at most about 1 MB in total
   * @param entries in strictly ascending key order, each inside one of the spans. Keys and values that are bytes are
   * taken as they are; others are encoded by the store's encodings, or those of the options
   * @throws ClusterError SSTITCH_SPANS_INVALID, SSTITCH_ENTRIES_INVALID, SSTITCH_OPTION_INVALID, SSTITCH_TOO_LARGE,
   * SSTITCH_ABORTED, SSTITCH_COMMIT_CONFLICT, SSTITCH_CLUSTER_UNAVAILABLE, SSTITCH_CLUSTER_REFUSED,
   * SSTITCH_LOAD_ABORTED, SSTITCH_LEASE_LOST, after which the store is as it was; SSTITCH_COMMIT_UNKNOWN
   */
  async replaceSpans(
    spans: readonly Span[],
    entries: AsyncIterable<ReadonlyArray<readonly [key: K | Uint8Array, value: V | Uint8Array]>>,
    options?: ClusterReplaceOptions<K, V>,
  ): Promise<ReplaceSpansResult>;
  /** Replaces all that `spans` hold by `entries`, whose keys and values have the encodings of the options. */
  async replaceSpans<TKey, TValue>(
    spans: readonly Span[],
    entries: AsyncIterable<
      ReadonlyArray<readonly [key: TKey | Uint8Array, value: TValue | Uint8Array]>
    >,
    options: ClusterReplaceOptions<TKey, TValue>,
  ): Promise<ReplaceSpansResult>;
  async replaceSpans(
    spans: readonly Span[],
    entries: AsyncIterable<unknown>,
    options: ClusterReplaceOptions<unknown, unknown> = {},
  ): Promise<ReplaceSpansResult> {
    const checked = checkSpans(spans);
    checkEntryPages(entries);
    checkSignal(options.signal);
    const encoder = this.#encoderOf(options);
    return this.#onCondition(options, async (condition) => {
      await this.#whenOpen('replaceSpans');
      return this.#opened.replaceSpans(checked, entries, encoder, options.signal, condition);
    });
  }

  #encoderOf<TKey, TValue>({
    keyEncoding,
    valueEncoding,
  }: ClusterReplaceOptions<TKey, TValue>): EntryEncoder {
    const key = this.keyEncoding(keyEncoding as never);
    const value = this.valueEncoding(valueEncoding as never);
    return { key: encodeBy(key), value: encodeBy(value) };
  }

  /**
   * Writes the memtable to a run, so that the state that each process holds stays small.
   *
   * @returns whether it wrote one: false if there is nothing to write, or another process was first
   */
  flush(options: MaintenanceOptions = {}): Promise<boolean> {
    return this.#maintain('flush', options, (maintenance, signal) => maintenance.flush(signal));
  }

  /**
   * Flushes, merges the runs of level 0 into those below, so that lookups read fewer runs, and rewrites what is left of
   * runs that were mostly replaced, so that the rest can be collected.
   */
  fold(options: MaintenanceOptions = {}): Promise<FoldReport> {
    return this.#maintain('fold', options, (maintenance, signal) => maintenance.fold(signal));
  }

  /**
   * Deletes what no process needs: replaced runs that no reader keeps, what dead processes loaded, and the log before
   * the newest checkpoint. A process counts as dead when two collections of this store, at least two leases apart, find
   * that its lease was not renewed.
   */
  collect(options: MaintenanceOptions = {}): Promise<CollectionReport> {
    return this.#maintain('collect', options, (maintenance, signal) => maintenance.collect(signal));
  }

  /**
   * Writes the state for processes that open the store later: they read the log from there on.
   *
   * @returns the slot of the state
   */
  checkpoint(options: MaintenanceOptions = {}): Promise<number> {
    return this.#maintain('checkpoint', options, (maintenance) => maintenance.checkpoint());
  }

  /** Reads what the store consists of: slots, runs, leases, loads. */
  clusterStatus(options: MaintenanceOptions = {}): Promise<ClusterStatus> {
    return this.#maintain('clusterStatus', options, (maintenance) => maintenance.status());
  }

  /** Applies all operations at once. */
  override batch(operations: Array<AbstractBatchOperation<this, K, V>>): Promise<void>;
  /**
   * Applies all operations at once.
   *
   * @throws ClusterError SSTITCH_COMMIT_CONFLICT if the spans of `ifUnchanged` have changed: nothing was applied
   */
  override batch<TKey = K, TValue = V>(
    operations: Array<AbstractBatchOperation<this, TKey, TValue>>,
    options: AbstractBatchOptions<TKey, TValue> & CommitCondition,
  ): Promise<void>;
  /** Starts a batch to which operations are added one by one. */
  override batch(): AbstractChainedBatch<this, K, V>;
  override batch(
    ...given: [Array<AbstractBatchOperation<this, K, V>>?, AbstractBatchOptions<K, V>?]
  ): unknown {
    return super.batch(...(given as []));
  }

  async #maintain<T>(
    method: string,
    { signal }: MaintenanceOptions,
    run: (maintenance: StoreMaintenance, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    checkSignal(signal);
    await this.#whenOpen(method);
    const core = this.#opened;
    return core.operation(signal, (either) => {
      throwIfAborted(either);
      return run(core.maintenance, either);
    });
  }

  /** Returns what this process knows of the store, and what it did. */
  async metrics(): Promise<ClusterStoreMetrics> {
    await this.#whenOpen('metrics');
    return storeMetrics(this.#opened);
  }

  /** Waits for an open in progress. @throws LEVEL_DATABASE_NOT_OPEN if the store is not open then */
  async #whenOpen(method: string): Promise<void> {
    if (this.status === 'opening') await this.open({ passive: true } as object);
    if (this.status === 'open') return;
    throw Object.assign(new Error(`Database is not open: cannot call ${method}()`), {
      code: 'LEVEL_DATABASE_NOT_OPEN',
    });
  }

  /** @internal */
  async _open(): Promise<void> {
    const core = await StoreCore.open({
      port: this.#port,
      clock: systemClock,
      ...this.#options,
      giveTurn,
      onMaintenanceFailure: (task, error) => {
        // A listener that throws must not end the maintenance.
        queueMicrotask(() => this.emit('maintenanceFailure', task, error));
      },
    });
    this.#core = core;
    // abstract-level closes resources before it calls `_close`. A snapshot waits for the commits that depend on it.
    const close = async () => core.abort();
    this.attachResource({ close, [Symbol.asyncDispose]: close });
  }

  /** @internal */
  async _close(): Promise<void> {
    const core = this.#core;
    this.#core = undefined;
    await core?.close();
  }

  /** @internal */
  async _get(key: Uint8Array, options: EncodedReadOptions): Promise<Uint8Array | undefined> {
    return copied(await this.#opened.get(key, this.#viewOf(options)));
  }

  /** @internal */
  async _getMany(
    keys: Uint8Array[],
    options: EncodedReadOptions,
  ): Promise<Array<Uint8Array | undefined>> {
    return this.#opened.getMany(keys, this.#viewOf(options), copied);
  }

  /** @internal */
  async _has(key: Uint8Array, options: EncodedReadOptions): Promise<boolean> {
    return (await this.#opened.get(key, this.#viewOf(options))) !== undefined;
  }

  /** @internal */
  async _hasMany(keys: Uint8Array[], options: EncodedReadOptions): Promise<boolean[]> {
    return this.#opened.getMany(keys, this.#viewOf(options), (value) => value !== undefined);
  }

  /** @internal */
  _put(key: Uint8Array, value: Uint8Array): Promise<void> {
    return this.#opened.write([{ type: 'put', key, value }]);
  }

  /** @internal */
  _del(key: Uint8Array): Promise<void> {
    return this.#opened.write([{ type: 'del', key }]);
  }

  /** @internal */
  _chainedBatch(): AbstractChainedBatch<this, K, V> {
    return new CopyingBatch<this, K, V>(this);
  }

  /** @internal */
  _batch(operations: readonly EncodedOperation[], options: CommitCondition): Promise<void> {
    return this.#onCondition(options, (condition) => this.#opened.write(operations, condition));
  }

  /** Runs a commit, and keeps the snapshot on which it depends open meanwhile. */
  #onCondition<T>(
    { ifUnchanged }: CommitCondition,
    commit: (condition: View | undefined) => Promise<T>,
  ): Promise<T> {
    const condition = this.#viewOf({ snapshot: ifUnchanged });
    if (ifUnchanged instanceof ClusterSnapshot && !ifUnchanged.isWatching) {
      throw optionInvalid('ifUnchanged: the snapshot watches no spans');
    }
    ifUnchanged?.ref();
    return commit(condition).finally(() => ifUnchanged?.unref());
  }

  /** @internal */
  async _clear(options: EncodedRange & EncodedReadOptions): Promise<void> {
    const core = this.#opened;
    const span = spanOfRange(options);
    if (isEmptySpan(span)) return;
    const snapshot = this.#viewOf(options);
    if (snapshot === undefined && options.limit < 0) return core.remove([span]);
    return core.operation(undefined, (signal) =>
      clearEntries(core, span, options, snapshot, signal),
    );
  }

  /** @internal */
  _iterator(options: EncodedIteratorOptions & EncodedReadOptions): ClusterIterator {
    const { client, reader } = this.#opened;
    const snapshot = this.#viewOf(options);
    return new ClusterIterator(this as unknown as AnyStore, options, {
      reader,
      view: snapshot ?? client.view(),
      ownsView: snapshot === undefined,
    });
  }

  /** @internal */
  _snapshot(options: SnapshotOptions & { readonly owner?: unknown }): ClusterSnapshot {
    if (options.watch !== undefined && options.owner !== this) {
      throw optionInvalid('watch: only a snapshot of the store, not of a sublevel, watches spans');
    }
    const watched = joinTouchingSpans(checkSpans(options.watch ?? []));
    const view = this.#opened.client.view(watched);
    return new ClusterSnapshot(this as unknown as AnyStore, options, view);
  }

  #viewOf({ snapshot }: EncodedReadOptions): View | undefined {
    if (snapshot === undefined || snapshot === null) return undefined;
    if (snapshot instanceof ClusterSnapshot && (snapshot.store as unknown) === this) {
      return snapshot.view;
    }
    throw optionInvalid('the snapshot belongs to another store');
  }
}

/** Level's byte encodings would store an object as "[object Object]", so they encode only strings. */
function encodeBy({ name, encode }: EncodingByName): (given: unknown) => unknown {
  const takesBytes = name === 'view' || name === 'buffer';
  return (given) => (takesBytes && typeof given !== 'string' ? given : encode(given as never));
}

interface EncodingByName {
  readonly name: string;
  readonly encode: (given: never) => unknown;
}

/** A copy: what was read may be a view of a cached block. */
function copied(value: Uint8Array | undefined): Uint8Array | undefined {
  return value === undefined ? undefined : new Uint8Array(value);
}
