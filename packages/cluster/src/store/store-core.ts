// An open store: its copy of the log, its reader of runs, and its maintenance. It works on encoded keys and values.
//
// Invariants:
// - every read of runs holds a view, and releases it afterwards;
// - everything that was started has ended when `close` fulfils.
import type { ReplaceSpansResult, Span } from '@sstitch/contract';
import type { Clock } from '../clock.js';
import { ClusterError } from '../errors.js';
import { commitRun } from '../maintenance/commit-run.js';
import type { MaintenanceContext } from '../maintenance/flush.js';
import type { ClusterPort } from '../port.js';
import type { LogClient, View } from '../protocol/log-client.js';
import { openLogClient } from '../protocol/protocol.js';
import { BlockCache, processCache } from '../runs/block-cache.js';
import { readKey, readKeys } from '../runs/read-key.js';
import { holdsKeysIn } from '../runs/run-cursor.js';
import { RunReader } from '../runs/run-reader.js';
import { writeRun } from '../runs/run-writer.js';
import type { State } from '../state/state.js';
import { committableSpans } from './committable-spans.js';
import { checkedEntries, type EntryEncoder } from './entry-pages.js';
import { StoreMaintenance } from './store-maintenance.js';
import { commitBatch, copyOfBatch, type EncodedOperation } from './writes.js';

export interface StoreCoreOptions {
  readonly port: ClusterPort;
  readonly clock: Clock;
  readonly leaseMs: number;
  readonly blockSizeBytes: number;
  /** Undefined for the cache that the stores of a process share. */
  readonly cacheBytes?: number | undefined;
  readonly isAutomatic: boolean;
  readonly newId?: () => string;
  /** How long a commit waits for a backend that does not answer. @defaultValue 30_000 */
  readonly commitTimeoutMs?: number;
  /** Awaited by each operation, and for each page of a replacement. @defaultValue does nothing */
  readonly giveTurn?: () => Promise<void>;
  readonly onMaintenanceFailure?: (task: string, error: unknown) => void;
}

export class StoreCore {
  readonly client: LogClient;
  readonly reader: RunReader;
  readonly cache: BlockCache;
  readonly maintenance: StoreMaintenance;
  readonly #context: MaintenanceContext;
  readonly #giveTurn: () => Promise<void>;
  readonly #closing = new AbortController();
  readonly #operations = new Set<Promise<unknown>>();

  /** @throws ClusterError as `openLogClient` */
  static async open(options: StoreCoreOptions): Promise<StoreCore> {
    const { port, cacheBytes } = options;
    const cache = cacheBytes === undefined ? processCache : new BlockCache(cacheBytes);
    const reader = new RunReader({ port, cache, checkLease: () => client.checkLease() });
    const client = await openLogClient(port, {
      ...options,
      holdsKeysIn: (run, spans) => holdsKeysIn(reader, run, spans),
    });
    return new StoreCore(client, reader, cache, options);
  }

  private constructor(
    client: LogClient,
    reader: RunReader,
    cache: BlockCache,
    options: StoreCoreOptions,
  ) {
    const { port, clock, leaseMs, blockSizeBytes, newId } = options;
    this.client = client;
    this.reader = reader;
    this.cache = cache;
    this.#context = { client, port, reader, clock, blockSizeBytes, newId };
    this.#giveTurn = options.giveTurn ?? (async () => undefined);
    this.maintenance = new StoreMaintenance(this.#context, {
      leaseMs,
      isAutomatic: options.isAutomatic,
      onFailure: options.onMaintenanceFailure ?? (() => undefined),
    });
  }

  /** @throws ClusterError as `readKey` */
  async get(key: Uint8Array, snapshot: View | undefined): Promise<Uint8Array | undefined> {
    return this.#read(snapshot, (state) => readKey(this.reader, state, key));
  }

  /** @throws ClusterError as `readKey` */
  async getMany<T>(
    keys: readonly Uint8Array[],
    snapshot: View | undefined,
    take: (value: Uint8Array | undefined) => T,
  ): Promise<T[]> {
    return this.#read(snapshot, (state) => readKeys(this.reader, state, keys, take));
  }

  #read<T>(snapshot: View | undefined, read: (state: State) => Promise<T>): Promise<T> {
    return this.operation(undefined, async () => {
      return snapshot === undefined ? this.#readLatest(read) : read(await snapshot.state());
    });
  }

  /**
   * Reads the newest state. The known state is read while the log is probed: if the log has not advanced, the result is
   * valid after one round trip.
   */
  async #readLatest<T>(read: (state: State) => Promise<T>): Promise<T> {
    const view = this.client.view();
    try {
      const known = this.client.known;
      const early = read(known).then(
        (value) => ({ value }),
        // Others may have deleted what an old state names. If it is the newest, the read below fails in the same way.
        () => undefined,
      );
      const state = await view.state();
      const result = state === known ? await early : undefined;
      return result === undefined ? await read(state) : result.value;
    } finally {
      view.release();
    }
  }

  /** @throws ClusterError as `commitBatch` */
  async write(operations: readonly EncodedOperation[], condition?: View): Promise<void> {
    await this.operation(undefined, async (signal) => {
      const batch = copyOfBatch(operations);
      // No wait otherwise: writes are committed in the order of the calls.
      if (this.maintenance.isOverfull) await this.maintenance.settled;
      await commitBatch({ ...this.#context, signal }, batch, condition);
    });
  }

  /** Removes all that spans hold. @throws ClusterError as `LogClient.commit` */
  async remove(spans: readonly Span[]): Promise<void> {
    const joined = committableSpans(spans);
    if (joined.length === 0) return;
    await this.operation(undefined, async () => {
      const edit = { type: 'replace', spans: joined, run: undefined } as const;
      await this.client.commit([edit]);
    });
  }

  /** @throws ClusterError as the public `replaceSpans` */
  async replaceSpans(
    spans: readonly Span[],
    entries: AsyncIterable<unknown>,
    encoder: EntryEncoder,
    signal: AbortSignal | undefined,
    condition?: View,
  ): Promise<ReplaceSpansResult> {
    const { clock, client } = this.#context;
    const startedMs = clock.nowMs();
    const joined = committableSpans(spans);
    const result = await this.operation(signal, async (either) => {
      const pages = checkedEntries(entries, joined, encoder, either, this.#giveTurn);
      const written = await writeRun(pages, { ...this.#context, signal: either });
      if (joined.length === 0) return { entries: 0, pauseMs: 0 };
      const edit = { type: 'replace', spans: joined, run: written?.run } as const;
      const committed = await commitRun(condition ?? client, written, [edit]);
      return { entries: written?.run.entries ?? 0, pauseMs: committed?.durationMs ?? 0 };
    });
    return { ...result, durationMs: clock.nowMs() - startedMs };
  }

  /** Runs an operation that `close` aborts and waits for. */
  async operation<T>(
    signal: AbortSignal | undefined,
    run: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const closing = this.#closing.signal;
    const either = signal === undefined ? closing : AbortSignal.any([closing, signal]);
    const running = run(either).catch((error: unknown) => {
      const isOfClose = closing.aborted && either.reason === closing.reason;
      if (isOfClose && error instanceof ClusterError && error.code === 'SSTITCH_ABORTED') {
        throw new ClusterError('SSTITCH_STORE_CLOSED', 'the store was closed', { cause: error });
      }
      throw error;
    });
    this.#operations.add(running);
    try {
      const result = await running;
      await this.#giveTurn();
      return result;
    } finally {
      this.#operations.delete(running);
    }
  }

  /** Aborts what has not been committed. */
  abort(): void {
    this.#closing.abort();
  }

  /** Aborts what has not been committed, waits for the rest, and ends the lease. */
  async close(): Promise<void> {
    this.abort();
    await this.maintenance.close();
    await Promise.allSettled(this.#operations);
    await this.client.close();
  }
}
