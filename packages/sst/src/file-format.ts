// The parts of the table format that other files of a database share: logs and MANIFESTs use the same checksums,
// numbers and internal keys, and Pebble's tables use the same footer. This entry point is for code that reads or writes
// such files, or keeps blocks without a table. Code that builds and reads tables does not need it.
export { BlockBuilder } from './block/block-builder.js';
export { BlockReader, type EntryCursor } from './block/block-reader.js';
export { maskedChecksum } from './encoding/checksum.js';
export {
  compareInternalKeys,
  seekKeyOf,
  sequenceNumberOf,
  TRAILER_BYTES,
} from './encoding/internal-key.js';
export {
  type BlockHandle,
  decodeFooter,
  encodeFooter,
  FILTER_KEY,
  FOOTER_BYTES,
  type Footer,
} from './encoding/table-format.js';
export { VarintReader, varintBytes, writeVarint } from './encoding/varint.js';
