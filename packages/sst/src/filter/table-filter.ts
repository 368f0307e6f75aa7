// The filter of an open table. It is read and checked when the table is opened, but not kept: it is as large as the
// index, and a split or a merge of the table does not use it.

import { type BlockFile, StoredBlockReader } from '../block/stored-block.js';
import { BLOCK_TYPE_RAW, type BlockHandle } from '../encoding/table-format.js';
import { corrupt } from '../errors.js';
import {
  FILTER_FOOTER_BYTES,
  FilterBlockReader,
  filterWindowOf,
  readFilterFooter,
} from './filter-block.js';

/** A table's filter, which is read on first use. */
export class TableFilter {
  readonly #file: BlockFile;
  #contents: FilterBlockReader | undefined;
  #windowCount: number | undefined;
  readonly handle: BlockHandle;

  constructor(file: BlockFile, handle: BlockHandle) {
    this.#file = file;
    this.handle = handle;
  }

  /**
   * Checks the filter's layout, and that it covers each data block.
   *
   * @param offsets the offsets of the data blocks, in the first `blockCount` members
   * @param sharedBytes for a virtual table, the size of the file's earlier contents
   */
  check(
    blocks: StoredBlockReader,
    offsets: Float64Array,
    blockCount: number,
    sharedBytes: number,
  ): void {
    const { offset, size } = this.handle;
    const at = { path: this.#file.path, offset };
    const filter = new FilterBlockReader(blocks.view(offset, size), at);
    checkCovers(offsets, blockCount, filter, offset < sharedBytes, at);
    this.#windowCount = filter.windowCount;
  }

  /** The number of windows. If the filter block is not compressed, only its end is read. */
  get windowCount(): number {
    if (this.#windowCount === undefined) {
      const { offset, size } = this.handle;
      const end = offset + size;
      const start = Math.max(offset, end - FILTER_FOOTER_BYTES);
      const ending = new StoredBlockReader(this.#file).readBytes(start, end + 1 - start);
      const at = { path: this.#file.path, offset };
      this.#windowCount =
        ending.at(-1) === BLOCK_TYPE_RAW
          ? readFilterFooter(ending.subarray(0, -1), size, at).windowCount
          : this.contents.windowCount;
    }
    return this.#windowCount;
  }

  /** The filter, which is read on first use. */
  get contents(): FilterBlockReader {
    if (this.#contents === undefined) {
      const { offset, size } = this.handle;
      const bytes = new StoredBlockReader(this.#file).read(offset, size);
      this.#contents = new FilterBlockReader(bytes, { path: this.#file.path, offset });
    }
    return this.#contents;
  }
}

/**
 * Checks that each data block has a filter. LevelDB's get would miss the keys of a block with an empty filter, while
 * iterators would find them. Blocks after the last window match every key; only the new blocks of a virtual table may
 * lie there.
 */
function checkCovers(
  offsets: Float64Array,
  blockCount: number,
  filter: FilterBlockReader,
  mayEndEarly: boolean,
  at: { path: string; offset: number },
): void {
  let last = -1;
  for (let block = 0; block < blockCount; block += 1) {
    const offset = offsets[block] as number;
    const window = filterWindowOf(offset);
    if (window === last) continue;
    last = window;
    if (mayEndEarly && window >= filter.windowCount) continue;
    if (!filter.hasFilter(window)) {
      throw corrupt(`the data block at ${offset} has no filter`, at);
    }
  }
}
