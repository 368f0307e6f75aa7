// A version edit: one record of a MANIFEST, a change of the set of tables.
//
//   edit := (tag body)*; all numbers are uvarints, byte strings are length-prefixed
//
//   1    comparer's name            2    log number: WALs below it are flushed
//   3    next file number           4    last sequence
//   5    level, key: ignored        6    level, table: removed
//   9    log number: ignored
//   7    level, table, size, smallest, largest: a table
//   100  as 7, then smallest and largest sequence
//   102  as 100, with a path id after the table's number
//   103  as 100, then custom fields
//   105  file, size: a file that holds virtual tables
//   106  file: no longer such a file
//
//   custom fields: (tag body)*, ended by tag 1
//   66         uvarint: the table is virtual, and its bytes are in this file
//   bit 6 not set: byte string, ignored
//
// Smallest and largest are internal keys: a user key and 8 bytes of sequence number and kind. If the largest
// key has the largest possible sequence number (2^56 - 1), its user key is an exclusive bound.

import { ByteCursor } from '../encoding/byte-cursor.js';
import { type Location, tooLarge, unsupported } from '../errors.js';

/** A table as an edit adds it. */
export interface TableEntry {
  readonly level: number;
  readonly number: number;
  /** The file that holds it, if the table is virtual. */
  readonly backing: number | undefined;
  /** The size of the file, if the table is not virtual; else an estimate, or Infinity. */
  readonly sizeBytes: number;
  readonly smallest: Uint8Array;
  /** The last user key, or an exclusive bound if `largestIsExclusive`. */
  readonly largest: Uint8Array;
  readonly largestIsExclusive: boolean;
  readonly smallestSequence: number;
  readonly largestSequence: number;
}

export interface VersionEdit {
  comparer: string | undefined;
  logNumber: number | undefined;
  nextFileNumber: number | undefined;
  readonly deletedTables: { readonly level: number; readonly number: number }[];
  readonly addedTables: TableEntry[];
  readonly addedBackings: { readonly number: number; readonly sizeBytes: number }[];
  readonly removedBackings: number[];
}

const MAX_LEVEL = 6;
const TRAILER_BYTES = 8;
const CUSTOM_END = 1;
const CUSTOM_VIRTUAL = 66;
const CUSTOM_MUST_KNOW_BIT = 64;

const REFUSED_TAGS = new Map([
  [104, 'a table with range keys'],
  [107, 'a blob file (value separation)'],
  [108, 'the deletion of a blob file (value separation)'],
  [200, 'a column family of RocksDB'],
  [201, 'a column family of RocksDB'],
  [202, 'a column family of RocksDB'],
  [203, 'a column family of RocksDB'],
]);

const REFUSED_CUSTOM_TAGS = new Map([
  [65, 'a table on another path'],
  [67, 'a table with a synthetic prefix'],
  [68, 'a table with a synthetic suffix'],
  [69, 'a table with blob references (value separation)'],
]);

/**
 * Reads a version edit.
 *
 * @param maxTables the limit of the database, and so of the tables that an edit adds or removes
 */
export function decodeVersionEdit(
  record: Uint8Array,
  at: Location,
  maxTables: number,
): VersionEdit {
  const cursor = new ByteCursor(record, 'a version edit', at);
  const edit: VersionEdit = {
    comparer: undefined,
    logNumber: undefined,
    nextFileNumber: undefined,
    deletedTables: [],
    addedTables: [],
    addedBackings: [],
    removedBackings: [],
  };
  const lists = [
    edit.deletedTables,
    edit.addedTables,
    edit.addedBackings,
    edit.removedBackings,
  ] as const;
  while (!cursor.atEnd) {
    readField(cursor, cursor.uvarint(), edit);
    const count = Math.max(...lists.map(({ length }) => length));
    if (count > maxTables) {
      throw tooLarge(`a version edit names ${count} tables or more`, maxTables, 'maxTables', at);
    }
  }
  return edit;
}

function readField(cursor: ByteCursor, tag: number, edit: VersionEdit): void {
  switch (tag) {
    case 1:
      edit.comparer = Buffer.from(cursor.byteString()).toString('latin1');
      return;
    case 2:
      edit.logNumber = cursor.uvarint();
      return;
    case 3:
      edit.nextFileNumber = cursor.uvarint();
      return;
    case 4:
    case 9:
      cursor.uvarint();
      return;
    case 5:
      readLevel(cursor);
      cursor.byteString();
      return;
    case 6:
      edit.deletedTables.push({ level: readLevel(cursor), number: cursor.uvarint() });
      return;
    case 7:
    case 100:
    case 102:
    case 103:
      edit.addedTables.push(readTable(cursor, tag));
      return;
    case 105:
      edit.addedBackings.push({ number: cursor.uvarint(), sizeBytes: cursor.uvarint() });
      return;
    case 106:
      edit.removedBackings.push(cursor.uvarint());
      return;
    default:
      throw refusedTag(REFUSED_TAGS.get(tag), `the tag ${tag}`, cursor.at);
  }
}

function refusedTag(name: string | undefined, otherwise: string, at: Location) {
  return unsupported(
    `the MANIFEST has ${name ?? otherwise}, which this package does not read: ` +
      'copy the database with Pebble to one without it',
    at,
  );
}

function readLevel(cursor: ByteCursor): number {
  const level = cursor.uvarint();
  if (level > MAX_LEVEL) throw cursor.fault(`names level ${level}, but ${MAX_LEVEL} is the last`);
  return level;
}

function readTable(cursor: ByteCursor, tag: number): TableEntry {
  const level = readLevel(cursor);
  const number = cursor.uvarint();
  if (tag === 102) cursor.uvarint();
  const sizeBytes = cursor.uvarintOrInfinity();
  const smallest = readBound(cursor);
  const largest = readBound(cursor);
  const smallestSequence = tag === 7 ? 0 : cursor.uvarint();
  const largestSequence = tag === 7 ? 0 : cursor.uvarint();
  const backing = tag === 103 ? readCustomFields(cursor) : undefined;
  return {
    level,
    number,
    backing,
    sizeBytes,
    smallest: smallest.userKey,
    largest: largest.userKey,
    largestIsExclusive: largest.isSentinel,
    smallestSequence,
    largestSequence,
  };
}

function readBound(cursor: ByteCursor): { userKey: Uint8Array; isSentinel: boolean } {
  const internalKey = cursor.byteString();
  const keyBytes = internalKey.length - TRAILER_BYTES;
  if (keyBytes < 0) throw cursor.fault(`has a bound of ${internalKey.length} bytes`);
  return {
    userKey: internalKey.slice(0, keyBytes),
    isSentinel: internalKey.subarray(keyBytes + 1).every((byte) => byte === 0xff),
  };
}

/** Returns the backing file, if the table is virtual. */
function readCustomFields(cursor: ByteCursor): number | undefined {
  let backing: number | undefined;
  for (;;) {
    const tag = cursor.uvarint();
    if (tag === CUSTOM_END) return backing;
    if (tag === CUSTOM_VIRTUAL) {
      backing = cursor.uvarint();
    } else if (Math.floor(tag / CUSTOM_MUST_KNOW_BIT) % 2 === 1) {
      throw refusedTag(
        REFUSED_CUSTOM_TAGS.get(tag),
        `a table with the custom field ${tag}`,
        cursor.at,
      );
    } else {
      cursor.byteString();
    }
  }
}
