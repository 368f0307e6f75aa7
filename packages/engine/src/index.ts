export { type AdoptOptions, type AdoptProgress, adopt } from './adopt.js';
export type { CommitReport, PurgeReport } from './commit/ingest-and-excise.js';
export type { RebuiltTables } from './commit/rebuild-tables.js';
export type { OriginTotals } from './commit/stage-generation.js';
export {
  type ByteBatchOptions,
  type ByteDelete,
  type ByteEncodings,
  type ByteIterator,
  type ByteIteratorOptions,
  type ByteOperation,
  type BytePut,
  type ByteReadOptions,
  byteEncodings,
  type Engine,
  type EngineCapabilities,
  type EntryPages,
  type ReadableEngine,
  type ReadWriteEngine,
  type ReplaceSpansOptions,
  type ReplaceSpansResult,
  type Span,
} from './contract.js';
export { EngineError, type EngineErrorCode } from './errors.js';
export type { ForeignSpanTables } from './extract/check-incoming.js';
export type { CopiedGeneration } from './extract/copy-generation.js';
export type { ExtractedTables } from './extract/extract-tables.js';
export type { VerifySpansOptions } from './generation-reader.js';
export type { Version } from './leveldb/manifest.js';
export type { LevelSummary } from './leveldb/read-levels.js';
export type { UnsortedEntries } from './load/sort-entries.js';
export { type LoadedTables, TableLoader, type TableLoaderOptions } from './load/table-loader.js';
export type {
  ActivityMetrics,
  DurationMetrics,
  GenerationMetrics,
  StoreEvent,
  StoreMetrics,
} from './metrics.js';
export type { ForgottenReader, HeldMetrics, ReaderKind } from './open-readers.js';
export type { StoreOpenOptions, StoreOptions } from './options.js';
export { type Manifest, readManifest } from './read-manifest.js';
export { openReadOnly, type ReadOnlyOptions, ReadOnlyStore } from './read-only-store.js';
export type { SalvagedLog } from './recovery/salvage-files.js';
export { type SalvageOptions, type SalvageReport, salvageLogs } from './recovery/salvage-logs.js';
export { Store, type WriteDurability } from './store.js';
export type { SpanTables, TableFile, TableOrigin, TableRun, TableSet } from './tables.js';
export type {
  CheckpointOptions,
  ExciseOptions,
  ExtractOptions,
  IngestFromOptions,
  IngestOptions,
  PurgeOption,
  RebuildTablesOptions,
  StoreReplaceOptions,
  TableSource,
} from './transfer-options.js';
export type { StoreProblem, StoreProblemKind } from './verify/problems.js';
export {
  type VerifyProgress,
  type VerifyStoreOptions,
  type VerifyStoreReport,
  verifyStore,
} from './verify/verify-store.js';
