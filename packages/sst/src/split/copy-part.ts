// Copies the entries of a table in some spans into a file of its own (part-copier.ts decides which blocks are copied).
//
// Filters are carried over without hashing keys. A filter belongs to a window of 2 KiB of the file, so a block can only
// move by whole windows. Each run of kept blocks moves by one multiple of 2 KiB, and zeros fill the gap before it, which
// is less than 4 KiB. The windows of a run then correspond one to one to windows of the source. A carried filter also
// matches keys that were split away, but never misses a key that is in the part.
//
// The new file holds no byte of an entry outside the spans.

import type { Span } from '@sstitch/contract';
import { StoredBlockReader } from '../block/stored-block.js';
import type { FileHandle } from '../files/file-system.js';
import {
  FILTER_WINDOW_BYTES,
  type FilterBlockReader,
  FilterBlockWriter,
  filterWindowOf,
} from '../filter/filter-block.js';
import type { TableIndex } from '../table/table-index.js';
import { checkTableOptions } from '../table/table-options.js';
import type { TableParts } from '../table/table-parts.js';
import type { PartProperties } from '../table/table-properties.js';
import type { TableReader } from '../table/table-reader.js';
import { TableWriter } from '../table/table-writer.js';
import { copyInto, type PartOptions, type PartOutput } from './part-copier.js';

/**
 * Writes a table that holds exactly the entries of `reader`'s table whose user keys lie in the spans. The source must
 * be sound (`verifyTable`), except that the checksums of kept and decoded blocks are checked, unless the reader was
 * opened without `verifyChecksums`.
 *
 * @param keep spans that hold a key each, sorted and disjoint; they may touch
 * @param createFile called once, when the first entry to keep is found. The caller fsyncs and closes the file and, after
 * an error, removes it
 * @returns undefined if the table has no entries in the spans; `createFile` was not called then
 * @throws SstError `SSTITCH_TABLE_OPTIONS` for invalid spans or options, `SSTITCH_TABLE_CORRUPT`,
 * `SSTITCH_TABLE_UNSUPPORTED`, `SSTITCH_TABLE_IO`
 */
export function copyPart(
  reader: TableReader,
  keep: readonly Span[],
  createFile: () => FileHandle,
  options: PartOptions = {},
): PartProperties | undefined {
  const checked = checkTableOptions(options);
  const openOutput = () => {
    const writer = new TableWriter(createFile(), checked.compression, checked.path);
    return new NewFileOutput(writer, reader.parts);
  };
  return copyInto(reader, keep, openOutput, checked);
}

/** Writes a part to a new file, with blocks at offsets for which the source's filters are right. */
class NewFileOutput implements PartOutput {
  readonly #writer: TableWriter;
  readonly #index: TableIndex;
  readonly #blocks: StoredBlockReader;
  readonly #source: FilterBlockReader | undefined;
  readonly #filter: FilterBlockWriter | undefined;
  /** How far the last block was moved, in windows. */
  #shift = 0;

  constructor(writer: TableWriter, { index, file, filter }: TableParts) {
    this.#writer = writer;
    this.#index = index;
    this.#blocks = StoredBlockReader.withSpareWindow(file);
    this.#source = filter?.contents;
    this.#filter = filter === undefined ? undefined : new FilterBlockWriter();
  }

  keepBlocks(from: number, to: number): void {
    for (let block = from; block < to; block += 1) {
      const key = this.#index.keyOf(block);
      this.keepBlock(block, key, key.length);
    }
  }

  keepBlock(block: number, key: Uint8Array, keyLength: number): void {
    const offset = this.#index.offsetOf(block);
    this.#place(offset);
    this.#writer.copyStoredBlock(this.#blocks.readStored(offset, this.#index.sizeOf(block)));
    this.#addIndexEntry(key, keyLength);
  }

  addBlock(sourceOffset: number, contents: Uint8Array, key: Uint8Array, keyLength: number): void {
    this.#place(sourceOffset);
    this.#writer.writeBlock(contents);
    this.#addIndexEntry(key, keyLength);
  }

  finish(): number {
    this.#blocks.releaseWindow();
    return this.#writer.finish({ filter: this.#filter?.finish() });
  }

  #addIndexEntry(key: Uint8Array, keyLength: number): void {
    this.#writer.addIndexEntry(key, keyLength, this.#writer.blockOffset, this.#writer.blockSize);
  }

  /** Pads up to the offset of the next block, and copies the filter of its window in the source. */
  #place(sourceOffset: number): void {
    const filter = this.#filter;
    if (filter === undefined || this.#source === undefined) return;
    const sourceWindow = filterWindowOf(sourceOffset);
    const inWindow = sourceOffset - sourceWindow * FILTER_WINDOW_BYTES;
    // The earliest window in which the block fits after the bytes written so far…
    const earliest = Math.ceil(Math.max(0, this.#writer.offset - inWindow) / FILTER_WINDOW_BYTES);
    // …and that has no filter yet, or has the filter that the block needs.
    const lastWindow = filter.windowCount - 1;
    const sharesLast = lastWindow >= 0 && sourceWindow + this.#shift === lastWindow;
    let window = earliest;
    if (window <= lastWindow && !(sharesLast && window === lastWindow)) window = lastWindow + 1;
    this.#shift = window - sourceWindow;
    this.#writer.padTo(window * FILTER_WINDOW_BYTES + inWindow);
    if (window > lastWindow) {
      filter.skipTo(window);
      filter.appendFilter(this.#source.filterOf(sourceWindow));
    }
  }
}
