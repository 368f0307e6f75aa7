// Loads entries that come in any order: worker threads sort them and write them as runs while more come, and in the
// end merge the runs into the tables for a commit. No entry that a caller packs becomes an object, and none is copied
// to a thread that lies in shared memory.
//
// Invariants:
// - entries whose run is not written yet take `MAX_WAITING_BYTES`, a page and an arena at most;
// - after `end` nothing works on in the directory;
// - a loader of a store is part of the store's operations, which its close ends and awaits;
// - a key that comes twice is an error: nobody can know which of the two is meant.

import { setMaxListeners } from 'node:events';
import { describeValue, type Span, type UnsortedEntries } from '@sstitch/contract';
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
/** Of pages on their way: enough that no thread waits for the next one. */
const MAX_WAITING_BYTES = 6 * MIB;
/** Small pages go to a thread together. */
const TASK_BYTES = MIB;
/** Entries that are not packed become a run when they have so many bytes: as many as a run's table holds. */
const ARENA_BYTES = 4 * MIB;

export interface TableLoaderOptions {
  /** Aborts the load. */
  readonly signal?: AbortSignal | undefined;
  /** Called when the memory of packed entries that were added may serve again. Must not throw. */
  readonly onWritten?: ((entries: UnsortedEntries) => void) | undefined;
}

/** Entries, each with its key. */
export type EntryPage<K = Uint8Array, V = Uint8Array> = ReadonlyArray<readonly [key: K, value: V]>;

/** Where a loader works. */
export interface LoaderPlace {
  readonly pool: WorkerPool;
  readonly directory: string;
  /** Of the store that the directory is of. */
  readonly operations?: Operations;
  /** Removes the directory. @defaultValue it is the caller's */
  remove?(): Promise<void>;
}

/** The store that a loader is for. */
export interface LoaderStore {
  readonly database: EncodingDatabase;
  /** Makes a directory, once the store is open. */
  open(): Promise<LoaderPlace>;
}

/**
 * Makes tables of entries in any order, in bounded memory. A store's `tableLoader` makes one that works in the store
 * and encodes keys and values as it does; this constructor makes one where there is no store yet.
 */
export class TableLoader<K = Uint8Array, V = Uint8Array> {
  readonly #database: EncodingDatabase | undefined;
  readonly #open: () => Promise<LoaderPlace>;
  readonly #ending = new AbortController();
  readonly #signal: AbortSignal | undefined;
  readonly #onWritten: (entries: UnsortedEntries) => void;
  readonly #tasks = new Set<Promise<void>>();
  readonly #runs: SortedRun[] = [];
  readonly #usedArenas: UnsortedEntries[] = [];
  #opening: Promise<OpenedPlace> | undefined;
  #arena: EntryArena | undefined;
  #pages = 0;
  #entryPages = 0;
  #waitingBytes = 0;
  #isFinished = false;
  #failure: { readonly error: unknown } | undefined;

  /**
   * @param directory an empty directory, which the caller removes after `end`; on the file system of the store that
   * the tables are for, or they are copied there
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
    checkOptions(options, { signal: 'signal', onWritten: 'function' });
    if (typeof home === 'object' && home !== null && 'database' in home) {
      this.#database = home.database;
      this.#open = () => home.open();
    } else {
      checkDirectory(home);
      this.#open = async () => ({ pool, directory: home });
    }
    this.#signal = options.signal;
    this.#onWritten = options.onWritten ?? (() => undefined);
  }

  /**
   * Takes a page of entries, each `[key, value]`, in any order. It is copied: its memory is the caller's again. Settles
   * when there is room for more, so that memory stays bounded where it is awaited.
   *
   * @param options how keys and values become bytes, of a store's loader; by default by the store's encodings
   * @throws EngineError SSTITCH_ENTRIES_INVALID where a page is not what it should be, with its number and the
   * entry's; SSTITCH_ENTRIES_INVALID, with the key, where one comes twice; SSTITCH_ABORTED, SSTITCH_FILE_OPERATION:
   * of these entries or of earlier ones
   */
  async add(page: EntryPage<K | Uint8Array, V | Uint8Array>): Promise<void>;
  async add<TKey, TValue>(
    page: EntryPage<TKey | Uint8Array, TValue | Uint8Array>,
    options: EntryEncodingOptions<TKey, TValue>,
  ): Promise<void>;
  /**
   * Takes packed entries (`unsortedEntries`), which must stay as they are until `onWritten` is called with them, and
   * are bytes as they are to be stored.
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
    if (Array.isArray(given[0])) this.#addPage(place, given, options);
    else await this.#addPacked(place, given as readonly UnsortedEntries[]);
    await this.#room();
  }

  /**
   * Makes the tables of all that was added, for one `ingestAndExcise` with `move`. They are gone after `end`.
   *
   * @param spans sorted and disjoint; each entry lies in one of them
   * @throws EngineError as `add`, and SSTITCH_SPANS_INVALID
   */
  async finish(spans: readonly Span[]): Promise<LoadedTables> {
    const checked = checkSpans(spans);
    const place = await this.#opened();
    this.#isFinished = true;
    const finish = () => this.#finish(place, checked);
    return place.operations === undefined ? finish() : place.operations.run(finish);
  }

  async #finish(place: OpenedPlace, spans: readonly Span[]): Promise<LoadedTables> {
    const { directory, unsynced, signal } = place;
    try {
      this.#flushArena(place);
      while (this.#tasks.size > 0) await Promise.all(this.#tasks);
      this.#throwFailure();
      const runs = this.#runs.map(({ tables }) => tables);
      const merged = await mergeToOneRun(place, `${directory}/merged`, spans, runs);
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
   * Stops what is under way, and removes what was made in a store; settles when nothing writes any more. To be called
   * in any case: a loader holds files open.
   */
  async end(): Promise<void> {
    this.#ending.abort();
    const place = await this.#opening?.catch(() => undefined);
    await Promise.all(this.#tasks);
    await place?.remove?.();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  /** The place, made by the first call; refuses where the loader has ended or finished, or its store has closed. */
  async #opened(): Promise<OpenedPlace> {
    this.#opening ??= this.#openPlace();
    const place = await this.#opening;
    place.operations?.checkOpen();
    if (place.signal.aborted) throw abortedError(place.signal);
    if (this.#isFinished) throw invalid('the loader has finished: make another one');
    return place;
  }

  async #openPlace(): Promise<OpenedPlace> {
    const place = await this.#open();
    const either = place.operations?.endingWith(this.#signal) ?? this.#signal;
    const signal = AbortSignal.any([this.#ending.signal, ...(either ? [either] : [])]);
    // Each task listens: of small pages there may be many.
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
      throw optionInvalid('only the loader of a store encodes: this one takes bytes');
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

  /** Has a thread make a run of each page. */
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
    const task = this.#sort(place, named).finally(() => {
      this.#waitingBytes -= bytes;
      this.#tasks.delete(task);
      onWritten();
    });
    this.#tasks.add(task);
    place.operations?.track(task);
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
    // Nobody needs the tables of a load that has failed or ended, also where others failed first.
    if (this.#failure !== undefined || signal.aborted) unsynced.close();
  }

  async #room(): Promise<void> {
    while (this.#waitingBytes > MAX_WAITING_BYTES) await Promise.race(this.#tasks);
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

/** A place, and what ends the work in it. */
interface OpenedPlace extends LoaderPlace {
  readonly signal: AbortSignal;
  /** Files of the runs, held until they are merged or synced. */
  readonly unsynced: UnsyncedFiles;
}

const NO_PREFIX = new Uint8Array(0);

function invalid(message: string): EngineError {
  return new EngineError('SSTITCH_ENTRIES_INVALID', message);
}
