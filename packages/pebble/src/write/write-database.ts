// Writes a database from sorted entries: tables in LevelDB's format with the properties that Pebble requires,
// one level, a MANIFEST with LevelDB's fields, CURRENT for LevelDB and markers for Pebble. Both can open it.
//
// Invariants: one table is in memory at a time; files are finished in the order of their names, so that a sink
// can be an archive; the markers, without which Pebble finds no database, are written last.

import { setImmediate } from 'node:timers/promises';
import { compareBytes, describeValue, isBytes } from '@sstitch/contract';
import { type EntryCursor, SstError, userKeyOf } from '@sstitch/sst';
import { TRAILER_BYTES } from '@sstitch/sst/file-format';
import { PebbleError, type PebbleErrorCode, throwIfAborted } from '../errors.js';
import { CURRENT_FILE, firstMarkerName, manifestFileName, tableFileName } from '../file-names.js';
import type { FileSink } from '../file-sink.js';
import { refused } from '../options.js';
import type { Entry } from '../read/entry-pages.js';
import {
  type CheckedWriteOptions,
  checkWriteOptions,
  type WriteOptions,
} from '../write-options.js';
import { directorySink } from './directory-sink.js';
import { encodeManifest } from './encode-manifest.js';
import { TableOutput, type WrittenTable } from './table-output.js';

/** Entries in strictly ascending key order, one by one or in pages. */
export type EntrySource =
  | Iterable<Entry | readonly Entry[]>
  | AsyncIterable<Entry | readonly Entry[]>;

/** The totals of a written database. */
export interface WrittenDatabase {
  /** The number of entries. */
  readonly entries: number;
  /** The number of tables. */
  readonly tables: number;
  /** The size of all files. */
  readonly sizeBytes: number;
}

/** After this many entries, other work of the process can run. */
const ENTRIES_AT_ONCE = 4096;
const NO_BYTES = new Uint8Array(0);
/** The trailer of every key: sequence number 0, as Pebble writes in the last level, and the type of a value. */
const VALUE_TRAILER = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0);

/**
 * Writes a database that both Pebble and LevelDB open.
 *
 * @param target the path of a directory, which is created unless it exists and is empty, and is fsynced; or a
 * sink, which receives the files
 * @param source entries in ascending key order; their bytes are copied
 * @throws PebbleError `SSTITCH_PEBBLE_ORDER` for a key that does not follow the previous one;
 * `SSTITCH_PEBBLE_OPTIONS`; `SSTITCH_PEBBLE_UNSUPPORTED` for an empty key and an entry of more than 512 MiB;
 * `SSTITCH_PEBBLE_TARGET_EXISTS` for a directory that is not empty; `SSTITCH_PEBBLE_IO`;
 * `SSTITCH_ABORTED`, an AbortError, once the signal has fired; the errors of the source and the sink. After an
 * error, everything created in a directory is removed
 */
export async function writePebbleDatabase(
  target: string | FileSink,
  source: EntrySource,
  options: WriteOptions = {},
): Promise<WrittenDatabase> {
  const checked = checkWriteOptions(options);
  throwIfAborted(options.signal);
  checkSource(source);
  if (typeof target === 'function') {
    return new DatabaseWriter(target, checked, options.signal).write(source);
  }
  if (typeof target !== 'string') {
    throw refused('target', describeValue(target), 'the path of a directory, or a function');
  }
  const directory = directorySink(target, options.fileSystem);
  try {
    const writer = new DatabaseWriter(directory.sink, checked, options.signal);
    const written = await writer.write(source);
    directory.finish();
    return written;
  } catch (error) {
    directory.remove();
    throw error;
  }
}

function checkSource(source: unknown): void {
  const isObject = typeof source === 'object' && source !== null;
  if (isObject && (Symbol.iterator in source || Symbol.asyncIterator in source)) return;
  throw refused('source', describeValue(source), 'an iterable of entries or pages');
}

class DatabaseWriter {
  readonly #sink: FileSink;
  readonly #options: CheckedWriteOptions;
  readonly #signal: AbortSignal | undefined;
  readonly #tables: WrittenTable[] = [];
  readonly #entry = new EntryToWrite();
  #output: TableOutput | undefined;
  #entries = 0;
  #sizeBytes = 0;

  constructor(sink: FileSink, options: CheckedWriteOptions, signal: AbortSignal | undefined) {
    this.#sink = sink;
    this.#options = options;
    this.#signal = signal;
  }

  async write(source: EntrySource): Promise<WrittenDatabase> {
    try {
      if (Symbol.asyncIterator in source) {
        for await (const item of source) await this.#take(item);
      } else {
        for (const item of source) {
          const taken = this.#take(item);
          if (taken !== undefined) await taken;
        }
      }
      await this.#endTable();
      await this.#writeVersion();
    } finally {
      this.#output?.abandon();
    }
    return {
      entries: this.#entries,
      tables: this.#tables.length,
      sizeBytes: this.#sizeBytes,
    };
  }

  /** Takes an item; returns a promise only if there is something to wait for. */
  #take(item: Entry | readonly Entry[]): Promise<void> | undefined {
    if (Array.isArray(item)) return this.#addPage(item as readonly Entry[]);
    if (this.#add(item as Entry)) return this.#pause();
    return undefined;
  }

  async #addPage(page: readonly Entry[]): Promise<void> {
    for (const entry of page) if (this.#add(entry)) await this.#pause();
  }

  /** Adds an entry; returns whether it is time to pause. */
  #add(entry: Entry): boolean {
    const { key, value } = checkEntry(entry, this.#entries);
    this.#output ??= this.#nextTable(key);
    this.#entry.set(key, value);
    try {
      this.#output.add(this.#entry);
    } catch (error) {
      throw this.#refusalOf(error, key);
    }
    this.#entries += 1;
    return this.#isFull || this.#entries % ENTRIES_AT_ONCE === 0;
  }

  get #isFull(): boolean {
    return (this.#output?.sizeBytes ?? 0) >= this.#options.tableSizeBytes;
  }

  async #pause(): Promise<void> {
    if (this.#isFull) await this.#endTable();
    await setImmediate();
    throwIfAborted(this.#signal);
  }

  #nextTable(firstKey: Uint8Array): TableOutput {
    const before = this.#tables.at(-1);
    if (before !== undefined && compareBytes(userKeyOf(before.largest), firstKey) >= 0) {
      throw this.#orderError(firstKey);
    }
    return new TableOutput(this.#tables.length + 1, this.#options);
  }

  async #endTable(): Promise<void> {
    const output = this.#output;
    if (output === undefined) return;
    const { table, chunks } = output.finish();
    this.#output = undefined;
    this.#tables.push(table);
    await this.#emit(tableFileName(table.number), chunks);
  }

  /** Writes all files but the tables. */
  async #writeVersion(): Promise<void> {
    const { current, formatVersion } = this.#options;
    const number = this.#tables.length + 1;
    const manifest = manifestFileName(number);
    if (current) await this.#emit(CURRENT_FILE, [new TextEncoder().encode(`${manifest}\n`)]);
    await this.#emit(manifest, [encodeManifest(number, this.#tables)]);
    const version = String(formatVersion).padStart(3, '0');
    await this.#emit(firstMarkerName('format-version', version), []);
    await this.#emit(firstMarkerName('manifest', manifest), []);
  }

  async #emit(name: string, chunks: readonly Uint8Array[]): Promise<void> {
    throwIfAborted(this.#signal);
    const sizeBytes = chunks.reduce((sum, { length }) => sum + length, 0);
    await this.#sink({ name, sizeBytes, chunks });
    this.#sizeBytes += sizeBytes;
  }

  #refusalOf(error: unknown, key: Uint8Array): unknown {
    if (!(error instanceof SstError)) return error;
    if (error.code === 'SSTITCH_TABLE_ORDER') return this.#orderError(key);
    const code: PebbleErrorCode =
      error.code === 'SSTITCH_TABLE_UNSUPPORTED'
        ? 'SSTITCH_PEBBLE_UNSUPPORTED'
        : 'SSTITCH_PEBBLE_OPTIONS';
    return new PebbleError(code, `entry ${this.#entries}: ${error.message}`, undefined, error);
  }

  #orderError(key: Uint8Array): PebbleError {
    const problem = `entry ${this.#entries}: its key ${shortHex(key)} does not follow the key of the previous entry`;
    return new PebbleError(
      'SSTITCH_PEBBLE_ORDER',
      `${problem}: pass the entries in bytewise key order, each key once`,
    );
  }
}

/** How many bytes of a key messages show. */
const SHOWN_KEY_BYTES = 64;

function shortHex(key: Uint8Array): string {
  const text = Buffer.from(key.subarray(0, SHOWN_KEY_BYTES)).toString('hex');
  return key.length > SHOWN_KEY_BYTES ? `${text}…` : text;
}

function checkEntry(entry: Entry, number: number): Entry {
  const { key, value } = (entry ?? {}) as Partial<Entry>;
  if (!isBytes(key)) throw notBytes(number, 'key', key);
  if (!isBytes(value)) throw notBytes(number, 'value', value);
  // Pebble 2.1.7 panics when a compaction leaves this key alone in a block (sstable/colblk's PrefixBytesBuilder).
  if (key.length === 0) {
    throw new PebbleError(
      'SSTITCH_PEBBLE_UNSUPPORTED',
      `entry ${number}: its key is empty, which Pebble can read but not always compact: leave it out`,
    );
  }
  return entry;
}

function notBytes(number: number, what: string, value: unknown): PebbleError {
  const problem = `entry ${number}: its ${what} must be a Uint8Array, not ${describeValue(value)}`;
  return new PebbleError('SSTITCH_PEBBLE_OPTIONS', problem);
}

/** The entry to add, in the form that a table builder accepts; one object is reused for all. */
class EntryToWrite implements EntryCursor {
  readonly valid = true;
  keyBytes = new Uint8Array(256);
  keyLength = 0;
  data: Uint8Array = NO_BYTES;
  readonly valueStart = 0;
  valueEnd = 0;

  set(key: Uint8Array, value: Uint8Array): void {
    const keyLength = key.length + TRAILER_BYTES;
    if (keyLength > this.keyBytes.length) this.keyBytes = new Uint8Array(2 * keyLength);
    this.keyBytes.set(key);
    this.keyBytes.set(VALUE_TRAILER, key.length);
    this.keyLength = keyLength;
    this.data = value;
    this.valueEnd = value.length;
  }
}
