export type { EntryCursor } from './block/block-reader.js';
export {
  type EntryType,
  makeInternalKey,
  sequenceOf,
  typeOf,
  userKeyOf,
} from './encoding/internal-key.js';
export type { BlockHandle } from './encoding/table-format.js';
export {
  SstError,
  type SstErrorCode,
  type SstErrorDetails,
  type SstErrorReason,
  type TableLocation,
} from './errors.js';
export type {
  FileHandle,
  FileStatus,
  FileSystem,
  OpenFile,
  OpenMode,
} from './files/file-system.js';
export { fsyncAndCloseNodeFile, nodeFileSystem } from './files/node-file-system.js';
export {
  type MergeIterator,
  type MergeOptions,
  mergeRuns,
  mergeTables,
} from './merge/merge-tables.js';
export { RunIterator, type RunTable } from './merge/run-iterator.js';
export { copyPart } from './split/copy-part.js';
export type { PartOptions } from './split/part-copier.js';
export { dataBytesIn, sharePart } from './split/share-part.js';
export { hasEntriesOutside } from './table/entries-outside.js';
export { TableBuilder } from './table/table-builder.js';
export type { EntryIterator, TableIterator } from './table/table-iterator.js';
export type { TableOptions } from './table/table-options.js';
export type { PartProperties, TableBounds, TableProperties } from './table/table-properties.js';
export {
  type TableEntry,
  TableReader,
  type TableReaderOptions,
  type TableValidation,
} from './table/table-reader.js';
export { verifyBlocksIn } from './verify/verify-spans.js';
export { checkTableStructure, type RecordedTable, verifyTable } from './verify/verify-table.js';
