// A store on a cluster, open for writing. A bulk load builds its tables on this machine, in the temporary directory, and
// sends their entries to the cluster in one commit.
import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ByteBatchOptions,
  type ByteIterator,
  type ByteIteratorOptions,
  type ByteOperation,
  type ByteReadOptions,
  byteEncodings,
  type Engine,
  type EngineCapabilities,
  type EngineSnapshot,
  type EntryPages,
  type ReplaceSpansOptions,
  type ReplaceSpansResult,
  type SnapshotOptions,
  type Span,
} from '@sstitch/contract';
import { type LoadedTables, Store, TableLoader, type TableLoaderOptions } from '@sstitch/engine';
import { makeTemporaryDirectory, removeTemporary } from '@sstitch/records/temporary-files';
import { usageError } from '../errors.js';
import type { ByteStore, StoreCommit } from './byte-store.js';
import { scanSpan } from './scan-span.js';

interface CommitOptions {
  readonly signal?: AbortSignal | undefined;
  readonly purge?: boolean;
  readonly ifUnchanged?: EngineSnapshot;
}

export class ClusterWriter implements ByteStore {
  readonly #engine: Engine;
  /** Holds the tables of bulk loads. */
  readonly #directory: string;
  #loads = 0;

  private constructor(engine: Engine, directory: string) {
    this.#engine = engine;
    this.#directory = directory;
  }

  static async open(engine: Engine): Promise<ClusterWriter> {
    return new ClusterWriter(engine, await makeTemporaryDirectory('sstitch-load-'));
  }

  get capabilities(): EngineCapabilities {
    return this.#engine.capabilities;
  }

  get status(): string {
    return this.#engine.status;
  }

  get(key: Uint8Array, options: ByteReadOptions = byteEncodings): Promise<Uint8Array | undefined> {
    return this.#engine.get(key, options);
  }

  getMany(
    keys: Uint8Array[],
    options: ByteReadOptions = byteEncodings,
  ): Promise<Array<Uint8Array | undefined>> {
    return this.#engine.getMany(keys, options);
  }

  iterator(options: ByteIteratorOptions = byteEncodings): ByteIterator {
    return this.#engine.iterator(options);
  }

  snapshot(options?: SnapshotOptions): EngineSnapshot {
    return this.#engine.snapshot(options);
  }

  batch(operations: ByteOperation[], options: ByteBatchOptions = byteEncodings): Promise<void> {
    return this.#engine.batch(operations, options);
  }

  replaceSpans(
    spans: readonly Span[],
    entries: EntryPages,
    options: ReplaceSpansOptions = {},
  ): Promise<ReplaceSpansResult> {
    return this.#engine.replaceSpans(spans, entries, { ...byteEncodings, ...options });
  }

  /** Nothing is left to check: every read checks the blocks that it reads. */
  async verifySpans(): Promise<void> {}

  excise(spans: readonly Span[], options: CommitOptions = {}): Promise<StoreCommit> {
    return this.#replace(spans, nothing(), options);
  }

  tableLoader(options: TableLoaderOptions = {}): TableLoader {
    return new TableLoader(this.#makeDirectory(), options);
  }

  async ingestAndExcise(tables: LoadedTables, options: CommitOptions = {}): Promise<StoreCommit> {
    const { signal } = options;
    const directory = this.#makeDirectory();
    const sorted = new Store<Uint8Array, Uint8Array>(join(directory, 'store'), {
      keyEncoding: 'view',
      valueEncoding: 'view',
    });
    await sorted.open();
    try {
      await sorted.ingestAndExcise(tables, { move: true, ...(signal && { signal }) });
      const spans = tables.spans.map(({ span }) => span);
      return await this.#replace(spans, entriesOf(sorted, spans, signal), options);
    } finally {
      await sorted.close();
      // Remove the tables here, not only in `close`: after conflicts a command repeats the load up to twenty times.
      await rm(directory, { recursive: true });
    }
  }

  /** Removes the tables of bulk loads. The engine stays open. */
  close(): Promise<void> {
    return removeTemporary(this.#directory);
  }

  async #replace(
    spans: readonly Span[],
    entries: EntryPages,
    { signal, purge = false, ifUnchanged }: CommitOptions,
  ): Promise<StoreCommit> {
    if (purge) {
      throw usageError(
        '--purge applies to a store in a directory: on a cluster, `sstitch cluster collect` deletes what no reader keeps',
      );
    }
    const { pauseMs, durationMs } = await this.replaceSpans(spans, entries, {
      ifUnchanged,
      ...(signal && { signal }),
    });
    return { pauseMs, durationMs, spans: [] };
  }

  #makeDirectory(): string {
    this.#loads += 1;
    const directory = join(this.#directory, String(this.#loads));
    mkdirSync(directory);
    return directory;
  }
}

async function* nothing(): EntryPages {}

async function* entriesOf(
  store: Store<Uint8Array, Uint8Array>,
  spans: readonly Span[],
  signal: AbortSignal | undefined,
): EntryPages {
  for (const span of spans) yield* scanSpan(store, span, signal && { signal });
}
