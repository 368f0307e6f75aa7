// A Pebble database that is open for reading. It writes nothing and takes no lock, so the directory must not
// change while it is open: read a checkpoint or a copy.

import { setImmediate } from 'node:timers/promises';
import { compareBytes, describeValue, isBytes, keyAfter } from '@sstitch/contract';
import { nodeFileSystem } from '@sstitch/sst';
import { loadZstd } from '../encoding/zstd.js';
import { PebbleError, throwIfAborted } from '../errors.js';
import { readManifest, type Version } from '../manifest/read-manifest.js';
import {
  type CheckedOptions,
  checkCount,
  checkOptions,
  type PebbleOptions,
  refused,
} from '../options.js';
import { findDatabaseFiles } from './database-files.js';
import { type Entry, type PackedEntries, readPackedPages, readPages } from './entry-pages.js';
import type { KeyRange } from './key-range.js';
import { LiveCursor } from './live-cursor.js';
import { refuseOtherLogDirectories } from './log-directories.js';
import { MemoryBudget } from './memory-budget.js';
import { type MemoryTable, readMemoryTable } from './memory-table.js';
import { TableCache } from './table-cache.js';

/** The range of entries to read, and the size of pages. The bounds are copied. */
export interface EntriesOptions {
  /**
   * The first key.
   *
   * @defaultValue the first key of the database
   */
  readonly start?: Uint8Array | undefined;
  /**
   * The key before which to stop.
   *
   * @defaultValue none: reads to the last key
   */
  readonly end?: Uint8Array | undefined;
  /**
   * The most entries in a page.
   *
   * @defaultValue 1024
   */
  readonly pageEntries?: number | undefined;
  /**
   * A page ends when its keys and values have at least this many bytes; at most 1 GiB.
   *
   * @defaultValue 1,048,576
   */
  readonly pageBytes?: number | undefined;
}

const DEFAULT_PAGE_ENTRIES = 1024;
const DEFAULT_PAGE_BYTES = 2 ** 20;
/** With the entry that ends a page, its offsets fit in 32 bits. */
const MAX_PAGE_BYTES = 2 ** 30;
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

/** A Pebble database, open for reading. */
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
   * Opens the database in the directory `path`: reads its markers, its MANIFEST and the unflushed WALs. Tables
   * are read when one of their keys is requested.
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
    refuseOtherLogDirectories(fileSystem, files, logs.length > 0);
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
   * Yields the live entries with keys from `start`, inclusive, to `end`, exclusive, in key order, in pages.
   * Other work of the process can run between two pages.
   *
   * @throws PebbleError; its code is `SSTITCH_ABORTED`, and its name AbortError, once the signal has fired
   */
  entries(
    options: EntriesOptions & { readonly signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<Entry[], void> {
    return this.#pausingPages(withOwnBounds(options), options.signal);
  }

  async *#pausingPages(
    options: EntriesOptions,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Entry[], void> {
    throwIfAborted(signal);
    for (const page of this.#pages(options)) {
      if (page.length > 0) yield page;
      await setImmediate();
      throwIfAborted(signal);
    }
  }

  /** Like `entries`, but synchronous: for a worker thread. */
  entriesSync(options: EntriesOptions = {}): Generator<Entry[], void> {
    return this.#fullPages(withOwnBounds(options));
  }

  *#fullPages(options: EntriesOptions): Generator<Entry[], void> {
    for (const page of this.#pages(options)) if (page.length > 0) yield page;
  }

  /**
   * Like `entriesSync`, but without an object for each entry, whose creation takes as long as reading it. A
   * page is valid until the next one is requested.
   */
  packedEntriesSync(options: EntriesOptions = {}): Generator<PackedEntries, void> {
    return this.#packedPages(withOwnBounds(options));
  }

  *#packedPages(options: EntriesOptions): Generator<PackedEntries, void> {
    const { range, pageEntries, pageBytes } = this.#checked(options);
    for (const page of readPackedPages(this.#cursor(range), pageEntries, pageBytes)) {
      if (page.count > 0) yield page;
      this.#checkOpen();
    }
  }

  /** Yields pages; an empty page is a point at which other work may run. */
  *#pages(options: EntriesOptions): Generator<Entry[], void> {
    const { range, pageEntries, pageBytes } = this.#checked(options);
    for (const page of readPages(this.#cursor(range), pageEntries, pageBytes)) {
      yield page;
      this.#checkOpen();
    }
  }

  #checked(options: EntriesOptions) {
    const range = { start: options.start ?? FIRST_KEY, end: options.end };
    checkRange(range);
    const pageEntries = checkCount('pageEntries', options.pageEntries ?? DEFAULT_PAGE_ENTRIES, 1);
    const askedBytes = options.pageBytes ?? DEFAULT_PAGE_BYTES;
    const pageBytes = checkCount('pageBytes', askedBytes, 1, MAX_PAGE_BYTES);
    this.#checkOpen();
    return { range, pageEntries, pageBytes };
  }

  /**
   * Returns the value of a key; undefined if the database does not hold it.
   *
   * @throws PebbleError
   */
  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.getSync(key);
  }

  /** Like `get`, but synchronous: for a worker thread. */
  getSync(key: Uint8Array): Uint8Array | undefined {
    checkBytes('key', key);
    const range = { start: key, end: keyAfter(key) };
    for (const [entry] of this.#fullPages(range)) return entry?.value;
    return undefined;
  }

  /** Closes the files. Open iterators fail with `SSTITCH_PEBBLE_CLOSED`. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cache.close();
  }

  /** Closes the database and its files, as `close` does. */
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

/** Copies the bounds, whose memory the caller may reuse before the pages are read. */
function withOwnBounds(options: EntriesOptions): EntriesOptions {
  const own = (bytes: Uint8Array | undefined) => (isBytes(bytes) ? new Uint8Array(bytes) : bytes);
  return { ...options, start: own(options.start), end: own(options.end) };
}

function checkRange({ start, end }: KeyRange): void {
  checkBytes('start', start);
  if (end === undefined) return;
  checkBytes('end', end);
  if (compareBytes(start, end) > 0) throw refused('end', 'before start', 'at or after it');
}

function checkBytes(name: string, bytes: Uint8Array): void {
  if (!isBytes(bytes)) throw refused(name, describeValue(bytes), 'a Uint8Array');
}
