// Makes a virtual table: appends to a table's file another table, which holds the entries of some spans. No earlier byte
// changes (layout: table-format.ts).
//
//   the earlier contents    blocks that lie inside a span are used in place, and so is the filter if there are such
//                           blocks
//   zeros                   up to the end of the filter's windows, if the file is shorter
//   data blocks             the rebuilt blocks that straddle a bound of a span
//   metaindex, index, footer
//
// The cost is that of an index, not of the table's data. The rebuilt blocks, one or two at each bound, lie after the
// filter's windows, where LevelDB assumes that every key matches (FilterBlockReader::KeyMayMatch). A reader that knows
// the file's earlier size, as LevelDB does from its MANIFEST, finds the earlier footer there and reads the same table as
// before.
//
// Entries that were split away stay in the file until LevelDB compacts the table.

import { joinTouchingSpans, type Span } from '@sstitch/contract';
import type { BlockHandle } from '../encoding/table-format.js';
import { fileOperation, SstError } from '../errors.js';
import type { FileHandle } from '../files/file-system.js';
import { FILTER_WINDOW_BYTES } from '../filter/filter-block.js';
import type { TableIndex } from '../table/table-index.js';
import { checkTableOptions } from '../table/table-options.js';
import type { TableParts } from '../table/table-parts.js';
import type { PartProperties } from '../table/table-properties.js';
import type { TableReader } from '../table/table-reader.js';
import { TableWriter } from '../table/table-writer.js';
import {
  type BlockVisitor,
  copyInto,
  type PartOptions,
  type PartOutput,
  visitBlocks,
} from './part-copier.js';
import { requireSpans } from './require-spans.js';

/**
 * Appends a table that holds exactly the entries of `reader`'s table whose user keys lie in the spans. Each call appends
 * one more table to the file, which is identified by its size. Only blocks at a bound of a span or of the part are read.
 *
 * @param keep spans that hold a key each, sorted and disjoint; they may touch
 * @param file the reader's file, opened with `append`. No other writer may use it meanwhile. The caller fsyncs and
 * closes it
 * @returns undefined if the table has no entries in the spans; nothing was written then
 * @throws SstError `SSTITCH_TABLE_OPTIONS` for invalid spans or options, `SSTITCH_TABLE_CORRUPT`,
 * `SSTITCH_TABLE_UNSUPPORTED`, `SSTITCH_TABLE_IO`; `SSTITCH_TABLE_SHARED` if another writer did append to the file,
 * whose earlier contents are unchanged
 */
export function sharePart(
  reader: TableReader,
  keep: readonly Span[],
  file: FileHandle,
  options: PartOptions = {},
): PartProperties | undefined {
  const checked = checkTableOptions(options);
  const at = { path: reader.path };
  const fileBytes = () => fileOperation('read the size of a table', at, () => file.sizeBytes());
  const startOffset = fileBytes();
  const openOutput = () => {
    const writer = new TableWriter(file, checked.compression, checked.path, startOffset);
    return new AppendedOutput(writer, startOffset, reader.parts);
  };
  const shared = copyInto(reader, keep, openOutput, checked);
  if (shared === undefined) return undefined;
  // The offsets just written are right only if the table was appended at `startOffset`.
  const endOffset = fileBytes();
  if (endOffset !== shared.sizeBytes) {
    const problem = `the file has ${endOffset} bytes, not ${shared.sizeBytes}: another writer appended to it`;
    throw new SstError('SSTITCH_TABLE_SHARED', problem, at);
  }
  return shared;
}

/**
 * Returns the stored size of the data blocks that may hold entries in the spans, which is about what a copy would write.
 *
 * @param keep spans that hold a key each, sorted and disjoint; they may touch
 */
export function dataBytesIn(reader: TableReader, keep: readonly Span[]): number {
  requireSpans(keep);
  const sum = new StoredSizes(reader.parts.index);
  visitBlocks(reader, joinTouchingSpans(keep), sum);
  return sum.bytes;
}

class StoredSizes implements BlockVisitor {
  readonly #index: TableIndex;
  bytes = 0;

  constructor(index: TableIndex) {
    this.#index = index;
  }

  visitWhole(from: number, to: number): void {
    this.bytes += this.#index.storedBytes(from, to);
  }

  visitPart(block: number): void {
    this.bytes += this.#index.storedBytes(block, block + 1);
  }
}

/** A filter that LevelDB wrote does not have windows beyond the end of the file by more than this. */
const MAX_PADDING_BYTES = 2 * FILTER_WINDOW_BYTES;

class AppendedOutput implements PartOutput {
  readonly #writer: TableWriter;
  readonly #sharedBytes: number;
  readonly #index: TableIndex;
  readonly #filterHandle: BlockHandle | undefined;
  /** The offset at which the filter's windows end. */
  readonly #filteredBytes: number;
  /** Whether no block is used in place. The filter is left out then, as LevelDB would read it for nothing. */
  #keepsNone = true;

  constructor(writer: TableWriter, sharedBytes: number, parts: TableParts) {
    this.#writer = writer;
    this.#sharedBytes = sharedBytes;
    this.#index = parts.index;
    const filteredBytes = (parts.filter?.windowCount ?? 0) * FILTER_WINDOW_BYTES;
    const isUsable = filteredBytes <= sharedBytes + MAX_PADDING_BYTES;
    this.#filterHandle = isUsable ? parts.filter?.handle : undefined;
    this.#filteredBytes = isUsable ? filteredBytes : 0;
  }

  keepBlocks(from: number, to: number): void {
    this.#keepsNone = false;
    this.#writer.addIndexEntries(this.#index, from, to);
  }

  keepBlock(block: number, key: Uint8Array, keyLength: number): void {
    this.#keepsNone = false;
    const { offset, size } = this.#index.handleOf(block);
    this.#writer.addIndexEntry(key, keyLength, offset, size);
  }

  addBlock(_: number, contents: Uint8Array, key: Uint8Array, keyLength: number): void {
    const writer = this.#writer;
    // Inside the filter's windows, LevelDB would look for these keys in another block's filter.
    writer.padTo(Math.max(writer.offset, this.#filteredBytes));
    writer.writeBlock(contents);
    writer.addIndexEntry(key, keyLength, writer.blockOffset, writer.blockSize);
  }

  finish(): number {
    const filterHandle = this.#keepsNone ? undefined : this.#filterHandle;
    return this.#writer.finishShared(filterHandle, this.#sharedBytes);
  }
}
