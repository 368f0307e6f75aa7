// The filter of an open table. It is read and checked when the table is opened, and not kept: most who open a
// table, to cut or merge it, ask nothing of it, and it is as large as the index.

import { corrupt } from './errors.js';
import { FilterBlockReader, filterWindowOf } from './filter-block.js';
import type { BlockHandle } from './format.js';
import { type BlockFile, StoredBlockReader } from './stored-block.js';
import type { TableIndex } from './table-index.js';

/** A filter that has been checked. */
export class TableFilter {
  readonly #file: BlockFile;
  #contents: FilterBlockReader | undefined;
  readonly handle: BlockHandle;
  readonly windowCount: number;

  private constructor(file: BlockFile, handle: BlockHandle, windowCount: number) {
    this.#file = file;
    this.handle = handle;
    this.windowCount = windowCount;
  }

  /** @param narrowedBytes size of the table in front, 0 if there is none */
  static check(
    file: BlockFile,
    handle: BlockHandle,
    blocks: StoredBlockReader,
    index: TableIndex,
    narrowedBytes: number,
  ): TableFilter {
    const at = { path: file.path, offset: handle.offset };
    const filter = new FilterBlockReader(blocks.view(handle.offset, handle.size), at);
    checkCovers(index, filter, handle.offset < narrowedBytes, at);
    return new TableFilter(file, handle, filter.windowCount);
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
 * behind the last window is taken to match: so are new blocks of a narrowed table, and no other's.
 */
function checkCovers(
  index: TableIndex,
  filter: FilterBlockReader,
  mayEndEarly: boolean,
  at: { path: string; offset: number },
): void {
  let last = -1;
  for (let block = 0; block < index.blockCount; block += 1) {
    const offset = index.offsetOf(block);
    const window = filterWindowOf(offset);
    if (window === last) continue;
    last = window;
    if (mayEndEarly && window >= filter.windowCount) continue;
    if (!filter.hasFilter(window)) {
      throw corrupt(`the data block at ${offset} has no filter`, at);
    }
  }
}
