// Builds a table from sorted entries (LevelDB's table/table_builder.cc). Without compression, seal and properties, the
// file is byte for byte what LevelDB writes for the same entries and options.
//
// Invariants:
// - entries strictly ascend;
// - the index entry of a full block is added only when the next key is known, so that its key can be short;
// - a refused entry leaves the builder unchanged.

import { describeValue, isBytes } from '@sstitch/contract';
import { assert } from '../assert.js';
import { BlockBuilder } from '../block/block-builder.js';
import type { EntryCursor } from '../block/block-reader.js';
import {
  MAX_ENTRY_SEQUENCE,
  sequenceNumberOf,
  TRAILER_BYTES,
  typeCodeOf,
} from '../encoding/internal-key.js';
import { shortenToSeparator, shortenToSuccessor } from '../encoding/separator.js';
import { MAX_ENTRY_BYTES } from '../encoding/table-format.js';
import { SstError } from '../errors.js';
import type { FileHandle } from '../files/file-system.js';
import { FilterBlockBuilder } from '../filter/filter-block.js';
import { hex } from '../hex.js';
import { checkTableOptions, type TableOptions } from './table-options.js';
import type { TableProperties } from './table-properties.js';
import { TableWriter } from './table-writer.js';

/** Builds one table. The caller fsyncs and closes the file. */
export class TableBuilder {
  readonly #writer: TableWriter;
  readonly #block: BlockBuilder;
  readonly #blockSizeBytes: number;
  readonly #filter: FilterBlockBuilder | undefined;
  readonly #seal: boolean;
  readonly #properties: boolean;
  readonly #path: string | undefined;
  #indexEntryPending = false;
  #closed = false;
  #entries = 0;
  #deletions = 0;
  #keyBytes = 0;
  #valueBytes = 0;
  #smallest = new Uint8Array(0);
  #smallestSequence = Number.POSITIVE_INFINITY;
  #largestSequence = 0;

  /**
   * @param file a new, empty file
   * @throws SstError `SSTITCH_TABLE_OPTIONS`
   */
  constructor(file: FileHandle, options?: TableOptions) {
    const checked = checkTableOptions(options);
    this.#writer = new TableWriter(file, checked.compression, checked.path);
    this.#block = new BlockBuilder(checked.restartInterval);
    this.#blockSizeBytes = checked.blockSizeBytes;
    this.#filter =
      checked.bloomBitsPerKey === 0 ? undefined : new FilterBlockBuilder(checked.bloomBitsPerKey);
    this.#seal = checked.seal;
    this.#properties = checked.properties;
    this.#path = checked.path;
  }

  /** The number of entries added so far. */
  get entries(): number {
    return this.#entries;
  }

  /** The number of bytes written so far, plus the current block before compression. */
  get sizeBytes(): number {
    return this.#writer.offset + (this.#block.isEmpty ? 0 : this.#block.sizeBytes);
  }

  /**
   * Adds an entry. Both arrays are copied.
   *
   * @throws SstError `SSTITCH_TABLE_OPTIONS` if an argument is not bytes; `SSTITCH_TABLE_ORDER` if the key is not after
   * the last one, or has the same user key and sequence; `SSTITCH_TABLE_UNSUPPORTED` if the key has an unknown type or
   * a sequence above 2^53 - 1, or the entry is too large; `SSTITCH_TABLE_IO` if writing fails, after which the table can
   * only be abandoned
   */
  add(internalKey: Uint8Array, value: Uint8Array): void {
    if (!isBytes(internalKey)) throw this.#notBytes('key', internalKey);
    if (!isBytes(value)) throw this.#notBytes('value', value);
    this.#add(internalKey, internalKey.length, value, 0, value.length, 0);
  }

  /**
   * Adds the current entry of an iterator, without the copies that `key` and `value` make.
   *
   * @param sharedBytes the number of leading bytes that the key is known to share with the last one. They are not
   * compared again
   * @throws SstError as `add`
   */
  addFrom(entry: EntryCursor, sharedBytes = 0): void {
    assert(entry.valid, 'the iterator is not at an entry');
    const { keyBytes, keyLength, data, valueStart, valueEnd } = entry;
    this.#add(keyBytes, keyLength, data, valueStart, valueEnd, sharedBytes);
  }

  #add(
    key: Uint8Array,
    keyLength: number,
    values: Uint8Array,
    valueStart: number,
    valueEnd: number,
    knownShared: number,
  ): void {
    assert(!this.#closed, 'the table is finished or abandoned');
    const type = keyLength < TRAILER_BYTES ? -1 : typeCodeOf(key, keyLength);
    const sequence = type === -1 ? 0 : sequenceNumberOf(key, keyLength);
    if ((type !== 0 && type !== 1) || sequence > MAX_ENTRY_SEQUENCE) {
      throw this.#refusal(
        'SSTITCH_TABLE_UNSUPPORTED',
        `${hex(key.subarray(0, keyLength))} is not an internal key of a value or a deletion with ` +
          'a sequence below 2^53',
      );
    }
    if (keyLength + valueEnd - valueStart > MAX_ENTRY_BYTES) {
      throw this.#refusal(
        'SSTITCH_TABLE_UNSUPPORTED',
        `an entry of ${keyLength + valueEnd - valueStart} bytes is larger than ${MAX_ENTRY_BYTES}`,
      );
    }
    const block = this.#block;
    const shared = block.sharedWithLast(key, keyLength, knownShared);
    if (shared >= keyLength - TRAILER_BYTES && this.#repeatsSequence(key, keyLength)) {
      throw this.#refusal(
        'SSTITCH_TABLE_ORDER',
        `${hex(key.subarray(0, keyLength))} has the user key and the sequence of the entry before it`,
      );
    }
    if (this.#indexEntryPending) {
      // Shortening overwrites the last key, which the block that starts now does not need.
      const length = shortenToSeparator(block.lastKey, block.lastKeyLength, key, keyLength, shared);
      this.#writer.addIndexEntry(
        block.lastKey,
        length,
        this.#writer.blockOffset,
        this.#writer.blockSize,
      );
      this.#indexEntryPending = false;
    }
    block.append(key, keyLength, shared, values, valueStart, valueEnd);
    this.#filter?.addUserKey(key, keyLength - TRAILER_BYTES);

    if (this.#entries === 0) this.#smallest = key.slice(0, keyLength);
    this.#entries += 1;
    this.#keyBytes += keyLength;
    this.#valueBytes += valueEnd - valueStart;
    if (type === 0) this.#deletions += 1;
    if (sequence < this.#smallestSequence) this.#smallestSequence = sequence;
    if (sequence > this.#largestSequence) this.#largestSequence = sequence;
    if (block.sizeBytes >= this.#blockSizeBytes) this.#endBlock();
  }

  /**
   * Writes the rest of the table. The file is then complete, but not fsynced.
   *
   * @throws SstError `SSTITCH_TABLE_OPTIONS` if no entry was added, `SSTITCH_TABLE_IO`
   */
  finish(): TableProperties {
    assert(!this.#closed, 'the table is finished or abandoned');
    if (this.#entries === 0) {
      throw this.#refusal('SSTITCH_TABLE_OPTIONS', 'a table needs at least one entry');
    }
    this.#closed = true;
    const block = this.#block;
    const largest = block.lastKey.slice(0, block.lastKeyLength);
    this.#endBlock();
    const { blockOffset, blockSize } = this.#writer;
    const length = shortenToSuccessor(block.lastKey, block.lastKeyLength);
    this.#writer.addIndexEntry(block.lastKey, length, blockOffset, blockSize);
    const totals = {
      entries: this.#entries,
      deletions: this.#deletions,
      keyBytes: this.#keyBytes,
      valueBytes: this.#valueBytes,
    };
    const sizeBytes = this.#writer.finish({
      filter: this.#filter?.finish(),
      totals: this.#properties ? totals : undefined,
      bounds: this.#seal ? { smallest: this.#smallest, largest } : undefined,
    });
    return {
      sizeBytes,
      entries: this.#entries,
      smallest: this.#smallest,
      largest,
      smallestSequence: this.#smallestSequence,
      largestSequence: this.#largestSequence,
      deletions: this.#deletions,
    };
  }

  /** Abandons the table. The caller closes and removes the file. */
  abandon(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#writer.release();
  }

  #endBlock(): void {
    if (this.#block.isEmpty) return;
    this.#writer.writeBlock(this.#block.finish());
    this.#block.reset();
    this.#indexEntryPending = true;
    this.#filter?.startBlock(this.#writer.offset);
  }

  /** Whether a key, which starts with the last user key, has the same user key and sequence as the last one. */
  #repeatsSequence(key: Uint8Array, keyLength: number): boolean {
    const { lastKey, lastKeyLength } = this.#block;
    if (lastKeyLength !== keyLength) return false;
    // The trailer after its first byte, the type, is the sequence.
    for (let back = 1; back < TRAILER_BYTES; back += 1) {
      if (lastKey[keyLength - back] !== key[keyLength - back]) return false;
    }
    return true;
  }

  #notBytes(what: string, value: unknown): SstError {
    return this.#refusal(
      'SSTITCH_TABLE_OPTIONS',
      `entry ${this.#entries}: the ${what} must be a Uint8Array, not ${describeValue(value)}`,
    );
  }

  #refusal(code: SstError['code'], problem: string): SstError {
    return new SstError(code, problem, { path: this.#path });
  }
}
