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
import { type TaskRunner, ThreadRunner } from '../threads/task-runner.js';
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

/** Where a loader works, and for whom. */
export interface LoaderHome {
  readonly runner: TaskRunner;
  /** Of the store that the tables are for. */
  readonly operations?: Operations;
  /** Whose keys and values are added. @defaultValue bytes are */
  readonly database?: EncodingDatabase;
  /** Makes the directory. @defaultValue it is there */
  begin?(): Promise<void>;
  /** Removes it. @defaultValue it is the caller's */
  end?(): Promise<void>;
}

/**
 * Makes tables of entries in any order, in bounded memory. A store's `tableLoader` makes one that works in the store
 * and takes its keys and values; this constructor makes one for a store that is not there yet.
 */
export class TableLoader<K = Uint8Array, V = Uint8Array> {
  readonly #directory: string;
  readonly #home: LoaderHome;
  readonly #ending = new AbortController();
  readonly #signal: AbortSignal;
  readonly #onWritten: (entries: UnsortedEntries) => void;
  readonly #tasks = new Set<Promise<void>>();
  readonly #runs: SortedRun[] = [];
  readonly #usedArenas: UnsortedEntries[] = [];
  #arena: EntryArena | undefined;
  #begun: Promise<void> | undefined;
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
  constructor(
    directory: string,
    options: TableLoaderOptions = {},
    /** @internal */
    home: LoaderHome = { runner: new ThreadRunner() },
  ) {
    checkDirectory(directory);
    checkOptions(options, { signal: 'signal', onWritten: 'function' });
    this.#directory = directory;
    this.#home = home;
    const { signal, onWritten = () => undefined } = options;
    this.#onWritten = onWritten;
    const either = home.operations?.endingWith(signal) ?? signal;
    this.#signal = AbortSignal.any([this.#ending.signal, ...(either ? [either] : [])]);
    // Each task listens: of small pages there may be many.
    setMaxListeners(0, this.#signal);
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
    this.#checkOpen();
    if (Array.isArray(given[0])) this.#addPage(given, options);
    else await this.#addPacked(given as readonly UnsortedEntries[]);
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
    this.#checkOpen();
    this.#isFinished = true;
    const finish = () => this.#finish(checked);
    return this.#home.operations?.run(finish) ?? finish();
  }

  async #finish(spans: readonly Span[]): Promise<LoadedTables> {
    this.#flushArena();
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
    this.#throwFailure();
    const { runner } = this.#home;
    const runs = this.#runs.map(({ tables }) => tables);
    const directory = `${this.#directory}/merged`;
    const merged = await mergeToOneRun(runner, directory, spans, runs, this.#signal);
    const entries = this.#runs.reduce((sum, run) => sum + run.entries, 0);
    return new LoadedTables({ spans: merged, lastSequence: Number(BUILT_SEQUENCE) }, entries);
  }

  /** Stops what is under way, and removes what is left; settles when nothing writes any more. To be called always. */
  async end(): Promise<void> {
    this.#ending.abort();
    await Promise.all(this.#tasks);
    if (this.#begun !== undefined) await this.#home.end?.();
    this.#begun = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  #addPage(given: readonly unknown[], options: EntryEncodingOptions<unknown, unknown>): void {
    checkOptions(options, {});
    const pageIndex = this.#entryPages++;
    const { database } = this.#home;
    if (database === undefined && Object.keys(options).length > 0) {
      throw optionInvalid('only the loader of a store encodes: this one takes bytes');
    }
    const page = database === undefined ? given : pageEncoder(database, options)(given, pageIndex);
    checkPageOfBytes(page, pageIndex);
    for (const [key, value] of page) {
      this.#arena ??= new EntryArena(NO_PREFIX, this.#usedArenas.pop());
      this.#arena.add(key, value);
      if (this.#arena.sizeBytes >= ARENA_BYTES) this.#flushArena();
    }
  }

  #flushArena(): void {
    if (this.#arena === undefined) return;
    const entries = this.#arena.entries();
    const bytes = this.#arena.sizeBytes;
    this.#arena = undefined;
    this.#start([entries], bytes, () => this.#usedArenas.push(entries));
  }

  async #addPacked(packed: readonly UnsortedEntries[]): Promise<void> {
    checkUnsortedPages(packed);
    let group: UnsortedEntries[] = [];
    let bytes = 0;
    const start = () => {
      const pages = group;
      const onWritten = () => {
        for (const entries of pages) this.#onWritten(entries);
      };
      if (pages.length > 0) this.#start(pages, bytes, onWritten);
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
  #start(pages: readonly UnsortedEntries[], bytes: number, onWritten: () => void): void {
    this.#waitingBytes += bytes;
    const named = pages.map((entries): RunPage => {
      return { entries, path: `${this.#directory}/run-${this.#pages++}` };
    });
    const task = this.#sort(named).finally(() => {
      this.#waitingBytes -= bytes;
      this.#tasks.delete(task);
      onWritten();
    });
    this.#tasks.add(task);
    this.#home.operations?.track(task);
  }

  async #sort(pages: readonly RunPage[]): Promise<void> {
    const { runner, begin } = this.#home;
    try {
      this.#begun ??= begin?.() ?? Promise.resolve();
      await this.#begun;
      const runs = await runner.run(sortToTablesTask, { pages }, { signal: this.#signal });
      this.#runs.push(...runs);
      const key = runs.find(({ repeatedKey }) => repeatedKey !== undefined)?.repeatedKey;
      if (key !== undefined) throw repeatedError(key);
    } catch (error) {
      this.#failure ??= { error: asEngineError(error) };
    }
  }

  async #room(): Promise<void> {
    while (this.#waitingBytes > MAX_WAITING_BYTES) await Promise.race(this.#tasks);
    this.#throwFailure();
  }

  #checkOpen(): void {
    this.#home.operations?.checkOpen();
    if (this.#signal.aborted) throw abortedError();
    if (!this.#isFinished) return;
    throw invalid('the loader has finished: make another one for more entries');
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

const NO_PREFIX = new Uint8Array(0);

function invalid(message: string): EngineError {
  return new EngineError('SSTITCH_ENTRIES_INVALID', message);
}
