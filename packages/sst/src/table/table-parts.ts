// The parts of an open table, for the other modules of this package.

import type { BlockFile } from '../block/stored-block.js';
import type { BlockHandle, Footer } from '../encoding/table-format.js';
import type { TableFilter } from '../filter/table-filter.js';
import type { TableIndex } from './table-index.js';
import type { TableSeal } from './table-seal.js';

/** The parts of an open table that this package's other modules work on. */
export interface TableParts {
  readonly file: BlockFile;
  readonly footer: Footer;
  readonly index: TableIndex;
  readonly filter: TableFilter | undefined;
  /** The properties block, which LevelDB ignores. */
  readonly properties: BlockHandle | undefined;
  /** For a virtual table, the size of the file's earlier contents; 0 for others. */
  readonly sharedBytes: number;
  readonly seal: TableSeal | undefined;
  /** Whether the metaindex names other blocks, which LevelDB ignores. */
  readonly hasForeignEntries: boolean;
}
