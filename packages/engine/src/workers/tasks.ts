// Every piece of file work that the engine does, by name: what runs in a worker thread, or inline
// over a file system of the caller's.
import type { FileSystem } from '@sstitch/sst';
import { appendEntries, beginTables, discardTables, finishTables } from '../commit/build-tables.js';
import { keepReserve, releaseReserve } from '../commit/disk-reserve.js';
import { findSharedKeys } from '../commit/find-shared-keys.js';
import { readFlushState } from '../commit/flush-generation.js';
import { mergeRunsToTables } from '../commit/merge-runs.js';
import { hasTablesToPurge } from '../commit/purge-tables.js';
import { probeRoom } from '../commit/retire-log.js';
import { beginStage, discardStage, finishStage, pinAhead } from '../commit/stage-generation.js';
import { doTableJobs } from '../commit/table-jobs.js';
import { checkAdoptable, checkAdoptedTable } from '../extract/check-adopted.js';
import { checkIncomingTables } from '../extract/check-incoming.js';
import { copyGeneration } from '../extract/copy-generation.js';
import { mergeNewestRuns, pinForExtract } from '../extract/extract-tables.js';
import { abandonStore, beginStore, finishStore, makeStoreFrom } from '../extract/make-store.js';
import { findReaderPlace, listStaleReaders } from '../extract/reader-folders.js';
import { readLevels } from '../leveldb/read-levels.js';
import { findRepeatedKey } from '../load/find-repeated-key.js';
import { sortToTables } from '../load/sort-to-tables.js';
import { findLockHolder } from '../lock-holder.js';
import { dropKeptLogs, forgetLogs, keepLogs, settleLogs } from '../recovery/kept-logs.js';
import { readOperations } from '../recovery/read-operations.js';
import { salvageFiles, shareLock } from '../recovery/salvage-files.js';
import {
  cleanStore,
  createStoreFiles,
  discardPointer,
  listOtherCopies,
  makeFolder,
  makeGeneration,
  prepareOpen,
  preparePointer,
  removeFolder,
  swapPointer,
  syncGeneration,
} from '../store-files.js';
import { checkGeneration } from '../verify/inspect-generation.js';
import { noteLeftLogs } from '../verify/note-left-logs.js';
import { listTablesIn, verifyTableSpans } from '../verify/verify-spans.js';
import {
  readGenerationFacts,
  verifyListedTable,
  verifyTablesTogether,
} from '../verify/verify-tasks.js';
import { syncSharedFiles } from './sync-files.js';

/**
 * A task is a synchronous function; it calls `checkCancelled` between steps, which throws, and may end early when
 * `isWanted` says that other work waits for the thread.
 */
type Task = (
  fileSystem: FileSystem,
  input: never,
  checkCancelled: () => void,
  isWanted: () => boolean,
) => unknown;

export const tasks = {
  abandonStore,
  appendEntries,
  beginStage,
  beginStore,
  beginTables,
  checkAdoptable,
  checkAdoptedTable,
  checkGeneration,
  checkIncomingTables,
  cleanStore,
  copyGeneration,
  createStoreFiles,
  discardPointer,
  discardStage,
  discardTables,
  doTableJobs,
  dropKeptLogs,
  mergeNewestRuns,
  pinAhead,
  pinForExtract,
  finishStage,
  findLockHolder,
  findReaderPlace,
  finishStore,
  findRepeatedKey,
  findSharedKeys,
  finishTables,
  hasTablesToPurge,
  keepReserve,
  listOtherCopies,
  forgetLogs,
  keepLogs,
  listStaleReaders,
  listTablesIn,
  makeFolder,
  makeGeneration,
  makeStoreFrom,
  mergeRunsToTables,
  noteLeftLogs,
  prepareOpen,
  preparePointer,
  probeRoom,
  readFlushState,
  readGenerationFacts,
  readLevels,
  readOperations,
  releaseReserve,
  removeFolder,
  salvageFiles,
  settleLogs,
  shareLock,
  sortToTables,
  swapPointer,
  syncGeneration,
  syncSharedFiles,
  verifyListedTable,
  verifyTableSpans,
  verifyTablesTogether,
} satisfies Record<string, Task>;

export type TaskName = keyof typeof tasks;
export type TaskInput<N extends TaskName> = Parameters<(typeof tasks)[N]>[1];
export type TaskOutput<N extends TaskName> = ReturnType<(typeof tasks)[N]>;

/** Runs one task. The registry's types tie name, input and output together; the compiler cannot follow. */
export function runTask<N extends TaskName>(
  fileSystem: FileSystem,
  name: N,
  input: TaskInput<N>,
  checkCancelled: () => void,
  isWanted: () => boolean,
): TaskOutput<N> {
  const task = tasks[name] as unknown as (
    fileSystem: FileSystem,
    input: TaskInput<N>,
    checkCancelled: () => void,
    isWanted: () => boolean,
  ) => TaskOutput<N>;
  return task(fileSystem, input, checkCancelled, isWanted);
}
