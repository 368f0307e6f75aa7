// Sorts entries and writes them as the tables of a run, in a worker thread.
//
// Invariant: the tables of a run are in key order, and hold each key once, with `BUILT_SEQUENCE`.

import type { UnsortedEntries } from '@sstitch/contract';
import { type FileHandle, type FileSystem, makeInternalKey, TableBuilder } from '@sstitch/sst';
import { type HeldFiles, holdingFiles, type WithUnsynced } from '../files/held-files.js';
import type { TableFile, TableRun } from '../tables/table-set.js';
import { defineTask } from '../threads/task.js';
import { BUILT_SEQUENCE } from './build-tables.js';
import { checkEnds } from './check-unsorted.js';
import { keyStartOf, sortedOrder } from './sort-entries.js';

/**
 * The size of a run's tables. It is smaller than that of other built tables, so that most tables can be kept when runs
 * overlap little, as they do if entries arrive nearly in order.
 */
const RUN_TABLE_SIZE_BYTES = 4 * 1024 * 1024;
const ENTRIES_PER_CHECK = 4096;

export interface SortToTablesInput {
  readonly pages: readonly RunPage[];
}

/** Entries to write as one run. */
export interface RunPage {
  readonly entries: UnsortedEntries;
  /** The paths of tables are this, a number and an extension. */
  readonly path: string;
}

/** A run of entries with one prefix. */
export interface SortedRun {
  readonly tables: TableRun;
  readonly entries: number;
  /** A key that occurred twice. The tables are incomplete then. */
  readonly repeatedKey: Uint8Array | undefined;
}

/** Writes a run for each page. */
function sortToTables(
  fileSystem: FileSystem,
  { pages }: SortToTablesInput,
  checkCancelled: () => void,
): WithUnsynced & { readonly runs: readonly SortedRun[] } {
  return holdingFiles(fileSystem, (held) => ({
    runs: pages.map(({ entries, path }) => {
      checkCancelled();
      checkEnds(entries);
      return new RunWriter(held, entries, path, checkCancelled).write();
    }),
  }));
}

export const sortToTablesTask = defineTask('sortToTables', sortToTables);

const NOTHING = new Uint8Array(0);
const BUILT_TRAILER = makeInternalKey(NOTHING, BUILT_SEQUENCE, 'value');

class RunWriter {
  readonly #held: HeldFiles;
  readonly #entries: UnsortedEntries;
  readonly #path: string;
  readonly #checkCancelled: () => void;
  readonly #tables: TableFile[] = [];
  #file: FileHandle | undefined;
  #builder: TableBuilder | undefined;

  constructor(held: HeldFiles, entries: UnsortedEntries, path: string, checkCancelled: () => void) {
    this.#held = held;
    this.#entries = entries;
    this.#path = path;
    this.#checkCancelled = checkCancelled;
  }

  write(): SortedRun {
    try {
      const repeatedKey = this.#writeAll();
      return { tables: this.#tables, entries: this.#entries.count, repeatedKey };
    } finally {
      this.#builder?.abandon();
      this.#file?.close();
    }
  }

  /** Writes all entries. Stops at a key that occurs twice, and returns it. */
  #writeAll(): Uint8Array | undefined {
    const { prefix, bytes, keyEnds, ends } = this.#entries;
    const order = sortedOrder(this.#entries);
    const cursor = {
      valid: true,
      keyBytes: new Uint8Array(prefix.length + 256),
      keyLength: 0,
      data: bytes,
      valueStart: 0,
      valueEnd: 0,
    };
    cursor.keyBytes.set(prefix);
    // The length of the previous key without the prefix; -1 at the start.
    let lengthBefore = -1;
    for (let at = 0; at < order.length; at++) {
      if (at % ENTRIES_PER_CHECK === 0) this.#checkCancelled();
      const entry = order[at] as number;
      const start = keyStartOf(this.#entries, entry);
      const keyEnd = keyEnds[entry] as number;
      const length = keyEnd - start;
      const userLength = prefix.length + length;
      if (userLength + BUILT_TRAILER.length > cursor.keyBytes.length) {
        const larger = new Uint8Array(2 * userLength + BUILT_TRAILER.length);
        larger.set(cursor.keyBytes);
        cursor.keyBytes = larger;
      }
      const key = cursor.keyBytes;
      const shorter = Math.min(length, lengthBefore);
      let shared = 0;
      while (shared < shorter && key[prefix.length + shared] === bytes[start + shared]) shared += 1;
      if (shared === length && length === lengthBefore) return key.slice(0, userLength);
      for (let index = shared; index < length; index++) {
        key[prefix.length + index] = bytes[start + index] as number;
      }
      for (let index = 0; index < BUILT_TRAILER.length; index++) {
        key[userLength + index] = BUILT_TRAILER[index] as number;
      }
      cursor.keyLength = userLength + BUILT_TRAILER.length;
      cursor.valueStart = keyEnd;
      cursor.valueEnd = ends[entry] as number;
      // A key shares the prefix with the previous one; the first key shares nothing.
      const known = lengthBefore < 0 ? 0 : prefix.length + shared;
      const builder = this.#openTable();
      builder.addFrom(cursor, known);
      lengthBefore = length;
      if (builder.sizeBytes >= RUN_TABLE_SIZE_BYTES) this.#endTable();
    }
    this.#endTable();
    return undefined;
  }

  #openTable(): TableBuilder {
    if (this.#builder === undefined) {
      const path = `${this.#path}-${this.#tables.length}.table`;
      this.#file = this.#held.createTable(path);
      this.#builder = new TableBuilder(this.#file, { path, seal: true });
    }
    return this.#builder;
  }

  #endTable(): void {
    if (this.#builder === undefined) return;
    const { entries, sizeBytes, smallest, largest } = this.#builder.finish();
    this.#builder = undefined;
    this.#file?.close();
    this.#file = undefined;
    const path = `${this.#path}-${this.#tables.length}.table`;
    this.#tables.push({ path, sizeBytes, smallest, largest, origin: 'built', entries });
  }
}
