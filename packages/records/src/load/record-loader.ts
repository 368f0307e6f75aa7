// Loads syncs in bulk: this thread encodes records into arenas, the threads of a table loader sort them and
// build tables meanwhile, and one commit ingests the tables.
//
// Invariants: entries that no thread has taken yet take at most `maxHeldBytes` plus what was added since the
// last `room`; statistics are held back until the records are counted.
import {
  type CommitCondition,
  compareBytes,
  type EngineSnapshot,
  type Span,
  type UnsortedEntries,
} from '@sstitch/contract';
import { bucketLayout, classifyKey, parseSyncId, syncSpansInKeyOrder, toHex } from '@sstitch/keys';
import { decodeRecord } from '../encoding/encode.js';
import { RecordScanner } from '../encoding/record-scanner.js';
import { SYNC_ID } from '../encoding/scanned-fields.js';
import { RecordsError, throwIfAborted } from '../errors.js';
import type { SyncRunRecord, SyncStatsRecord } from '../gen/c1/storage/v3/records_pb.js';
import { type IndexBucket, listedIds } from '../indexes/indexes.js';
import { checkSync } from '../indexes/record-entries.js';
import { primaryKey, type SyncRecord, type ValueBucket } from '../record-types.js';
import { measuresOf } from '../statistics/run-measures.js';
import { SyncCounter } from '../statistics/sync-counter.js';
import { RecordArenas } from './record-arenas.js';

const MIB = 1024 * 1024;
const MAX_HELD_BYTES = 32 * MIB;
/** How many records `addMany` adds before it waits for room: few, so that memory is bounded and the event loop runs. */
const RECORDS_PER_ROOM = 256;
const UTF8 = new TextEncoder();
const NO_KEY = new Uint8Array(0);

/** Builds tables from entries in any order; a `TableLoader` of @sstitch/engine implements it. */
export interface EntryTables<Tables> {
  /** Adds entries. Fulfils when there is room for more. */
  add(pages: readonly UnsortedEntries[]): Promise<void>;
  /** Builds the tables of all added entries. */
  finish(spans: readonly Span[]): Promise<Tables>;
  /** Stops all work. Fulfils when nothing is being written any more. */
  end(): Promise<void>;
}

/** Options that a {@link RecordLoader} passes to the table loader. */
export interface EntryTablesOptions {
  /** Ends the load with SSTITCH_ABORTED; undefined if it cannot be aborted. */
  readonly signal: AbortSignal | undefined;
  /** Called when the memory of added entries can be reused. */
  readonly onWritten: (entries: UnsortedEntries) => void;
  /** Called from time to time while the entries are merged; undefined if no caller wants to know. */
  readonly onProgress: ((progress: LoadProgress) => void) | undefined;
}

/** The progress of a commit. */
export interface LoadProgress {
  /** Entries merged so far. */
  readonly entries: number;
  /** Entries to merge. */
  readonly ofEntries: number;
}

/** A store that ingests tables; `Store` of @sstitch/engine implements it. */
export interface TableStore<Tables> {
  /** Replaces everything inside the spans of the tables by their entries. */
  ingestAndExcise(
    tables: Tables,
    options: {
      readonly move: true;
      readonly signal?: AbortSignal;
      /** The snapshot on which the commit depends, for a store that several processes write. */
      readonly ifUnchanged?: EngineSnapshot;
    },
  ): Promise<unknown>;
}

/** Options of a {@link RecordLoader}. */
export interface RecordLoaderOptions {
  /** Aborts the load until the commit; the store is then as it was. */
  readonly signal?: AbortSignal | undefined;
  /** Called from time to time while the commit merges the sorted entries. An error that it throws ends the load. */
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
  /** The most memory for entries that no thread has taken yet. @defaultValue 32 MiB */
  readonly maxHeldBytes?: number;
}

/** The result of loading a sync. */
export interface LoadedSync {
  /** The sync, in text form. */
  readonly syncId: string;
  /** The number of keys that the sync now has in the store, including index entries. */
  readonly entries: number;
  /** The counts of its records. The store holds them too if the sync has ended or came with statistics. */
  readonly stats: SyncStatsRecord;
}

interface LoadingSync {
  /** The sync's id in the encoding of records. */
  readonly idText: Uint8Array;
  readonly counter: SyncCounter;
  entries: number;
  run?: SyncRunRecord;
  stats?: SyncStatsRecord;
}

/**
 * Loads whole syncs into a store, replacing what it holds of them in one commit. Records may be added in any
 * order, with those of several syncs mixed. The loader adds the index entries of the records and, for a sync
 * that has ended, its statistics.
 */
export class RecordLoader<Tables> {
  readonly #arenas = new RecordArenas();
  readonly #scanner = new RecordScanner();
  readonly #syncs = new Map<string, LoadingSync>();
  readonly #tables: EntryTables<Tables>;
  readonly #signal: AbortSignal | undefined;
  readonly #maxHeldBytes: number;
  #isCommitted = false;
  /** The error of the first record that was refused. The arenas may hold a part of that record. */
  #refusal: { readonly error: unknown } | undefined;

  /** @param openTables - opens the table loader; `end` ends it. */
  constructor(
    openTables: (options: EntryTablesOptions) => EntryTables<Tables>,
    { signal, onProgress, maxHeldBytes = MAX_HELD_BYTES }: RecordLoaderOptions = {},
  ) {
    if (!(maxHeldBytes > 0)) {
      throw new RecordsError('SSTITCH_OPTION_INVALID', 'maxHeldBytes must be a positive number');
    }
    this.#tables = openTables({
      signal,
      onWritten: (entries) => this.#arenas.reuse(entries),
      onProgress,
    });
    this.#signal = signal;
    this.#maxHeldBytes = maxHeldBytes;
  }

  /** The number of entries added so far, including index entries. */
  get entries(): number {
    return this.#arenas.entries;
  }

  /** The ids of the syncs of the records added so far, in order of their first record. */
  get syncIds(): string[] {
    return [...this.#syncs.keys()];
  }

  /**
   * Adds a record with its index entries. They are held in memory until {@link room} passes them on; call it
   * after every few hundred records.
   *
   * @throws {@link RecordsError} SSTITCH_RECORD_SYNC_MISMATCH, SSTITCH_RECORD_INVALID, SSTITCH_LOAD_COMMITTED,
   * and SSTITCH_RECORD_REPEATED on a second record of statistics; KeysError on ids that cannot be in a key. The
   * load must then be ended: `commit` throws the same error.
   */
  add(syncId: string, record: SyncRecord): void {
    this.#checkOpen();
    try {
      this.#add(syncId, record, undefined);
    } catch (error) {
      throw this.#refusing(error);
    }
  }

  /** Adds a record. @param value - the record's bytes, if they differ from those of `encodeRecord`. */
  #add(syncId: string, record: SyncRecord, value: Uint8Array | undefined): void {
    const sync = this.#syncOf(syncId);
    if (record?.$typeName === 'c1.storage.v3.SyncStatsRecord') {
      const bytes = parseSyncId(syncId);
      checkSync(bytes, syncId, record);
      if (sync.stats !== undefined) throw repeated(primaryKey(bytes, record));
      sync.stats = record;
      return;
    }
    this.#addEntries(sync, syncId, record, value);
    sync.counter.add(record);
    if (record.$typeName === 'c1.storage.v3.SyncRunRecord') sync.run = record;
  }

  /**
   * Adds a record by its bytes, which are stored unchanged, with its index entries. Like {@link add}, but takes
   * a fraction of the time of decoding the record.
   *
   * @throws the errors of {@link add}, and {@link RecordsError} SSTITCH_RECORD_UNDECODABLE if the bytes are not
   * the bucket's message.
   */
  addValue(syncId: string, bucket: ValueBucket, value: Uint8Array): void {
    this.#checkOpen();
    try {
      this.#addValue(syncId, bucket, value);
    } catch (error) {
      throw this.#refusing(error);
    }
  }

  #addValue(syncId: string, bucket: ValueBucket, value: Uint8Array): void {
    const sync = this.#syncOf(syncId);
    const scanner = this.#scanner;
    const isPlain = value instanceof Uint8Array && scanner.scan(bucket, value);
    if (!isPlain || !scanner.isSame(SYNC_ID, sync.idText)) {
      // Decoding reports what is wrong with the record.
      this.#add(syncId, decodeRecord(bucket, NO_KEY, value), value);
      return;
    }
    const before = this.#arenas.entries;
    this.#arenas.addScanned(syncId, scanner);
    sync.entries += this.#arenas.entries - before;
    sync.counter.addCount(scanner.bucket, 1, scanner.countedType());
  }

  /**
   * Adds records and waits for room between them.
   *
   * @returns the number of records.
   * @throws the errors of {@link add} and {@link room}.
   */
  async addMany(
    syncId: string,
    records: Iterable<SyncRecord> | AsyncIterable<SyncRecord>,
  ): Promise<number> {
    let added = 0;
    for await (const record of records) {
      this.add(syncId, record);
      added += 1;
      if (added % RECORDS_PER_ROOM === 0) await this.room();
    }
    await this.room();
    return added;
  }

  /**
   * Fulfils when there is room for more records, which is mostly at once.
   *
   * @throws {@link RecordsError} SSTITCH_RECORD_REPEATED if a record was added twice, SSTITCH_ABORTED; the
   * errors of the table loader.
   */
  async room(): Promise<void> {
    throwIfAborted(this.#signal);
    const pages = this.#arenas.takeFull();
    // There are many syncs, none of which fills an arena.
    if (this.#arenas.heldBytes > this.#maxHeldBytes) {
      pages.push(...this.#arenas.takeDownTo(this.#maxHeldBytes / 2));
    }
    if (pages.length > 0) await named(this.#tables.add(pages));
  }

  /**
   * Commits the load: of every sync with an added record, the store then holds exactly the added records.
   *
   * @param condition what the commit depends on, for a store that several processes write. @defaultValue nothing
   * @throws {@link RecordsError} as {@link room} does; the error of the first record that `add` or `addValue` refused; the
   * errors of the table loader and the store. Unless the store's error says otherwise, the store is then as it was.
   */
  async commit(store: TableStore<Tables>, condition: CommitCondition = {}): Promise<LoadedSync[]> {
    throwIfAborted(this.#signal);
    this.#checkOpen();
    if (this.#refusal !== undefined) throw this.#refusal.error;
    this.#isCommitted = true;
    const loaded = [...this.#syncs].map(([syncId, sync]) => this.#finish(syncId, sync));
    if (loaded.length === 0) return loaded;
    await named(this.#tables.add(this.#arenas.takeDownTo(0)));
    const spans = loaded.flatMap(({ syncId }) =>
      syncSpansInKeyOrder(syncId).map(({ span }) => span),
    );
    spans.sort((a, b) => compareBytes(a.start, b.start));
    const tables = await named(this.#tables.finish(spans));
    const signal = this.#signal;
    const { ifUnchanged } = condition;
    await store.ingestAndExcise(tables, {
      move: true,
      ...(signal && { signal }),
      ...(ifUnchanged && { ifUnchanged }),
    });
    return loaded;
  }

  /** Ends the load, committed or not. Fulfils when nothing writes tables any more. Must always be called. */
  end(): Promise<void> {
    return this.#tables.end();
  }

  #checkOpen(): void {
    if (!this.#isCommitted) return;
    throw new RecordsError(
      'SSTITCH_LOAD_COMMITTED',
      'the load is committed: open another one for more records',
    );
  }

  /** Keeps `commit` from storing what is left of a refused record. Returns the error. */
  #refusing(error: unknown): unknown {
    this.#refusal ??= { error };
    return error;
  }

  /** Adds the statistics of a sync. */
  #finish(syncId: string, sync: LoadingSync): LoadedSync {
    const { counter, run, stats: given } = sync;
    // Statistics have the time of the end of the run, so that loading a sync again produces the same bytes.
    const writtenAt = given?.writtenAt ?? run?.endedAt;
    const stats: SyncStatsRecord = {
      ...counter.toRecord(syncId),
      ...(given && measuresOf(given)),
      ...(writtenAt && { writtenAt }),
    };
    if (given !== undefined || run?.endedAt !== undefined) {
      this.#addEntries(sync, syncId, stats, undefined);
    }
    return { syncId, entries: sync.entries, stats };
  }

  #addEntries(
    sync: LoadingSync,
    syncId: string,
    record: SyncRecord,
    value: Uint8Array | undefined,
  ): void {
    const before = this.#arenas.entries;
    this.#arenas.add(syncId, record, value);
    sync.entries += this.#arenas.entries - before;
  }

  #syncOf(syncId: string): LoadingSync {
    let sync = this.#syncs.get(syncId);
    if (sync === undefined) {
      parseSyncId(syncId);
      sync = { idText: UTF8.encode(syncId), counter: new SyncCounter(), entries: 0 };
      this.#syncs.set(syncId, sync);
    }
    return sync;
  }
}

/** Replaces a table loader's error about a duplicate key by one that names the record. */
async function named<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && 'key' in error && error.key instanceof Uint8Array) {
      throw repeated(error.key, error);
    }
    throw error;
  }
}

function repeated(key: Uint8Array, cause?: unknown): RecordsError {
  return new RecordsError(
    'SSTITCH_RECORD_REPEATED',
    `duplicate record: ${nameOf(key)}`,
    cause === undefined ? { key } : { cause, key },
  );
}

/** The name of the record with this key, or of the one that an index key lists. */
function nameOf(key: Uint8Array): string {
  const classified = classifyKey(key);
  if (classified.kind !== 'sync') return toHex(key);
  const { bucket, elements } = classified.key;
  const { kind, indexOf } = bucketLayout(bucket);
  const ids = kind === 'index' ? listedIds(bucket as IndexBucket, elements) : elements;
  return [indexOf ?? bucket, ...ids.map((id) => JSON.stringify(id))].join(' ');
}
