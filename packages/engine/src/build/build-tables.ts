// Builds tables from sorted entries as they arrive, in a worker thread.
//
// Invariants:
// - keys ascend strictly over the whole session, and each lies in a span;
// - a table holds keys of one span;
// - one table is open at a time, so that memory is bounded by one table's index.

import { compareBytes, type Span } from '@sstitch/contract';
import { type FileHandle, type FileSystem, makeInternalKey, TableBuilder } from '@sstitch/sst';
import { TRAILER_BYTES } from '@sstitch/sst/file-format';
import { EngineError } from '../errors.js';
import { HeldFiles, type WithUnsynced } from '../files/held-files.js';
import type { SpanTables, TableFile, TableSet } from '../tables/table-set.js';
import type { SessionState } from '../threads/session.js';
import { defineTask } from '../threads/task.js';
import { visitEntries } from './entry-pages.js';

/**
 * The sequence of every built entry. Inside the spans there are no other entries to compare it with, and later writes
 * have higher sequences.
 */
export const BUILT_SEQUENCE = 1n;

/** The size of built tables. It is larger than LevelDB's, since linking, listing and opening cost the same at any size. */
export const BUILT_TABLE_SIZE_BYTES = 16 * 1024 * 1024;

export interface BeginTablesInput {
  /** An existing directory. */
  readonly directory: string;
  /** Sorted and disjoint. */
  readonly spans: readonly Span[];
}

/** Tables that were built. */
export interface BuiltTables extends TableSet {
  /** The number of entries in all of them. */
  readonly entries: number;
}

const NOTHING: Uint8Array = new Uint8Array(0);
const BUILT_TRAILER = makeInternalKey(NOTHING, BUILT_SEQUENCE, 'value');

class TablesInProgress {
  readonly #held: HeldFiles;
  readonly #directory: string;
  readonly #spans: readonly Span[];
  readonly #runs: TableFile[][];
  #spanIndex = 0;
  #builder: TableBuilder | undefined;
  #file: FileHandle | undefined;
  #path = '';
  #tableCount = 0;
  #entries = 0;
  /** The current entry. Between two pages it holds the last key. */
  readonly #entry = {
    valid: true,
    keyBytes: new Uint8Array(256),
    keyLength: 0,
    data: NOTHING,
    valueStart: 0,
    valueEnd: 0,
  };
  /** How many bytes the current key shares with the one before it. */
  #sharedBytes = 0;

  constructor(fileSystem: FileSystem, input: BeginTablesInput) {
    this.#held = new HeldFiles(fileSystem);
    this.#directory = input.directory;
    this.#spans = input.spans;
    this.#runs = input.spans.map(() => []);
  }

  append(page: Uint8Array): void {
    const entry = this.#entry;
    entry.data = page;
    visitEntries(page, (keyStart, keyEnd, valueStart, valueEnd) => {
      this.#takeKey(page, keyStart, keyEnd);
      entry.valueStart = valueStart;
      entry.valueEnd = valueEnd;
      this.#openTable().addFrom(entry, this.#sharedBytes);
      this.#entries++;
      if (this.#builder !== undefined && this.#builder.sizeBytes >= BUILT_TABLE_SIZE_BYTES) {
        this.#closeTable();
      }
    });
    // The caller may reuse the page's buffer.
    entry.data = NOTHING;
  }

  /** Makes a key the current one. Throws if it is not above the last one, or lies in no span. */
  #takeKey(page: Uint8Array, start: number, end: number): void {
    const entry = this.#entry;
    const length = end - start;
    const before = this.#entries === 0 ? -1 : entry.keyLength - TRAILER_BYTES;
    const shorter = Math.min(length, before);
    let bytes = entry.keyBytes;
    let shared = 0;
    while (shared < shorter && bytes[shared] === page[start + shared]) shared++;
    const follows =
      shared < shorter
        ? (bytes[shared] as number) < (page[start + shared] as number)
        : length > before;
    if (!follows) {
      throw invalid('entries are not in strictly ascending key order', page.slice(start, end));
    }
    if (length + TRAILER_BYTES > bytes.length) {
      bytes = new Uint8Array(2 * (length + TRAILER_BYTES));
      bytes.set(entry.keyBytes.subarray(0, shared));
      entry.keyBytes = bytes;
    }
    for (let index = shared; index < length; index++) bytes[index] = page[start + index] as number;
    for (let index = 0; index < TRAILER_BYTES; index++) {
      bytes[length + index] = BUILT_TRAILER[index] as number;
    }
    entry.keyLength = length + TRAILER_BYTES;
    this.#sharedBytes = shared;
    this.#moveToSpanOf(bytes.subarray(0, length));
  }

  finish(): BuiltTables & WithUnsynced {
    this.#closeTable();
    const spans = this.#spans.map((span, index): SpanTables => {
      const run = this.#runs[index] ?? [];
      return { span, runs: run.length === 0 ? [] : [run] };
    });
    const unsynced = this.#held.take();
    return { spans, lastSequence: Number(BUILT_SEQUENCE), entries: this.#entries, unsynced };
  }

  discard(): void {
    this.#builder = undefined;
    this.#file?.close();
    this.#file = undefined;
    this.#held.close();
  }

  #moveToSpanOf(key: Uint8Array): void {
    for (; this.#spanIndex < this.#spans.length; this.#spanIndex++) {
      const end = this.#spans[this.#spanIndex]?.end;
      if (
        this.#spans[this.#spanIndex] !== undefined &&
        (end === undefined || compareBytes(key, end) < 0)
      ) {
        break;
      }
      this.#closeTable();
    }
    const span = this.#spans[this.#spanIndex];
    if (span === undefined || compareBytes(key, span.start) < 0) {
      throw invalid('an entry lies outside the spans', key);
    }
  }

  #openTable(): TableBuilder {
    if (this.#builder === undefined) {
      this.#path = `${this.#directory}/built-${this.#tableCount++}.table`;
      this.#file = this.#held.createTable(this.#path);
      this.#builder = new TableBuilder(this.#file, { path: this.#path, seal: true });
    }
    return this.#builder;
  }

  #closeTable(): void {
    if (this.#builder === undefined) return;
    const built = this.#builder.finish();
    this.#builder = undefined;
    this.#file?.close();
    this.#file = undefined;
    this.#runs[this.#spanIndex]?.push({
      path: this.#path,
      sizeBytes: built.sizeBytes,
      smallest: built.smallest,
      largest: built.largest,
      origin: 'built',
    });
  }
}

function invalid(message: string, key: Uint8Array): EngineError {
  return new EngineError(
    'SSTITCH_ENTRIES_INVALID',
    `${message}: ${Buffer.from(key).toString('hex')}`,
  );
}

export interface BuildSession extends SessionState {
  tables?: TablesInProgress;
}

/** Begins to build tables in a session. */
function beginTables(
  fileSystem: FileSystem,
  input: BeginTablesInput,
  _checkCancelled: () => void,
  session: BuildSession,
): void {
  const tables = new TablesInProgress(fileSystem, input);
  session.tables = tables;
  session.close = () => tables.discard();
}

export const beginTablesTask = defineTask('beginTables', beginTables);

function tablesOf({ tables }: BuildSession): TablesInProgress {
  if (tables === undefined) throw new Error('beginTables was not called in this session');
  return tables;
}

/** Adds a page of packed entries. */
function appendEntries(
  _fileSystem: FileSystem,
  { page }: { readonly page: Uint8Array },
  _checkCancelled: () => void,
  session: BuildSession,
): void {
  tablesOf(session).append(page);
}

export const appendEntriesTask = defineTask('appendEntries', appendEntries);

/** Finishes the last table and returns all. */
function finishTables(
  _fileSystem: FileSystem,
  _input: undefined,
  _checkCancelled: () => void,
  session: BuildSession,
): BuiltTables & WithUnsynced {
  return tablesOf(session).finish();
}

export const finishTablesTask = defineTask('finishTables', finishTables);
