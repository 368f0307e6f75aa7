// The registry of all tasks, in which a worker thread looks up the name of a request. Only the worker's entry imports
// it. A test checks that every defined task is listed.
import { appendEntriesTask, beginTablesTask, finishTablesTask } from '../build/build-tables.js';
import { findKeyInTask, findRepeatedKeyTask } from '../build/find-refused-key.js';
import { mergeRunsToTablesTask } from '../build/merge-runs.js';
import { beginPebbleDirectoryTask, finishPebbleDirectoryTask } from '../build/pebble-directory.js';
import { sortToTablesTask } from '../build/sort-to-tables.js';
import { probeRoomTask } from '../commit/retire-log.js';
import {
  beginFlushedStageTask,
  beginStageTask,
  finishStageTask,
  prelinkTask,
} from '../commit/stage.js';
import { checkAdoptableTask, checkAdoptedTableTask } from '../copy/check-adopted.js';
import { copyGenerationTask } from '../copy/copy-generation.js';
import {
  abandonStoreTask,
  beginStoreTask,
  finishStoreTask,
  makeStoreFromTask,
} from '../copy/make-store.js';
import { linkForExtractTask } from '../extract/link-for-extract.js';
import { mergeNewestRunsTask } from '../extract/merge-newest-runs.js';
import { findSharedKeysTask } from '../leveldb/find-shared-keys.js';
import { readFlushStateTask } from '../leveldb/flush.js';
import { checkFlushDoneTask } from '../leveldb/flush-failure.js';
import { checkGenerationTask } from '../leveldb/inspect-generation.js';
import { readLevelsTask } from '../leveldb/read-levels.js';
import { readOperationsTask } from '../leveldb/read-operations.js';
import { createStoreFilesTask } from '../store-directory/create-store-files.js';
import {
  discardPointerTask,
  preparePointerTask,
  swapPointerTask,
} from '../store-directory/current-pointer.js';
import { keepReserveTask, releaseReserveTask } from '../store-directory/disk-reserve.js';
import {
  dropKeptLogsTask,
  forgetLogsTask,
  keepLogsTask,
  settleLogsTask,
} from '../store-directory/kept-logs.js';
import { findLockHolderTask } from '../store-directory/lock-holder.js';
import { listOtherCopiesTask } from '../store-directory/other-copies.js';
import { prepareOpenTask } from '../store-directory/prepare-open.js';
import { findReaderPlaceTask } from '../store-directory/reader-directories.js';
import { salvageFilesTask, shareLockTask } from '../store-directory/salvage-files.js';
import {
  cleanStoreTask,
  fsyncGenerationTask,
  makeGenerationTask,
  mkdirTask,
  removeDirectoryTask,
} from '../store-directory/store-files.js';
import { removeUnlockedReadersTask } from '../store-directory/unlocked-readers.js';
import { checkIncomingTablesTask } from '../tables/check-incoming.js';
import { hasTablesToPurgeTask } from '../tables/purge-tables.js';
import { findSharedSpansTask } from '../tables/shared-spans.js';
import { doTableJobTask } from '../tables/table-jobs.js';
import { fsyncSharedFilesTask } from '../threads/fsync-files.js';
import { endSessionTask } from '../threads/session.js';
import type { AnyTask } from '../threads/task.js';
import { noteLeftLogsTask } from '../verify/note-left-logs.js';
import { listTablesInTask, verifyTableSpansTask } from '../verify/verify-spans.js';
import {
  readGenerationFactsTask,
  verifyListedTableTask,
  verifyTablesTogetherTask,
} from '../verify/verify-tasks.js';

const all: readonly AnyTask[] = [
  abandonStoreTask,
  appendEntriesTask,
  beginPebbleDirectoryTask,
  beginFlushedStageTask,
  beginStageTask,
  beginStoreTask,
  beginTablesTask,
  checkAdoptableTask,
  checkAdoptedTableTask,
  checkFlushDoneTask,
  checkGenerationTask,
  checkIncomingTablesTask,
  cleanStoreTask,
  copyGenerationTask,
  createStoreFilesTask,
  discardPointerTask,
  doTableJobTask,
  dropKeptLogsTask,
  endSessionTask,
  findKeyInTask,
  findLockHolderTask,
  findReaderPlaceTask,
  findRepeatedKeyTask,
  findSharedKeysTask,
  findSharedSpansTask,
  finishPebbleDirectoryTask,
  finishStageTask,
  finishStoreTask,
  finishTablesTask,
  forgetLogsTask,
  hasTablesToPurgeTask,
  keepLogsTask,
  keepReserveTask,
  listOtherCopiesTask,
  listTablesInTask,
  mkdirTask,
  makeGenerationTask,
  makeStoreFromTask,
  mergeNewestRunsTask,
  mergeRunsToTablesTask,
  noteLeftLogsTask,
  prelinkTask,
  linkForExtractTask,
  prepareOpenTask,
  preparePointerTask,
  probeRoomTask,
  readFlushStateTask,
  readGenerationFactsTask,
  readLevelsTask,
  readOperationsTask,
  releaseReserveTask,
  removeDirectoryTask,
  removeUnlockedReadersTask,
  salvageFilesTask,
  settleLogsTask,
  shareLockTask,
  sortToTablesTask,
  swapPointerTask,
  fsyncGenerationTask,
  fsyncSharedFilesTask,
  verifyListedTableTask,
  verifyTableSpansTask,
  verifyTablesTogetherTask,
];

export const taskRegistry: ReadonlyMap<string, AnyTask> = new Map(
  all.map((task) => [task.name, task]),
);
