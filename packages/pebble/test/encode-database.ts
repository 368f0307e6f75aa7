// Encodes small databases of LevelDB tables that no fixture has.

import { makeInternalKey, TableBuilder } from '@sstitch/sst';
import { ByteWriter, text } from './byte-writer.js';
import { encodeLog } from './encode-log.js';
import { type Files, MemoryFiles } from './memory-files.js';

/** A table as an edit adds it. */
export interface EncodedTable {
  readonly number: number;
  readonly level?: number;
  readonly sizeBytes: number;
  readonly smallest: string;
  readonly largest: string;
  /** Whether `largest` is an exclusive bound. */
  readonly isExclusive?: boolean;
  readonly sequences?: readonly [number, number];
  /** The backing file of a virtual table. */
  readonly backing?: number;
}

const MAX_TRAILER = 0xffff_ffff_ffff_ff0fn;

export class EditWriter extends ByteWriter {
  head(comparer = 'leveldb.BytewiseComparator', nextFileNumber = 100): this {
    return this.uvarint(1).byteString(text(comparer)).uvarint(3).uvarint(nextFileNumber);
  }

  logNumber(number: number): this {
    return this.uvarint(2).uvarint(number);
  }

  deleteTable(level: number, number: number): this {
    return this.uvarint(6).uvarint(level).uvarint(number);
  }

  addBacking(number: number, sizeBytes: number): this {
    return this.uvarint(105).uvarint(number).uvarint(sizeBytes);
  }

  /** Adds a table with tag 103, as Pebble does; `custom` holds custom fields. */
  addTable(table: EncodedTable, custom: Uint8Array = new Uint8Array(0)): this {
    const { number, level = 6, sizeBytes, smallest, largest, sequences = [0, 0] } = table;
    this.uvarint(103).uvarint(level).uvarint(number).uvarint(sizeBytes);
    this.byteString(internalKey(smallest, 1n));
    this.byteString(internalKey(largest, table.isExclusive === true ? MAX_TRAILER : 1n));
    this.uvarint(sequences[0]).uvarint(sequences[1]);
    if (table.backing !== undefined) this.uvarint(66).uvarint(table.backing);
    return this.raw(custom).uvarint(1);
  }
}

export function internalKey(userKey: string, trailer: bigint): Uint8Array {
  return new ByteWriter().raw(text(userKey)).uint64(trailer).done();
}

export interface TableItem {
  readonly key: string;
  readonly sequence: number;
  /** Undefined for a deletion. */
  readonly value?: string;
}

/** Encodes a LevelDB table with one entry in each block. */
export function encodeTable(items: readonly TableItem[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const file = {
    write: (bytes: Uint8Array) => {
      parts.push(bytes.slice());
    },
    read: () => 0,
    sync: () => {},
    sizeBytes: () => 0,
    close: () => {},
  };
  const builder = new TableBuilder(file, { blockSizeBytes: 1024, bloomBitsPerKey: 0 });
  for (const { key, sequence, value } of items) {
    const type = value === undefined ? 'deletion' : 'value';
    builder.add(makeInternalKey(text(key), sequence, type), text(value ?? ''));
  }
  builder.finish();
  return new Uint8Array(Buffer.concat(parts));
}

/** Encodes a database of these files and version edits. */
export function encodeDatabase(
  edits: readonly ByteWriter[],
  files: Iterable<readonly [string, Uint8Array]> = [],
): MemoryFiles {
  const all: Files = new Map(files);
  all.set('marker.format-version.000001.024', new Uint8Array(0));
  all.set('marker.manifest.000001.MANIFEST-000001', new Uint8Array(0));
  all.set('MANIFEST-000001', encodeLog(edits.map((edit) => edit.done())));
  return new MemoryFiles(all);
}
