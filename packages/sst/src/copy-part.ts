// Splits a table to spans of user keys, into a file of its own (slicer.ts says which blocks are copied).
//
// Filters are carried over without hashing a key. A filter belongs to a window of 2 KiB of the file, so
// that a block may move by whole windows only: each run of kept blocks keeps its distances, moved by one
// multiple of 2 KiB, and zeros fill the gap in front of it (under 4 KiB a run). The windows of a run then
// map one to one to windows of the source. A carried filter holds keys that were split away as well: it
// says "maybe" too often for those, and never "no" to a key that is there.
//
// No entry outside of the spans leaves a byte in the new file.

import type { Span } from '@sstitch/contract';
import type { FileHandle } from './file-system.js';
import {
  FILTER_WINDOW_BYTES,
  type FilterBlockReader,
  FilterBlockWriter,
  filterWindowOf,
} from './filter-block.js';
import { copyInto, type PartOptions, type PartOutput } from './part-copier.js';
import { StoredBlockReader } from './stored-block.js';
import type { TableIndex } from './table-index.js';
import { checkTableOptions } from './table-options.js';
import type { TableParts } from './table-parts.js';
import type { PartProperties } from './table-properties.js';
import type { TableReader } from './table-reader.js';
import { TableWriter } from './table-writer.js';

/**
 * Writes one table that holds exactly the entries of `reader`'s table whose user key lies in one of the
 * spans. The source is taken to be sound (`verifyTable`), apart from checksums, which are checked for
 * each block that is kept or decoded unless the reader was told not to.
 *
 * @param keep sorted and disjoint; they may touch
 * @param createFile called once, when the first entry to keep is found
 * @returns undefined if the table has no entry in the spans; `createFile` was not called then. The file
 * is neither synced nor closed
 * @throws SstError `SSTITCH_TABLE_OPTIONS` for wrong spans or options, `SSTITCH_TABLE_CORRUPT`,
 * `SSTITCH_TABLE_UNSUPPORTED`, `SSTITCH_TABLE_IO`; a file that was made is left to its caller to remove
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

/** Places kept blocks so that the source's filters still fit them. */
class NewFileOutput implements PartOutput {
  readonly #writer: TableWriter;
  readonly #index: TableIndex;
  readonly #blocks: StoredBlockReader;
  readonly #source: FilterBlockReader | undefined;
  readonly #filter: FilterBlockWriter | undefined;
  /** How far the block placed last moved, in windows. */
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
    this.#blocks.giveWindowBack();
    return this.#writer.finish({ filter: this.#filter?.finish() });
  }

  #addIndexEntry(key: Uint8Array, keyLength: number): void {
    this.#writer.addIndexEntry(key, keyLength, this.#writer.blockOffset, this.#writer.blockSize);
  }

  /** Pads up to where the block goes, and gives its window the filter of its window in the source. */
  #place(sourceOffset: number): void {
    const filter = this.#filter;
    if (filter === undefined || this.#source === undefined) return;
    const sourceWindow = filterWindowOf(sourceOffset);
    const inWindow = sourceOffset - sourceWindow * FILTER_WINDOW_BYTES;
    // The earliest window in which the block fits behind what is written…
    const earliest = Math.ceil(Math.max(0, this.#writer.offset - inWindow) / FILTER_WINDOW_BYTES);
    // …and that either has no filter yet, or has the very one that the block needs.
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
