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
export { type Compression, type NameParts, splitCompression } from './streams/compression.js';
export type { LinesInput } from './streams/read-input.js';
export type { LinesTarget, OutputOptions } from './streams/write-output.js';
