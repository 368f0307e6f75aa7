// Finds the key for which a bulk load is refused, in a worker thread. The counts of entries have shown before that
// there is one.

import { compareBytes, type Span } from '@sstitch/contract';
import { type FileSystem, mergeRuns, RunIterator, TableReader, userKeyOf } from '@sstitch/sst';
import type { TableFile, TableRun } from '../tables/table-set.js';
import { defineTask } from '../threads/task.js';

const ENTRIES_PER_CHECK = 4096;

export interface FindRepeatedKeyInput {
  readonly part: Span;
  readonly runs: readonly TableRun[];
}

/** Returns the first key in the part that occurs twice. */
function findRepeatedKey(
  fileSystem: FileSystem,
  { part, runs }: FindRepeatedKeyInput,
  checkCancelled: () => void,
): Uint8Array | undefined {
  const iterators = runs.map((run) => new RunIterator(fileSystem, run));
  try {
    const merged = mergeRuns(iterators);
    merged.seekUserKey(part.start);
    let before: Uint8Array | undefined;
    for (let entries = 0; merged.valid; merged.next(), entries++) {
      if (entries % ENTRIES_PER_CHECK === 0) checkCancelled();
      const key = userKeyOf(merged.key);
      if (part.end !== undefined && compareBytes(key, part.end) >= 0) break;
      if (before !== undefined && compareBytes(before, key) === 0) return key;
      before = key;
    }
    return undefined;
  } finally {
    for (const iterator of iterators) iterator.close();
  }
}

export const findRepeatedKeyTask = defineTask('findRepeatedKey', findRepeatedKey);

export interface FindKeyInInput {
  readonly spans: readonly Span[];
  readonly tables: readonly TableFile[];
}

/** Returns a key of the tables that lies in one of the spans. */
function findKeyIn(
  fileSystem: FileSystem,
  { spans, tables }: FindKeyInInput,
  checkCancelled: () => void,
): Uint8Array | undefined {
  for (const { path, sizeBytes } of tables) {
    checkCancelled();
    const reader = TableReader.open(fileSystem, path, { sizeBytes });
    try {
      const entries = reader.iterator();
      for (const { start, end } of spans) {
        entries.seekUserKey(start);
        if (!entries.valid) break;
        const key = userKeyOf(entries.key);
        if (end === undefined || compareBytes(key, end) < 0) return key;
      }
    } finally {
      reader.close();
    }
  }
  return undefined;
}

export const findKeyInTask = defineTask('findKeyIn', findKeyIn);
