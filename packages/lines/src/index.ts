export type { NameLookup } from './csv/name-cache.js';
export {
  type GrantsCsvSource,
  type OpenGrantsCsvOptions,
  openGrantsCsv,
} from './csv/read-grants-csv.js';
export {
  createGrantsCsv,
  type GrantsCsvOptions,
  type GrantsCsvWriter,
  type WrittenGrants,
} from './csv/write-grants-csv.js';
export { LinesError, type LinesErrorCode, type LinesErrorDetails } from './errors.js';
export {
  type JsonLinesOptions,
  type JsonLinesSource,
  openJsonLines,
} from './json-lines/read-json-lines.js';
export {
  createJsonLines,
  type JsonLinesWriter,
  type WrittenLines,
} from './json-lines/write-json-lines.js';
export {
  type Compression,
  compressionOf,
  type NameParts,
  splitCompression,
} from './streams/compression.js';
export { type LinesInput, type ReadBytesOptions, readBytes } from './streams/read-bytes.js';
export { writeBytes } from './streams/write-bytes.js';
export type { LinesTarget, OutputOptions } from './streams/write-output.js';
