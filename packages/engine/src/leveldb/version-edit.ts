// A version edit is one record of a MANIFEST (LevelDB's db/version_edit.cc). It consists of fields in any order, each a
// varint tag and its contents:
//
//   1 comparator         length-prefixed name
//   2 log number         varint64     logs below it are obsolete
//   3 next file number   varint64
//   4 last sequence      varint64
//   5 compact pointer    level varint32, length-prefixed internal key
//   6 deleted file       level varint32, number varint64
//   7 new file           level varint32, number varint64, size varint64,
//                        smallest and largest: length-prefixed internal keys
//   9 previous log       varint64     always 0 since LevelDB 1.2
//
// Numbers are JavaScript numbers, and numbers above 2^53 - 1 are refused: file numbers and sizes never get that large,
// and LevelDB's own limit of sequences is 2^56 - 1.
import { EngineError } from '../errors.js';
import { isFieldOfOthers } from './other-databases.js';

export const LEVEL_COUNT = 7;
export const COMPARATOR_NAME = 'leveldb.BytewiseComparator';
/** The length of the sequence and type after the user key. */
const INTERNAL_KEY_TRAILER_BYTES = 8;

/** A table as a MANIFEST lists it. */
export interface TableEntry {
  /** The number in the table's file name. */
  readonly number: number;
  /** The offset at which the table ends. The file of a virtual table may be longer. */
  readonly sizeBytes: number;
  /** The first internal key. */
  readonly smallest: Uint8Array;
  /** The last internal key. */
  readonly largest: Uint8Array;
}

/** A decoded version edit. */
export interface VersionEdit {
  comparator?: string;
  logNumber?: number;
  previousLogNumber?: number;
  nextFileNumber?: number;
  lastSequence?: number;
  readonly deleted: Array<{ readonly level: number; readonly number: number }>;
  readonly added: Array<{ readonly level: number; readonly table: TableEntry }>;
}

const TAG_COMPARATOR = 1;
const TAG_LOG_NUMBER = 2;
const TAG_NEXT_FILE_NUMBER = 3;
const TAG_LAST_SEQUENCE = 4;
const TAG_COMPACT_POINTER = 5;
const TAG_DELETED_FILE = 6;
const TAG_NEW_FILE = 7;
const TAG_PREVIOUS_LOG_NUMBER = 9;

const textEncoder = new TextEncoder();
const textDecoder = new TextDecoder();

/**
 * Decodes one MANIFEST record. Its keys are views of `bytes`, since most tables that a MANIFEST lists are deleted by
 * later edits.
 *
 * @param path the MANIFEST's path, for errors
 * @param offset the record's offset, for errors
 * @throws EngineError SSTITCH_STORE_CORRUPT, SSTITCH_STORE_FORMAT
 */
export function decodeVersionEdit(bytes: Uint8Array, path: string, offset: number): VersionEdit {
  const edit: VersionEdit = { deleted: [], added: [] };
  const fields = new EditReader(bytes, path, offset);
  while (fields.hasMore) {
    const tag = fields.number();
    switch (tag) {
      case TAG_COMPARATOR:
        edit.comparator = textDecoder.decode(fields.bytes());
        break;
      case TAG_LOG_NUMBER:
        edit.logNumber = fields.number();
        break;
      case TAG_PREVIOUS_LOG_NUMBER:
        edit.previousLogNumber = fields.number();
        break;
      case TAG_NEXT_FILE_NUMBER:
        edit.nextFileNumber = fields.number();
        break;
      case TAG_LAST_SEQUENCE:
        edit.lastSequence = fields.number();
        break;
      case TAG_COMPACT_POINTER:
        fields.level();
        fields.internalKey();
        break;
      case TAG_DELETED_FILE: {
        const level = fields.level();
        edit.deleted.push({ level, number: fields.number() });
        break;
      }
      case TAG_NEW_FILE: {
        const level = fields.level();
        const number = fields.number();
        const sizeBytes = fields.number();
        const smallest = fields.internalKey();
        const largest = fields.internalKey();
        edit.added.push({ level, table: { number, sizeBytes, smallest, largest } });
        break;
      }
      default:
        throw isFieldOfOthers(tag)
          ? fields.ofOthers(tag)
          : fields.corrupt(`has the unknown field ${tag}`);
    }
  }
  return edit;
}

// A class, not closures: V8 drops the compiled code of closures that each call creates.
class EditReader {
  readonly #bytes: Uint8Array;
  readonly #path: string;
  readonly #offset: number;
  #position = 0;

  constructor(bytes: Uint8Array, path: string, offset: number) {
    this.#bytes = bytes;
    this.#path = path;
    this.#offset = offset;
  }

  get hasMore(): boolean {
    return this.#position < this.#bytes.byteLength;
  }

  number(): number {
    let value = 0;
    let factor = 1;
    for (let length = 0; length < 10; length++) {
      const byte = this.#bytes[this.#position++];
      if (byte === undefined) throw this.corrupt('ends in the middle of a number');
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) throw this.corrupt('holds a number above 2^53-1');
        return value;
      }
      factor *= 128;
    }
    throw this.corrupt('holds a number of more than ten bytes');
  }

  level(): number {
    const level = this.number();
    if (level >= LEVEL_COUNT) throw this.corrupt(`names level ${level}`);
    return level;
  }

  bytes(): Uint8Array {
    const end = this.number() + this.#position;
    if (end > this.#bytes.byteLength) throw this.corrupt('ends in the middle of a key');
    const view = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return view;
  }

  internalKey(): Uint8Array {
    const key = this.bytes();
    if (key.byteLength < INTERNAL_KEY_TRAILER_BYTES) {
      throw this.corrupt('holds a key without a trailer');
    }
    return key;
  }

  ofOthers(tag: number): EngineError {
    const message = `the MANIFEST has the field ${tag}, which RocksDB and Pebble write and LevelDB does not: read the database with the program that wrote it`;
    return new EngineError('SSTITCH_STORE_FORMAT', message, {
      reason: 'other-database',
      path: this.#path,
      offset: this.#offset,
    });
  }

  corrupt(message: string): EngineError {
    const at = { path: this.#path, offset: this.#offset };
    return new EngineError('SSTITCH_STORE_CORRUPT', `a version edit ${message}`, at);
  }
}

/** Encodes one MANIFEST record, without compact pointers: LevelDB starts its round-robin compactions over. */
export function encodeVersionEdit(edit: VersionEdit): Uint8Array {
  const writer = new EditWriter();
  if (edit.comparator !== undefined) {
    writer.number(TAG_COMPARATOR);
    writer.bytes(textEncoder.encode(edit.comparator));
  }
  const numbers: ReadonlyArray<readonly [tag: number, value: number | undefined]> = [
    [TAG_LOG_NUMBER, edit.logNumber],
    [TAG_PREVIOUS_LOG_NUMBER, edit.previousLogNumber],
    [TAG_NEXT_FILE_NUMBER, edit.nextFileNumber],
    [TAG_LAST_SEQUENCE, edit.lastSequence],
  ];
  for (const [tag, value] of numbers) {
    if (value === undefined) continue;
    writer.number(tag);
    writer.number(value);
  }
  for (const { level, number } of edit.deleted) {
    writer.number(TAG_DELETED_FILE);
    writer.number(level);
    writer.number(number);
  }
  for (const { level, table } of edit.added) {
    writer.number(TAG_NEW_FILE);
    writer.number(level);
    writer.number(table.number);
    writer.number(table.sizeBytes);
    writer.bytes(table.smallest);
    writer.bytes(table.largest);
  }
  return writer.finish();
}

class EditWriter {
  #buffer = new Uint8Array(4096);
  #length = 0;

  number(value: number): void {
    this.#reserve(10);
    while (value >= 0x80) {
      // `value & 0x7f` would drop the upper bits of numbers above 2^31.
      this.#buffer[this.#length++] = (value % 128) | 0x80;
      value = Math.floor(value / 128);
    }
    this.#buffer[this.#length++] = value;
  }

  bytes(value: Uint8Array): void {
    this.number(value.byteLength);
    this.#reserve(value.byteLength);
    this.#buffer.set(value, this.#length);
    this.#length += value.byteLength;
  }

  finish(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#buffer.byteLength) return;
    const larger = new Uint8Array(Math.max(this.#buffer.byteLength * 2, this.#length + count));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}
