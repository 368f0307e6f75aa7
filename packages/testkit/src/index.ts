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
export { ModelEngine } from './model-engine.js';
export { type ModelEntry, ModelState, type ModelWrite } from './model-state.js';
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
} from './synthetic/synthetic-syncs.js';
