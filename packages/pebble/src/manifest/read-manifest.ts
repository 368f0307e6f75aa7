// Reads a MANIFEST: applies its edits in order to get the set of tables.
//
// Invariants: level and number together identify a table, because an edit may move it to another level; every
// table lies in a file of its own or in a file that an edit declared as the backing of virtual tables.

import { compareBytes } from '@sstitch/contract';
import { corrupt, type Location, quoted, tooLarge, unsupported } from '../errors.js';
import { InputFile } from '../input-file.js';
import { readLog } from '../log/log-reader.js';
import type { CheckedOptions, ReadableFileSystem } from '../options.js';
import { decodeVersionEdit, type TableEntry, type VersionEdit } from './version-edit.js';

/** A table of the database. */
export interface LiveTable extends Omit<TableEntry, 'largest'> {
  /** As in an edit; undefined for a table of unknown bounds. */
  readonly largest: Uint8Array | undefined;
  /** The file that holds its bytes. */
  readonly fileNumber: number;
  /** The expected size of the file, if known. */
  readonly fileBytes: number | undefined;
}

export interface Version {
  readonly tables: readonly LiveTable[];
  /** WALs from this number on are unflushed. */
  readonly logNumber: number;
}

/** The only comparer that this package supports. */
export const COMPARER = 'leveldb.BytewiseComparator';

/** Reads the MANIFEST at `path`. */
export function readManifest(
  fileSystem: ReadableFileSystem,
  path: string,
  options: CheckedOptions,
): Version {
  const file = InputFile.open(fileSystem, path, 'the manifest marker names it');
  try {
    if (file.sizeBytes > options.maxManifestBytes) {
      const what = `the MANIFEST has ${file.sizeBytes} bytes`;
      throw tooLarge(what, options.maxManifestBytes, 'maxManifestBytes', { path });
    }
    const builder = new VersionBuilder(path, options.maxTables);
    for (const record of readLog(file, { logNumber: undefined, tornEnd: options.tornLogs })) {
      const at = { path, offset: record.offset };
      builder.apply(decodeVersionEdit(record.bytes, at, options.maxTables), at);
    }
    return builder.finish();
  } finally {
    file.close();
  }
}

class VersionBuilder {
  readonly #path: string;
  readonly #maxTables: number;
  readonly #tables = new Map<string, TableEntry>();
  /** The sizes of files that hold virtual tables. */
  readonly #backings = new Map<number, number>();
  #logNumber = 0;
  #hasNextFileNumber = false;

  constructor(path: string, maxTables: number) {
    this.#path = path;
    this.#maxTables = maxTables;
  }

  apply(edit: VersionEdit, at: Location): void {
    if (edit.comparer !== undefined && edit.comparer !== COMPARER) {
      throw unsupported(
        `the keys are in the order of the comparer ${quoted(edit.comparer)}; this package supports only ${COMPARER}`,
        at,
      );
    }
    this.#logNumber = edit.logNumber ?? this.#logNumber;
    this.#hasNextFileNumber ||= edit.nextFileNumber !== undefined;
    for (const { number, sizeBytes } of edit.addedBackings) this.#backings.set(number, sizeBytes);
    for (const { level, number } of edit.deletedTables) {
      if (!this.#tables.delete(tableId(level, number))) {
        throw corrupt(
          `an edit removes table ${number} of level ${level}, which does not exist`,
          at,
        );
      }
    }
    for (const table of edit.addedTables) this.#add(table, at);
    for (const number of edit.removedBackings) {
      if (!this.#backings.delete(number)) {
        throw corrupt(`an edit removes the backing file ${number}, which does not exist`, at);
      }
    }
    const count = Math.max(this.#tables.size, this.#backings.size);
    if (count > this.#maxTables) {
      throw tooLarge(`the database has ${count} tables or more`, this.#maxTables, 'maxTables', at);
    }
  }

  #add(table: TableEntry, at: Location): void {
    const id = tableId(table.level, table.number);
    if (this.#tables.has(id)) {
      throw corrupt(`an edit adds table ${table.number} of level ${table.level} again`, at);
    }
    const order = compareBytes(table.smallest, table.largest);
    if (order > 0 || (order === 0 && table.largestIsExclusive)) {
      throw corrupt(`the bounds of table ${table.number} are inverted`, at);
    }
    if (table.smallestSequence > table.largestSequence) {
      throw corrupt(`the sequences of table ${table.number} are inverted`, at);
    }
    this.#tables.set(id, table);
  }

  finish(): Version {
    if (!this.#hasNextFileNumber) {
      throw corrupt('the MANIFEST has no next file number: it was truncated or is not a MANIFEST', {
        path: this.#path,
      });
    }
    checkDisjoint([...this.#tables.values()], this.#path);
    const tables = [...this.#tables.values()].map((table): LiveTable => {
      const fileNumber = table.backing ?? table.number;
      const fileBytes =
        table.backing === undefined ? table.sizeBytes : this.#backings.get(table.backing);
      if (fileBytes === undefined) {
        throw corrupt(
          `virtual table ${table.number} lies in file ${fileNumber}, which no edit declared a backing file`,
          { path: this.#path },
        );
      }
      return { ...table, fileNumber, fileBytes };
    });
    return { tables, logNumber: this.#logNumber };
  }
}

/**
 * Checks that the tables of a level below level 0, or the virtual tables of one file, do not overlap;
 * neighbours may share a key. Without this check, a small file could make a reader read one table thousands of
 * times.
 */
function checkDisjoint(tables: TableEntry[], path: string): void {
  const groups = new Map<string, TableEntry>();
  for (const table of tables.sort(byBounds)) {
    const level = table.level === 0 ? undefined : `level ${table.level}`;
    const file = table.backing === undefined ? undefined : `file ${table.backing}`;
    for (const group of [level, file]) {
      if (group === undefined) continue;
      const before = groups.get(group);
      groups.set(group, table);
      if (before !== undefined && compareBytes(before.largest, table.smallest) > 0) {
        throw corrupt(`tables ${before.number} and ${table.number} of ${group} overlap`, { path });
      }
    }
  }
}

/** Orders tables by their first keys, then by their last ones. */
function byBounds(a: TableEntry, b: TableEntry): number {
  return compareBytes(a.smallest, b.smallest) || compareBytes(a.largest, b.largest);
}

function tableId(level: number, number: number): string {
  return `${level}/${number}`;
}
