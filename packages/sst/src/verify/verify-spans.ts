// Checks the checksums of the data blocks of a table that may hold entries in some spans.

import { joinTouchingSpans, type Span } from '@sstitch/contract';
import { StoredBlockReader } from '../block/stored-block.js';
import { type BlockVisitor, visitBlocks } from '../split/part-copier.js';
import { requireSpans } from '../split/require-spans.js';
import type { TableReader } from '../table/table-reader.js';

/** The number of blocks, about 4 MB, between two calls of `onBlocks`. */
const BLOCKS_PER_CHECK = 1024;

/**
 * Reads each data block that may hold entries in the spans, and checks its checksum without decoding it. The checksums
 * of index and metaindex were checked when the table was opened.
 *
 * @param reader a table that was opened with `verifyChecksums`
 * @param spans spans that hold a key each, sorted and disjoint; they may touch
 * @param onBlocks called repeatedly; what it throws passes through
 * @throws SstError `SSTITCH_TABLE_CORRUPT` with the offset, `SSTITCH_TABLE_IO`, `SSTITCH_TABLE_OPTIONS`
 */
export function verifyBlocksIn(
  reader: TableReader,
  spans: readonly Span[],
  onBlocks: () => void = () => undefined,
): void {
  requireSpans(spans);
  visitBlocks(reader, joinTouchingSpans(spans), new ChecksumPass(reader, onBlocks));
}

class ChecksumPass implements BlockVisitor {
  readonly #reader: TableReader;
  readonly #blocks: StoredBlockReader;
  readonly #onBlocks: () => void;
  #read = 0;

  constructor(reader: TableReader, onBlocks: () => void) {
    this.#reader = reader;
    this.#blocks = new StoredBlockReader(reader.parts.file);
    this.#onBlocks = onBlocks;
  }

  visitWhole(from: number, to: number): void {
    for (let block = from; block < to; block += 1) this.visitPart(block);
  }

  visitPart(block: number): void {
    if (this.#read % BLOCKS_PER_CHECK === 0) this.#onBlocks();
    this.#read += 1;
    const { index } = this.#reader.parts;
    this.#blocks.readStored(index.offsetOf(block), index.sizeOf(block));
  }
}
