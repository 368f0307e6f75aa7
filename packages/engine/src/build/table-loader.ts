// Loads entries in any order. While entries arrive, worker threads sort them and write them as runs; at the end, they
// merge the runs into the tables for a commit. Packed entries never become objects, and entries in shared memory are not
// copied to the threads.
//
// Invariants:
// - entries whose run is not written yet take at most `MAX_WAITING_BYTES`, a page and an arena;
// - after `end` no work is done in the directory;
// - the work of a store's loader belongs to the store's operations, which its close ends and awaits;
// - a key that occurs twice is an error, as it is unknown which value is meant.

import { setMaxListeners } from 'node:events';
import { describeValue, isBytes, type Span, type UnsortedEntries } from '@sstitch/contract';
import { checkDirectory, checkOptions, optionInvalid } from '../check-options.js';
import { abortedError, EngineError } from '../errors.js';
import { checkSpans } from '../spans.js';
import { LoadedTables } from '../tables/extracted-tables.js';
import type { Operations } from '../threads/operations.js';
import { asEngineError } from '../threads/task-errors.js';
import { threadPool } from '../threads/thread-pool.js';
import { UnsyncedFiles } from '../threads/unsynced-files.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import { BUILT_SEQUENCE } from './build-tables.js';
import { checkPageOfBytes } from './check-pages.js';
import { checkUnsortedPages } from './check-unsorted.js';
import { EntryArena } from './entry-arena.js';
import { type EncodingDatabase, type EntryEncodingOptions, pageEncoder } from './entry-encoding.js';
import { mergeToOneRun, repeatedError } from './merge-to-one-run.js';
import { type RunPage, type SortedRun, sortToTablesTask } from './sort-to-tables.js';

const MIB = 1024 * 1024;
/** The limit of pages that wait for a thread: enough that no thread waits for the next page. */
const MAX_WAITING_BYTES = 6 * MIB;
/** Small pages are sent to a thread together, up to this size. */
const TASK_BYTES = MIB;
/** Entries that are not packed are written as a run when they have this size, which is that of a run's table. */
const ARENA_BYTES = 4 * MIB;

/** Options of a `TableLoader`. */
export interface TableLoaderOptions {
  /** Aborts the load. */
  readonly signal?: AbortSignal | undefined;
  /** Called when the memory of packed entries that were added can be reused. It must not throw. */
  readonly onWritten?: ((entries: UnsortedEntries) => void) | undefined;
  /** Called from time to time while `finish` merges the sorted entries. An error that it throws ends the load. */
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
}

/** The progress of merging sorted entries. */
export interface LoadProgress {
  /** Entries merged so far. */
  readonly entries: number;
  /**
   * Entries to merge: those of sorted tables that overlap. It grows if the entries are merged in several rounds, as those
   * of a large load are.
   */
  readonly ofEntries: number;
}

/** A page of entries. */
export type EntryPage<K = Uint8Array, V = Uint8Array> = ReadonlyArray<readonly [key: K, value: V]>;

/** The directory in which a loader works. */
export interface LoaderPlace {
  readonly pool: WorkerPool;
  readonly directory: string;
  /** The operations of the directory's store, if it belongs to one. */
  readonly operations?: Operations;
  /** Removes the directory. @defaultValue the caller removes it */
  remove?(): Promise<void>;
}

/** The store that a loader is for. */
export interface LoaderStore {
  readonly database: EncodingDatabase;
  /** Makes a directory once the store is open. */
  open(): Promise<LoaderPlace>;
}

/**
 * Builds tables from entries in any order, in bounded memory. `Store.tableLoader` makes a loader that works in the
 * store's directory and uses its encodings. The constructor makes a loader without a store.
 */
export class TableLoader<K = Uint8Array, V = Uint8Array> {
  readonly #database: EncodingDatabase | undefined;
  readonly #open: () => Promise<LoaderPlace>;
  readonly #ending = new AbortController();
  readonly #signal: AbortSignal | undefined;
  readonly #onWritten: (entries: UnsortedEntries) => void;
  readonly #onProgress: TableLoaderOptions['onProgress'];
  /** The runs in the making, and the calls of `add` with pages that wait for room. None of them rejects. */
  readonly #tasks = new Set<Promise<void>>();
  readonly #runs: SortedRun[] = [];
  readonly #usedArenas: UnsortedEntries[] = [];
  #opening: Promise<OpenedPlace> | undefined;
  #arena: EntryArena | undefined;
  #pages = 0;
  #entryPages = 0;
  #waitingBytes = 0;
  #isFinished = false;
  /** What `finish` returned, once it has begun to merge. */
  #finishing: Promise<unknown> | undefined;
  #failure: { readonly error: unknown } | undefined;

  /**
   * @param directory an empty directory, which the caller removes after `end`. If it is on another file system than the
   * store that the tables are for, the store copies them
   * @throws EngineError SSTITCH_OPTION_INVALID
   */
  constructor(directory: string, options?: TableLoaderOptions);
  /** @internal */
  constructor(directory: string | LoaderStore, options?: TableLoaderOptions, pool?: WorkerPool);
  constructor(
    home: string | LoaderStore,
    options: TableLoaderOptions = {},
    pool: WorkerPool = threadPool(),
  ) {
    checkOptions(options, {
      signal: 'signal',
      onWritten: 'function',
      onProgress: 'function',
    });
    if (typeof home === 'object' && home !== null && 'database' in home) {
      this.#database = home.database;
      this.#open = () => home.open();
    } else {
      checkDirectory(home);
      this.#open = async () => ({ pool, directory: home });
    }
    this.#signal = options.signal;
    this.#onWritten = options.onWritten ?? (() => undefined);
    this.#onProgress = options.onProgress;
  }

  /**
   * Adds a page of entries, each `[key, value]`, in any order. The entries are copied, so the caller can reuse their
   * memory. The promise settles when there is room for more: await it to bound memory.
   *
   * @param options the encodings of keys and values, for a store's loader. @defaultValue the store's encodings
   * @throws EngineError SSTITCH_ENTRIES_INVALID, with the numbers of the page and the entry, for an invalid entry, or
   * with the key, if it occurs twice; SSTITCH_ABORTED, SSTITCH_FILE_OPERATION. The error may be about entries that were
   * added earlier
   */
  async add(page: EntryPage<K | Uint8Array, V | Uint8Array>): Promise<void>;
  /** Adds a page of entries in any order, encoded by the options' encodings. */
  async add<TKey, TValue>(
    page: EntryPage<TKey | Uint8Array, TValue | Uint8Array>,
    options: EntryEncodingOptions<TKey, TValue>,
  ): Promise<void>;
  /**
   * Adds packed entries (`unsortedEntries`), which are stored without encoding. They must not change until `onWritten`
   * is called with them.
   */
  async add(packed: readonly UnsortedEntries[]): Promise<void>;
  async add(
    given: EntryPage<unknown, unknown> | readonly UnsortedEntries[],
    options: EntryEncodingOptions<unknown, unknown> = {},
  ): Promise<void> {
    if (!Array.isArray(given)) {
      throw invalid(
        `entries must be an array of [key, value], or of packed entries, not ${describeValue(given)}`,
      );
    }
    const place = await this.#opened();
    if (isPacked(given)) {
      const adding = this.#addPacked(place, given);
      this.#track(adding.catch(() => undefined));
      await adding;
    } else this.#addPage(place, given, options);
    await this.#room();
  }

  /**
   * Builds the tables of all entries, for one `ingestAndExcise` with `move`. Call it once. For a loader of a store, `end`
   * removes the tables that were not moved.
   *
   * @param spans sorted and disjoint; each entry must lie in one of them
   * @throws EngineError as `add`, and SSTITCH_SPANS_INVALID
   */
  async finish(spans: readonly Span[]): Promise<LoadedTables> {
    const checked = checkSpans(spans);
    const opened = this.#opened();
    this.#isFinished = true;
    const place = await opened;
    const finish = () => this.#finish(place, checked);
    const finishing = place.operations === undefined ? finish() : place.operations.run(finish);
    this.#finishing = finishing;
    return finishing;
  }

  async #finish(place: OpenedPlace, spans: readonly Span[]): Promise<LoadedTables> {
    const { directory, unsynced, signal } = place;
    try {
      this.#flushArena(place);
      while (this.#tasks.size > 0) await Promise.all(this.#tasks);
      this.#throwFailure();
      const runs = this.#runs.map(({ tables }) => tables);
      const onEntries = (merged: number, ofEntries: number) =>
        this.#onProgress?.({ entries: merged, ofEntries });
      const merging = { ...place, onEntries };
      const merged = await mergeToOneRun(merging, `${directory}/merged`, spans, runs);
      await unsynced.sync(signal).catch((error: unknown) => {
        throw asEngineError(error);
      });
      const entries = this.#runs.reduce((sum, run) => sum + run.entries, 0);
      return new LoadedTables({ spans: merged, lastSequence: Number(BUILT_SEQUENCE) }, entries);
    } finally {
      unsynced.close();
    }
  }

  /**
   * Stops the work in progress, closes files and, for a loader of a store, removes its directory. Call it in any case.
   * Once the promise settles, nothing is written.
   */
  async end(): Promise<void> {
    this.#ending.abort();
    const place = await this.#opening?.catch(() => undefined);
    await Promise.allSettled([...this.#tasks, this.#finishing]);
    await place?.remove?.();
  }

  /** Closes the loader, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  /** Returns the directory, which the first call makes. Throws if the loader has ended or finished, or the store closes. */
  async #opened(): Promise<OpenedPlace> {
    // Calls that precede `finish` belong to the load even if they were not awaited; calls that follow it do not.
    const isFinished = this.#isFinished;
    this.#opening ??= this.#openPlace();
    const place = await this.#opening;
    place.operations?.checkOpen();
    if (this.#ending.signal.aborted) {
      throw new EngineError('SSTITCH_ABORTED', 'the loader has ended: make a new one');
    }
    if (place.signal.aborted) throw abortedError(place.signal);
    if (isFinished) throw invalid('the loader has finished: make a new one');
    return place;
  }

  async #openPlace(): Promise<OpenedPlace> {
    const place = await this.#open();
    const either = place.operations?.endingWith(this.#signal) ?? this.#signal;
    const signal = AbortSignal.any([this.#ending.signal, ...(either ? [either] : [])]);
    // No limit of listeners: every task adds one.
    setMaxListeners(0, signal);
    const unsynced = new UnsyncedFiles(place.pool);
    signal.addEventListener('abort', () => unsynced.close(), { once: true });
    return { ...place, signal, unsynced };
  }

  #addPage(
    place: OpenedPlace,
    given: readonly unknown[],
    options: EntryEncodingOptions<unknown, unknown>,
  ): void {
    checkOptions(options, {});
    const pageIndex = this.#entryPages++;
    const database = this.#database;
    if (database === undefined && Object.keys(options).length > 0) {
      throw optionInvalid('a loader without a store has no encodings: pass bytes and no options');
    }
    const page = database === undefined ? given : pageEncoder(database, options)(given, pageIndex);
    checkPageOfBytes(page, pageIndex);
    for (const [key, value] of page) {
      this.#arena ??= new EntryArena(NO_PREFIX, this.#usedArenas.pop());
      this.#arena.add(key, value);
      if (this.#arena.sizeBytes >= ARENA_BYTES) this.#flushArena(place);
    }
  }

  #flushArena(place: OpenedPlace): void {
    if (this.#arena === undefined) return;
    const entries = this.#arena.entries();
    const bytes = this.#arena.sizeBytes;
    this.#arena = undefined;
    this.#start(place, [entries], bytes, () => this.#usedArenas.push(entries));
  }

  async #addPacked(place: OpenedPlace, packed: readonly UnsortedEntries[]): Promise<void> {
    checkUnsortedPages(packed);
    let group: UnsortedEntries[] = [];
    let bytes = 0;
    const start = () => {
      const pages = group;
      const onWritten = () => {
        for (const entries of pages) this.#onWritten(entries);
      };
      if (pages.length > 0) this.#start(place, pages, bytes, onWritten);
      group = [];
      bytes = 0;
    };
    for (const entries of packed) {
      if (entries.count === 0) continue;
      group.push(entries);
      bytes += entries.bytes.byteLength;
      if (bytes < TASK_BYTES) continue;
      start();
      await this.#room();
    }
    start();
  }

  /** Starts a task that writes a run for each page. */
  #start(
    place: OpenedPlace,
    pages: readonly UnsortedEntries[],
    bytes: number,
    onWritten: () => void,
  ): void {
    this.#waitingBytes += bytes;
    const named = pages.map((entries): RunPage => {
      return { entries, path: `${place.directory}/run-${this.#pages++}` };
    });
    const sorting = this.#sort(place, named).finally(() => {
      this.#waitingBytes -= bytes;
      onWritten();
    });
    this.#track(sorting);
    place.operations?.track(sorting);
  }

  #track(work: Promise<void>): void {
    const task = work.finally(() => this.#tasks.delete(task));
    this.#tasks.add(task);
  }

  async #sort({ pool, unsynced, signal }: OpenedPlace, pages: readonly RunPage[]): Promise<void> {
    try {
      const output = await pool.run(sortToTablesTask, { pages }, { signal });
      const { runs } = unsynced.takeFrom(output);
      this.#runs.push(...runs);
      const key = runs.find(({ repeatedKey }) => repeatedKey !== undefined)?.repeatedKey;
      if (key !== undefined) throw repeatedError(key);
    } catch (error) {
      this.#failure ??= { error: asEngineError(error) };
    }
    // The tables of a load that has failed or ended are not needed.
    if (this.#failure !== undefined || signal.aborted) unsynced.close();
  }

  /** Waits until there is room for more entries. Throws if the load has failed. */
  async #room(): Promise<void> {
    while (this.#waitingBytes > MAX_WAITING_BYTES) await Promise.race(this.#tasks);
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

/** The directory of a loader, and the state of the work in it. */
interface OpenedPlace extends LoaderPlace {
  /** Fires when the load is aborted or ended, or the store closes. */
  readonly signal: AbortSignal;
  /** The files of the runs, held until they are merged or fsynced. */
  readonly unsynced: UnsyncedFiles;
}

const NO_PREFIX = new Uint8Array(0);

/** Whether an argument of `add` is meant as packed entries. One of neither form is refused as a page of `[key, value]`. */
function isPacked(given: readonly unknown[]): given is readonly UnsortedEntries[] {
  const [first] = given;
  return typeof first === 'object' && first !== null && !Array.isArray(first) && !isBytes(first);
}

function invalid(message: string): EngineError {
  return new EngineError('SSTITCH_ENTRIES_INVALID', message);
}
