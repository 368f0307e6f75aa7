export { BlockBuilder } from './block-builder.js';
export { BlockReader, type EntryCursor } from './block-reader.js';
export {
  bloomFilterBytes,
  bloomHash,
  bloomMayMatch,
  probesFor,
  writeBloomFilter,
} from './bloom-filter.js';
export { maskedChecksum } from './checksum.js';
export { copyPart } from './copy-part.js';
export { SstError, type SstErrorCode, type TableLocation } from './errors.js';
export type { FileHandle, FileStatus, FileSystem, OpenFile, OpenMode } from './file-system.js';
export {
  FILTER_WINDOW_BYTES,
  FilterBlockBuilder,
  FilterBlockReader,
  FilterBlockWriter,
} from './filter-block.js';
export {
  BLOCK_TRAILER_BYTES,
  type BlockHandle,
  decodeFooter,
  encodeFooter,
  FILTER_KEY,
  FOOTER_BYTES,
  type Footer,
  MAX_BLOCK_BYTES,
  MAX_ENTRY_BYTES,
  SEALED_KEY,
  SHARED_PART_KEY,
} from './format.js';
export {
  compareInternalKeys,
  type EntryType,
  MAX_ENTRY_SEQUENCE,
  MAX_SEQUENCE,
  makeInternalKey,
  seekKeyOf,
  sequenceNumberOf,
  sequenceOf,
  TRAILER_BYTES,
  typeOf,
  userKeyOf,
} from './internal-key.js';
export { type MergeIterator, type MergeOptions, mergeRuns, mergeTables } from './merge-tables.js';
export { nodeFileSystem, syncAndCloseNodeFile } from './node-file-system.js';
export type { PartOptions } from './part-copier.js';
export { RunIterator, type RunTable } from './run-iterator.js';
export { dataBytesIn, sharePart } from './share-part.js';
export { TableBuilder } from './table-builder.js';
export type { TableIndex } from './table-index.js';
export type { EntryIterator, TableIterator } from './table-iterator.js';
export type { TableOptions } from './table-options.js';
export type { TableParts } from './table-parts.js';
export type { PartProperties, TableBounds, TableProperties } from './table-properties.js';
export {
  type TableEntry,
  TableReader,
  type TableReaderOptions,
  type TableValidation,
} from './table-reader.js';
export type { TableSeal } from './table-seal.js';
export { VarintReader, varintBytes, writeVarint } from './varint.js';
export { verifyBlocksIn } from './verify-spans.js';
export { checkTableStructure, type RecordedTable, verifyTable } from './verify-table.js';
