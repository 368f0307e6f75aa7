// A Pebble database, open to be read. Nothing is written, no lock is taken: the directory must not change while it is
// open, as a checkpoint's and a copy's does not.

import { setImmediate } from 'node:timers/promises';
import { compareBytes } from '@sstitch/contract';
import { nodeFileSystem } from '@sstitch/sst';
import { findDatabaseFiles } from './database-files.js';
import { type Entry, readPages } from './entry-pages.js';
import { PebbleError, throwIfAborted } from './errors.js';
import { type KeyRange, keyBehind } from './key-range.js';
import { LiveCursor } from './live-cursor.js';
import { MemoryBudget } from './memory-budget.js';
import { type MemoryTable, readMemoryTable } from './memory-table.js';
import {
  type CheckedOptions,
  checkCount,
  checkOptions,
  type PebbleOptions,
  refused,
} from './options.js';
import { readManifest, type Version } from './read-manifest.js';
import { TableCache } from './table-cache.js';
import { loadZstd } from './zstd.js';

/** Which entries to read, and how many at a time. */
export interface EntriesOptions {
  /**
   * The first key.
   *
   * @defaultValue the first one there is
   */
  readonly start?: Uint8Array | undefined;
  /**
   * The key to stop in front of.
   *
   * @defaultValue none: to the last one there is
   */
  readonly end?: Uint8Array | undefined;
  /**
   * The most entries in a page.
   *
   * @defaultValue 1024
   */
  readonly pageEntries?: number | undefined;
  /**
   * A page ends once its keys and values have this many bytes.
   *
   * @defaultValue 1,048,576
   */
  readonly pageBytes?: number | undefined;
}

const DEFAULT_PAGE_ENTRIES = 1024;
const DEFAULT_PAGE_BYTES = 2 ** 20;
const FIRST_KEY = new Uint8Array(0);

/** The parts of an open database. */
interface DatabaseParts {
  readonly formatVersion: number;
  readonly version: Version;
  readonly memory: MemoryTable;
  readonly cache: TableCache;
  readonly budget: MemoryBudget;
  readonly options: CheckedOptions;
}

/** A Pebble database that is read and never written. */
export class PebbleDatabase {
  /** Pebble's format major version. */
  readonly formatVersion: number;
  readonly #version: Version;
  readonly #memory: MemoryTable;
  readonly #cache: TableCache;
  readonly #budget: MemoryBudget;
  readonly #options: CheckedOptions;
  #isClosed = false;

  private constructor(parts: DatabaseParts) {
    this.formatVersion = parts.formatVersion;
    this.#version = parts.version;
    this.#memory = parts.memory;
    this.#cache = parts.cache;
    this.#budget = parts.budget;
    this.#options = parts.options;
  }

  /**
   * Opens the database in the directory `path`: reads its markers, its MANIFEST and the WALs that are not
   * flushed. Tables are read when a key of theirs is asked for.
   *
   * @throws PebbleError
   */
  static async open(path: string, options: PebbleOptions = {}): Promise<PebbleDatabase> {
    const checked = checkOptions(options);
    const { fileSystem = nodeFileSystem } = options;
    await loadZstd();
    const files = findDatabaseFiles(fileSystem, path);
    const version = readManifest(fileSystem, files.manifestPath, checked);
    const logs = files.logs.filter(({ number }) => number >= version.logNumber);
    const budget = new MemoryBudget(checked.maxOpenBytes);
    return new PebbleDatabase({
      formatVersion: files.formatVersion,
      version,
      memory: readMemoryTable(fileSystem, logs, checked),
      cache: new TableCache(fileSystem, path, checked, budget),
      budget,
      options: checked,
    });
  }

  /**
   * The live entries with keys from `start` up to, and without, `end`, in order and in pages. Other work of the
   * process goes on between two pages.
   *
   * @throws PebbleError; of code `SSTITCH_ABORTED`, an AbortError, once the signal fires
   */
  async *entries(
    options: EntriesOptions & { readonly signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<Entry[], void> {
    throwIfAborted(options.signal);
    for (const page of this.#pages(options)) {
      if (page.length > 0) yield page;
      await setImmediate();
      throwIfAborted(options.signal);
    }
  }

  /** As `entries`, in one go: for a worker thread. */
  *entriesSync(options: EntriesOptions = {}): Generator<Entry[], void> {
    for (const page of this.#pages(options)) if (page.length > 0) yield page;
  }

  /** Pages, with empty ones where other work may go on. */
  *#pages(options: EntriesOptions): Generator<Entry[], void> {
    const range = { start: options.start ?? FIRST_KEY, end: options.end };
    checkRange(range);
    const pageEntries = checkCount('pageEntries', options.pageEntries ?? DEFAULT_PAGE_ENTRIES, 1);
    const pageBytes = checkCount('pageBytes', options.pageBytes ?? DEFAULT_PAGE_BYTES, 1);
    this.#checkOpen();
    for (const page of readPages(this.#cursor(range), pageEntries, pageBytes)) {
      yield page;
      this.#checkOpen();
    }
  }

  /**
   * The value of a key; undefined if there is none.
   *
   * @throws PebbleError
   */
  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.getSync(key);
  }

  /** As `get`, at once: for a worker thread. */
  getSync(key: Uint8Array): Uint8Array | undefined {
    const range = { start: key, end: keyBehind(key) };
    for (const [entry] of this.entriesSync(range)) return entry?.value;
    return undefined;
  }

  /** Closes the files. Iterators end with `SSTITCH_PEBBLE_CLOSED`. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cache.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #cursor(range: KeyRange): LiveCursor {
    const tables = [...this.#version.tables, ...this.#memory.ingestedTables];
    return new LiveCursor(tables, this.#memory, range, this.#cache, this.#budget, this.#options);
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new PebbleError('SSTITCH_PEBBLE_CLOSED', 'the database is closed');
  }
}

function checkRange({ start, end }: KeyRange): void {
  if (!(start instanceof Uint8Array)) throw refused('start', start, 'a Uint8Array');
  if (end === undefined) return;
  if (!(end instanceof Uint8Array)) throw refused('end', end, 'a Uint8Array');
  if (compareBytes(start, end) > 0) throw refused('end', end, 'at or behind start');
}
