// What an open table consists of, for this package's other modules.
import type { Footer } from './format.js';
import type { BlockFile } from './stored-block.js';
import type { TableFilter } from './table-filter.js';
import type { TableIndex } from './table-index.js';
import type { TableSeal } from './table-seal.js';

/** The parts of an open table that this package's other modules work on. */
export interface TableParts {
  readonly file: BlockFile;
  readonly footer: Footer;
  readonly index: TableIndex;
  readonly filter: TableFilter | undefined;
  /** Size of the table in front of a shared one, else 0. */
  readonly sharedBytes: number;
  readonly seal: TableSeal | undefined;
  /** Blocks of other kinds lie in front of the metaindex, which LevelDB passes over. */
  readonly hasForeignEntries: boolean;
}
