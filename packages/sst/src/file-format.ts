// The pieces of the table format that other files of a database share: logs and MANIFESTs have the same checksums,
// numbers and internal keys, Pebble's tables the same footer. For code that reads or writes such files; who builds and
// reads tables needs none of it.
export { maskedChecksum } from './checksum.js';
export {
  type BlockHandle,
  decodeFooter,
  encodeFooter,
  FILTER_KEY,
  FOOTER_BYTES,
  type Footer,
} from './format.js';
export {
  compareInternalKeys,
  seekKeyOf,
  sequenceNumberOf,
  TRAILER_BYTES,
} from './internal-key.js';
export { VarintReader, varintBytes, writeVarint } from './varint.js';
