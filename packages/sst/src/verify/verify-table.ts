// Verifies tables that other programs may have written. LevelDB trusts what it reads, and a malformed table can crash
// the process. Everything that LevelDB relies on is checked here.

import { BlockReader } from '../block/block-reader.js';
import { RestartCheck } from '../block/restart-check.js';
import { StoredBlockReader } from '../block/stored-block.js';
import { compareByteRanges, compareBytes, copyBytes, grown } from '../compare-bytes.js';
import {
  compareInternalKeys,
  MAX_ENTRY_SEQUENCE,
  sequenceNumberOf,
  TRAILER_BYTES,
  typeCodeOf,
  userKeyOf,
} from '../encoding/internal-key.js';
import { BLOCK_TRAILER_BYTES, FOOTER_BYTES } from '../encoding/table-format.js';
import { corrupt, SstError } from '../errors.js';
import type { FileSystem } from '../files/file-system.js';
import { bloomHash } from '../filter/bloom-filter.js';
import { hex } from '../hex.js';
import { MAX_RESTART_INTERVAL } from '../table/table-options.js';
import type { TableParts } from '../table/table-parts.js';
import type { TableBounds, TableProperties } from '../table/table-properties.js';
import { TableReader, type TableValidation } from '../table/table-reader.js';
import { checkSeal } from '../table/table-seal.js';

/** The size and bounds of a table that are recorded elsewhere, with which the table is compared. */
export interface RecordedTable {
  /** The size of the table. Its file may be longer. @defaultValue the file's size */
  readonly sizeBytes?: number | undefined;
  /** An internal key that is at or before the table's first. */
  readonly smallest?: Uint8Array | undefined;
  /** An internal key that is at or after the table's last. */
  readonly largest?: Uint8Array | undefined;
}

/**
 * The greatest total length of a block's keys, as a multiple of the block's size: without this limit, a small block of
 * long keys that share most bytes takes hours to read. Valid blocks keep it: between two restart points, n entries have
 * keys of at most n times their own length.
 */
const MAX_KEY_GROWTH = MAX_RESTART_INTERVAL;

/**
 * Reads a table in full and checks all of it: each checksum and entry, the strict order of internal keys, types and
 * sequences, restart points, the index against the blocks, the filter against each key, and that no byte is unaccounted
 * for. Of a virtual table's file, only the blocks in use and the bytes after the earlier contents are checked.
 *
 * @throws SstError for the first problem, with path and offset: `SSTITCH_TABLE_CORRUPT`,
 * `SSTITCH_TABLE_UNSUPPORTED`, `SSTITCH_TABLE_IO`
 */
export function verifyTable(
  fileSystem: FileSystem,
  path: string,
  recorded: RecordedTable = {},
): TableProperties {
  return withReader(fileSystem, path, recorded, 'full', (reader) => {
    const properties = new Verifier(reader).run();
    checkSealed(properties, reader.parts, path);
    checkRecorded(properties, recorded, path);
    return properties;
  });
}

/**
 * Checks the structure of a table, at a cost that hardly grows with its size: footer, index, metaindex, the layout of
 * the filter, the first and last data blocks, and that the recorded bounds contain the table. Of a sealed table, it
 * reads index and filter, but no data blocks, as the seal has the bounds.
 *
 * @throws SstError as `verifyTable`
 */
export function checkTableStructure(
  fileSystem: FileSystem,
  path: string,
  recorded: RecordedTable = {},
): TableBounds {
  return withReader(fileSystem, path, recorded, 'checksum', (reader) => {
    const bounds = {
      sizeBytes: reader.sizeBytes,
      smallest: reader.smallest(),
      largest: reader.largest(),
    };
    if (reader.parts.seal === undefined) checkEnds(reader, bounds);
    checkRecorded(bounds, recorded, path);
    return bounds;
  });
}

/** Checks the first and last keys of the data blocks against the index. */
function checkEnds(reader: TableReader, bounds: TableBounds): void {
  const { index } = reader.parts;
  if (
    compareInternalKeys(bounds.smallest, bounds.largest) > 0 ||
    compareInternalKeys(bounds.smallest, index.keyOf(0)) > 0 ||
    compareInternalKeys(bounds.largest, index.keyOf(index.blockCount - 1)) > 0 ||
    (index.blockCount > 1 &&
      compareInternalKeys(bounds.largest, index.keyOf(index.blockCount - 2)) <= 0)
  ) {
    throw corrupt('the first and last keys contradict the index', { path: reader.path });
  }
}

/** Checks that the seal, if there is one, is right. */
function checkSealed(
  properties: TableProperties,
  { seal, footer, filter, file }: TableParts,
  path: string,
): void {
  if (seal === undefined) return;
  checkSeal(new StoredBlockReader(file), seal, footer.index, filter?.handle, path);
  if (
    compareBytes(seal.smallest, properties.smallest) !== 0 ||
    compareBytes(seal.largest, properties.largest) !== 0
  ) {
    throw corrupt('the first and last keys differ from those of the seal', { path });
  }
}

function withReader<T>(
  fileSystem: FileSystem,
  path: string,
  recorded: RecordedTable,
  validate: TableValidation,
  use: (reader: TableReader) => T,
): T {
  const reader = TableReader.open(fileSystem, path, { sizeBytes: recorded.sizeBytes, validate });
  try {
    return use(reader);
  } finally {
    reader.close();
  }
}

function checkRecorded(bounds: TableBounds, recorded: RecordedTable, path: string): void {
  const { smallest, largest } = recorded;
  for (const key of [smallest, largest]) {
    if (key !== undefined && key.length < TRAILER_BYTES) {
      throw corrupt(`the recorded bound ${hex(key)} is not an internal key`, { path });
    }
  }
  if (smallest !== undefined && compareInternalKeys(smallest, bounds.smallest) > 0) {
    throw corrupt(
      `the table starts at ${hex(bounds.smallest)}, before the recorded ${hex(smallest)}`,
      { path },
    );
  }
  if (largest !== undefined && compareInternalKeys(largest, bounds.largest) < 0) {
    throw corrupt(`the table ends at ${hex(bounds.largest)}, after the recorded ${hex(largest)}`, {
      path,
    });
  }
}

class Verifier {
  readonly #reader: TableReader;
  readonly #blocks: StoredBlockReader;
  readonly #entries = new BlockReader(TRAILER_BYTES);
  #entryCount = 0;
  #deletions = 0;
  #smallestSequence = Number.POSITIVE_INFINITY;
  #largestSequence = 0;
  #smallest = new Uint8Array(0);
  /** Holds the previous key in its first `#lastLength` bytes. */
  #last: Uint8Array = new Uint8Array(256);
  #lastLength = 0;

  constructor(reader: TableReader) {
    this.#reader = reader;
    this.#blocks = new StoredBlockReader(reader.parts.file);
  }

  run(): TableProperties {
    const { index, footer, filter, properties, file, sharedBytes, hasForeignEntries } =
      this.#reader.parts;
    let end = sharedBytes;
    for (let block = 0; block < index.blockCount; block += 1) {
      const { offset, size } = index.handleOf(block);
      this.#checkBlock(block);
      if (offset < sharedBytes) continue;
      this.#checkGap(end, offset);
      end = offset + size + BLOCK_TRAILER_BYTES;
    }
    // The checksums of the others were checked when the table was opened.
    if (properties !== undefined) this.#blocks.readStored(properties.offset, properties.size);
    const others = [filter?.handle, properties, footer.metaindex, footer.index]
      .filter((handle) => handle !== undefined)
      .sort((a, b) => a.offset - b.offset);
    for (const handle of others) {
      if (handle.offset < sharedBytes) continue;
      // Blocks of other writers, which LevelDB ignores, lie before the metaindex.
      const mayHoldForeignBlocks = hasForeignEntries && handle.offset <= footer.metaindex.offset;
      if (!mayHoldForeignBlocks) this.#checkGap(end, handle.offset);
      end = handle.offset + handle.size + BLOCK_TRAILER_BYTES;
    }
    this.#checkGap(end, file.sizeBytes - FOOTER_BYTES);
    return {
      sizeBytes: file.sizeBytes,
      entries: this.#entryCount,
      smallest: this.#smallest,
      largest: this.#last.slice(0, this.#lastLength),
      smallestSequence: this.#smallestSequence,
      largestSequence: this.#largestSequence,
      deletions: this.#deletions,
    };
  }

  #checkGap(start: number, end: number): void {
    for (let at = start; at < end; ) {
      const bytes = this.#blocks.readBytes(at, Math.min(end - at, 4096));
      const stray = bytes.findIndex((byte) => byte !== 0);
      if (stray >= 0) throw this.#fault('bytes between two blocks are not zero', at + stray);
      at += bytes.length;
    }
  }

  #checkBlock(block: number): void {
    const { index, file } = this.#reader.parts;
    const { filter } = this.#reader;
    const offset = index.offsetOf(block);
    const entries = this.#entries;
    const contents = this.#blocks.read(offset, index.sizeOf(block));
    entries.load(contents, { path: file.path, offset });
    entries.seekToFirst();
    if (!entries.valid) throw this.#fault('a data block has no entries', offset);
    this.#checkIndexKeyBefore(block, offset);

    const restarts = new RestartCheck(entries, { path: file.path, offset });
    let keyBytes = 0;
    for (; entries.valid; entries.next()) {
      restarts.visit();
      keyBytes += entries.keyLength;
      if (keyBytes > MAX_KEY_GROWTH * contents.length) {
        const problem = `a block of ${contents.length} bytes claims keys of more than ${MAX_KEY_GROWTH} times its size`;
        throw new SstError('SSTITCH_TABLE_UNSUPPORTED', problem, { path: file.path, offset });
      }
      this.#checkEntry(offset);
      const userLength = entries.keyLength - TRAILER_BYTES;
      if (filter !== undefined) {
        const hash = bloomHash(entries.keyBytes, 0, userLength);
        if (!filter.mayMatch(offset, hash)) {
          const key = hex(entries.keyBytes.subarray(0, userLength));
          throw this.#fault(`the filter does not match ${key}: get would miss it`, offset);
        }
      }
    }
    restarts.finish();
    const last = this.#last.subarray(0, this.#lastLength);
    const indexKey = index.keyOf(block);
    if (compareInternalKeys(last, indexKey) > 0) {
      throw this.#fault(
        `the last key of the block, ${hex(last)}, is after its index key ${hex(indexKey)}`,
        offset,
      );
    }
  }

  /** Checks that the index key of the previous block separates it from this one, as get relies on it. */
  #checkIndexKeyBefore(block: number, offset: number): void {
    if (block === 0) return;
    const { keyBytes, keyLength } = this.#entries;
    const indexKey = this.#reader.parts.index.keyOf(block - 1);
    const first = keyBytes.subarray(0, keyLength);
    if (compareInternalKeys(indexKey, first) >= 0) {
      throw this.#fault(
        `the first key of the block, ${hex(first)}, is not after the index key ${hex(indexKey)} of ` +
          'the previous block',
        offset,
      );
    }
    // If the index key is a version of the first key's user key, it must be in the previous block. Otherwise a get at a
    // sequence between the two would search the previous block, and miss the key.
    const last = this.#last.subarray(0, this.#lastLength);
    if (
      compareBytes(userKeyOf(indexKey), userKeyOf(first)) === 0 &&
      compareBytes(indexKey, last) !== 0
    ) {
      throw this.#fault(
        `the index key ${hex(indexKey)} of the previous block has the user key of this block's first ` +
          'entry: get could miss it',
        offset,
      );
    }
  }

  #checkEntry(offset: number): void {
    const { keyBytes, keyLength } = this.#entries;
    const type = typeCodeOf(keyBytes, keyLength);
    if (type !== 0 && type !== 1) {
      throw this.#fault(`a key has the type ${type}, neither value nor deletion`, offset);
    }
    const sequence = sequenceNumberOf(keyBytes, keyLength);
    if (sequence > MAX_ENTRY_SEQUENCE) {
      throw new SstError('SSTITCH_TABLE_UNSUPPORTED', 'a sequence is above 2^53-1', {
        path: this.#reader.path,
        offset,
      });
    }
    if (this.#entryCount === 0) {
      this.#smallest = keyBytes.slice(0, keyLength);
    } else if (!this.#follows(keyBytes, keyLength)) {
      throw this.#fault(
        `the key ${hex(keyBytes.subarray(0, keyLength))} does not follow ` +
          hex(this.#last.subarray(0, this.#lastLength)),
        offset,
      );
    }
    if (keyLength > this.#last.length) this.#last = grown(this.#last, 0, keyLength);
    copyBytes(keyBytes, 0, keyLength, this.#last, 0);
    this.#lastLength = keyLength;
    this.#entryCount += 1;
    if (type === 0) this.#deletions += 1;
    if (sequence < this.#smallestSequence) this.#smallestSequence = sequence;
    if (sequence > this.#largestSequence) this.#largestSequence = sequence;
  }

  /** Whether a key is after the previous one, and is not the same user key with the same sequence. */
  #follows(key: Uint8Array, keyLength: number): boolean {
    const last = this.#last;
    const lastLength = this.#lastLength;
    const userLength = keyLength - TRAILER_BYTES;
    const lastUserLength = lastLength - TRAILER_BYTES;
    const order = compareByteRanges(last, 0, lastUserLength, key, 0, userLength);
    if (order !== 0) return order < 0;
    return sequenceNumberOf(last, lastLength) > sequenceNumberOf(key, keyLength);
  }

  #fault(problem: string, offset: number): SstError {
    return corrupt(problem, { path: this.#reader.path, offset });
  }
}
