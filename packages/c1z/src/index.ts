export { C1zError, type C1zErrorCode, type C1zErrorDetails } from './errors.js';
export type { C1zFormat } from './magic.js';
export {
  type C1zOptions,
  type C1zProgress,
  DEFAULT_BATCH_RECORDS,
  DEFAULT_MAX_DECODED_BYTES,
  DEFAULT_MAX_DECODED_RATIO,
  DEFAULT_MAX_VALUE_BYTES,
  DEFAULT_STALL_TIMEOUT_MS,
} from './options.js';
export { type C1zFile, openC1z } from './read-c1z.js';
export type { C1zWriteProgress, WrittenC1z } from './sync-writer.js';
export { type C1zWriter, createC1z } from './write-c1z.js';
export type { C1zWriteOptions } from './write-options.js';
