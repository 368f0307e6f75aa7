export type { EntryCursor } from './block-reader.js';
export { copyPart } from './copy-part.js';
export { hasEntriesOutside } from './entries-outside.js';
export { SstError, type SstErrorCode, type TableLocation } from './errors.js';
export type { FileHandle, FileStatus, FileSystem, OpenFile, OpenMode } from './file-system.js';
export type { BlockHandle } from './format.js';
export { type EntryType, makeInternalKey, sequenceOf, typeOf, userKeyOf } from './internal-key.js';
export { type MergeIterator, type MergeOptions, mergeRuns, mergeTables } from './merge-tables.js';
export { fsyncAndCloseNodeFile, nodeFileSystem } from './node-file-system.js';
export type { PartOptions } from './part-copier.js';
export { RunIterator, type RunTable } from './run-iterator.js';
export { dataBytesIn, sharePart } from './share-part.js';
export { TableBuilder } from './table-builder.js';
export type { EntryIterator, TableIterator } from './table-iterator.js';
export type { TableOptions } from './table-options.js';
export type { PartProperties, TableBounds, TableProperties } from './table-properties.js';
export {
  type TableEntry,
  TableReader,
  type TableReaderOptions,
  type TableValidation,
} from './table-reader.js';
export { verifyBlocksIn } from './verify-spans.js';
export { checkTableStructure, type RecordedTable, verifyTable } from './verify-table.js';
