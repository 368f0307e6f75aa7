// Encodes a MANIFEST of one version edit with only LevelDB's fields, which Pebble reads too (LevelDB's
// db/version_edit.cc, Pebble's internal/manifest/version_edit.go):
//
//   1 comparer          length-prefixed name
//   2 log number        varint64   WALs below it are obsolete
//   9 previous log      varint64   0
//   3 next file number  varint64
//   4 last sequence     varint64
//   7 new table         level varint32, number varint64, size varint64,
//                       smallest and largest: length-prefixed internal keys
//
// One edit is one record, so a truncated file is not mistaken for a shorter version.

import { varintBytes, writeVarint } from '@sstitch/sst/file-format';
import { encodeLogRecord } from '../log/encode-log.js';
import { COMPARER } from '../manifest/read-manifest.js';
import type { WrittenTable } from './table-output.js';

/** The level that both compact into, but not out of. */
const LAST_LEVEL = 6;

/** Encodes a MANIFEST whose number is `number`, which is also that of the first WAL, which does not exist. */
export function encodeManifest(number: number, tables: readonly WrittenTable[]): Uint8Array {
  const writer = new FieldWriter();
  writer.number(1).bytes(new TextEncoder().encode(COMPARER));
  writer.number(2).number(number);
  writer.number(9).number(0);
  writer.number(3).number(number + 1);
  // Every entry has the sequence number 0.
  writer.number(4).number(0);
  for (const { number, sizeBytes, smallest, largest } of tables) {
    writer.number(7).number(LAST_LEVEL).number(number).number(sizeBytes);
    writer.bytes(smallest).bytes(largest);
  }
  return encodeLogRecord(writer.finish());
}

class FieldWriter {
  #bytes = new Uint8Array(4096);
  #used = 0;

  number(value: number): this {
    this.#reserve(varintBytes(value));
    this.#used = writeVarint(this.#bytes, this.#used, value);
    return this;
  }

  bytes(value: Uint8Array): this {
    this.number(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#used);
    this.#used += value.length;
    return this;
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#used);
  }

  #reserve(count: number): void {
    const needed = this.#used + count;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}
