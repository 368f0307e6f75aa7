export { AccessError, type AccessErrorCode, type AccessErrorDetails } from './errors.js';
export { type ExpandSyncOptions, expandSync, type TableEngine } from './expand/expand-sync.js';
export { ExpandedSync } from './expand/expanded-sync.js';
export type {
  ExpansionCounts,
  ExpansionProgress,
  ExpansionStep,
} from './expand/expansion-steps.js';
export type { ExpansionOptions, ExpansionReport } from './expand/sync-expansion.js';
export type { GraphProgress, MismatchPolicy, SkippedEdges } from './graph/load-graph.js';
export {
  type FoundResources,
  type SearchResourcesOptions,
  searchResources,
} from './search/search-resources.js';
export type {
  Access,
  AccessPage,
  AccessPageQuery,
  AccessQuery,
  AccessSource,
} from './who/access.js';
export type { AccessPath, ExplainOptions, Explanation, PathStep } from './who/explain.js';
export {
  type AccessTarget,
  type OpenAccessOptions,
  openAccess,
  type SyncAccess,
} from './who/sync-access.js';
