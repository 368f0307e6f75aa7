// Shares a table in place: makes a further table out of a file, which holds the entries of some spans,
// by writing behind its end and touching no byte in front of it (layout: format.ts).
//
//   the file so far       blocks that lie wholly inside a span are used where they lie, and so is the filter,
//                         if there is any such block
//   zeros                 as far as the filter has windows, where the file does not
//   data blocks           those that straddle a span's bound, without the rest
//   metaindex, index, footer
//
// The cost is that of an index, not of the table's data. Blocks behind the filter's windows have no filter:
// LevelDB takes them to match any key (FilterBlockReader::KeyMayMatch), which are one or two blocks a bound.
// Whoever knows the file by its former size, and
// looks for the footer there, as LevelDB does by its MANIFEST, reads what it always read.
//
// What was split away stays in the file until LevelDB compacts the table.

import { joinTouchingSpans, type Span } from '@sstitch/contract';
import { SstError } from './errors.js';
import type { FileHandle } from './file-system.js';
import { FILTER_WINDOW_BYTES } from './filter-block.js';
import type { BlockHandle } from './format.js';
import {
  type BlockVisitor,
  copyInto,
  type PartOptions,
  type PartOutput,
  visitBlocks,
} from './part-copier.js';
import { requireSpans } from './require-spans.js';
import type { TableIndex } from './table-index.js';
import { checkTableOptions } from './table-options.js';
import type { TableParts } from './table-parts.js';
import type { PartProperties } from './table-properties.js';
import type { TableReader } from './table-reader.js';
import { TableWriter } from './table-writer.js';

/**
 * Appends one table that holds exactly the entries of `reader`'s table whose user key lies in one of the
 * spans. A file may be shared several times: each call makes one more table, which is known by its
 * size. Blocks that are used where they lie are not read.
 *
 * @param keep sorted and disjoint; they may touch
 * @param file the reader's own file, open to append; nobody else may write to it meanwhile
 * @returns undefined if the table has no entry in the spans; then nothing was written. The file is
 * neither synced nor closed
 * @throws SstError `SSTITCH_TABLE_OPTIONS` for wrong spans or options, `SSTITCH_TABLE_CORRUPT`,
 * `SSTITCH_TABLE_UNSUPPORTED`, `SSTITCH_TABLE_IO`, `SSTITCH_TABLE_SHARED` where somebody else did write to
 * the file: what it held before is as it was
 */
export function sharePart(
  reader: TableReader,
  keep: readonly Span[],
  file: FileHandle,
  options: PartOptions = {},
): PartProperties | undefined {
  const checked = checkTableOptions(options);
  const startOffset = file.sizeBytes();
  const openOutput = () => {
    const writer = new TableWriter(file, checked.compression, checked.path, startOffset);
    return new AppendedOutput(writer, startOffset, reader.parts);
  };
  const shared = copyInto(reader, keep, openOutput, checked);
  // Every offset just written counts from the end that the file had.
  if (shared !== undefined && file.sizeBytes() !== shared.sizeBytes) {
    const problem = `the file has ${file.sizeBytes()} bytes, not ${shared.sizeBytes}: somebody else wrote to it`;
    throw new SstError('SSTITCH_TABLE_SHARED', problem, { path: reader.path });
  }
  return shared;
}

/**
 * The stored size of the data blocks that may hold entries in the spans: what a part would copy.
 *
 * @param keep sorted and disjoint; they may touch
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

/** A filter with more windows than the file has, by more than this, is none that LevelDB wrote. */
const MAX_PADDING_BYTES = 2 * FILTER_WINDOW_BYTES;

class AppendedOutput implements PartOutput {
  readonly #writer: TableWriter;
  readonly #sharedBytes: number;
  readonly #index: TableIndex;
  readonly #filterHandle: BlockHandle | undefined;
  /** Where the filter has no windows any more. */
  readonly #filteredBytes: number;
  /** No block that the filter is for: LevelDB would read it for nothing. */
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
    // In a window that the filter has, LevelDB would look for these keys in another block's filter.
    writer.padTo(Math.max(writer.offset, this.#filteredBytes));
    writer.writeBlock(contents);
    writer.addIndexEntry(key, keyLength, writer.blockOffset, writer.blockSize);
  }

  finish(): number {
    const filterHandle = this.#keepsNone ? undefined : this.#filterHandle;
    return this.#writer.finishShared(filterHandle, this.#sharedBytes);
  }
}
