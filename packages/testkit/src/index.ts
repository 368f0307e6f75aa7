export {
  assertIsolated,
  assertSameSync,
  type CapturedEngine,
  type CapturedSync,
  captureEngine,
  captureSync,
} from './capture.js';
export {
  type EngineUnderTest,
  engineConformance,
  type MakeEngine,
  type TestFramework,
} from './engine-conformance.js';
export { TestkitError, type TestkitErrorCode } from './errors.js';
export {
  FIXTURE_SYNCS,
  type FixtureEntry,
  type FixtureSync,
  fixtureEntries,
  replaceFixtureSyncs,
  strayEntries,
  writeFixtureBase,
  writeFixtureSource,
} from './isolation-fixtures.js';
export {
  type ClearRange,
  type MakeTarget,
  type MetamorphicOptions,
  type MetamorphicTarget,
  type OpenedView,
  runMetamorphic,
  type StoreSettings,
  type TransferSpec,
} from './metamorphic.js';
export { ModelEngine } from './model-engine.js';
export { type ModelEntry, ModelState, type ModelWrite } from './model-state.js';
export {
  type BucketDigest,
  type SyncDigest,
  type SyncDigestOptions,
  syncDigest,
} from './sync-digest.js';
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
export { type CorruptionOptions, runCorruptionFamily } from './torture/corruption-family.js';
export { type CrashStatesOptions, runCrashStatesFamily } from './torture/crash-states.js';
export type {
  CountedReport,
  FamilyOptions,
  FamilyReport,
  TortureFailure,
} from './torture/family.js';
export { type FaultOptions, runFaultsFamily } from './torture/faults.js';
export { type FullDiskOptions, runFullDiskFamily } from './torture/full-disk.js';
export {
  type FullDiskWritesOptions,
  runFullDiskWritesFamily,
} from './torture/full-disk-writes.js';
export { type FuzzOptions, runFuzzFamily } from './torture/fuzz-family.js';
export { type HostileOptions, runHostileFamily } from './torture/hostile-family.js';
export { type KillOptions, runKillFamily } from './torture/kill-family.js';
export { type LevelFaultOptions, runLevelFaultsFamily } from './torture/leveldb-faults.js';
export { type ManyCommitsOptions, runManyCommitsFamily } from './torture/many-commits.js';
export {
  type MetamorphicFamilyOptions,
  runMetamorphicFamily,
} from './torture/metamorphic-family.js';
