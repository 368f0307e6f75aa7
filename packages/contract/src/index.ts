export { describeValue, isBytes } from './check-bytes.js';
export { compareBytes, equalBytes } from './compare-bytes.js';
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
  type CommitCondition,
  type Engine,
  type EngineCapabilities,
  type EngineSnapshot,
  type EntryPages,
  type ReadableEngine,
  type ReadWriteEngine,
  type ReplaceSpansOptions,
  type ReplaceSpansResult,
  type SnapshotOptions,
} from './engine.js';
export { Mutex } from './mutex.js';
export { boundsOf, type EntryPage, type ReadPagesOptions, readPages } from './read-pages.js';
export {
  complementOfSpans,
  insertSpan,
  joinTouchingSpans,
  keyAfter,
  problemOfSpans,
  type Span,
  sameSpans,
  spanContains,
  spansContain,
  spansOverlap,
  spansOverlapSpan,
  subtractSpan,
  subtractSpans,
} from './spans.js';
export type {
  CommitReport,
  ExtractedSpans,
  OriginTotals,
  PurgeReport,
  SharingReader,
  TableExtractOptions,
  TableIngestOptions,
  TableOrigin,
  TableSource,
  TableTarget,
} from './tables.js';
export { takeSnapshot } from './take-snapshot.js';
export type { UnsortedEntries } from './unsorted-entries.js';
