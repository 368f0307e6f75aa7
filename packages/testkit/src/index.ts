export { TestkitError, type TestkitErrorCode } from './errors.js';
export {
  type EntryOrder,
  type KeyValue,
  loadSyntheticSync,
  type SyntheticEntriesOptions,
  type SyntheticSync,
  type SyntheticSyncOptions,
  syntheticEntries,
  syntheticSync,
  syntheticSyncId,
  type WriteSyntheticSyncOptions,
  type WrittenSync,
  writeSyntheticSync,
} from './synthetic-syncs.js';
