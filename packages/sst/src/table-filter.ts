// The filter of an open table. It is read and checked when the table is opened, and not kept: most who open a
// table, to split or merge it, ask nothing of it, and it is as large as the index.

import { corrupt } from './errors.js';
import {
  FILTER_TAIL_BYTES,
  FilterBlockReader,
  filterWindowOf,
  readFilterTail,
} from './filter-block.js';
import type { BlockHandle } from './format.js';
import { type BlockFile, StoredBlockReader } from './stored-block.js';

/** Where a filter lies, and what it holds. */
export class TableFilter {
  readonly #file: BlockFile;
  #contents: FilterBlockReader | undefined;
  #windowCount: number | undefined;
  readonly handle: BlockHandle;

  /** A filter that is looked at when it is asked for something. */
  constructor(file: BlockFile, handle: BlockHandle) {
    this.#file = file;
    this.handle = handle;
  }

  /**
   * Checks that each data block has a filter.
   *
   * @param offsets where the data blocks lie; there may be more members
   * @param sharedBytes size of the table in front, 0 if there is none
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

  get windowCount(): number {
    if (this.#windowCount === undefined) {
      const { offset, size } = this.handle;
      const start = offset + Math.max(0, size - FILTER_TAIL_BYTES);
      const tail = new StoredBlockReader(this.#file).readBytes(start, FILTER_TAIL_BYTES);
      const at = { path: this.#file.path, offset };
      this.#windowCount = readFilterTail(tail, size, at).windowCount;
    }
    return this.#windowCount;
  }

  /** Read when it is asked for first. */
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
 * A data block with an empty filter would hide its keys from LevelDB's get, and show them to iterators. One
 * behind the last window is taken to match: so are new blocks of a virtual table, and no other's.
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
