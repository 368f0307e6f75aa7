// Finds a key that several runs have. Runs in a worker thread, where a merge has shown that there is one.

import { compareBytes, type Span } from '@sstitch/contract';
import { type FileSystem, mergeRuns, RunIterator, userKeyOf } from '@sstitch/sst';
import type { TableRun } from '../tables/table-set.js';
import { defineTask } from '../threads/task.js';

export interface FindRepeatedKeyInput {
  readonly part: Span;
  readonly runs: readonly TableRun[];
}

/** The first such key in the part. */
export function findRepeatedKey(
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
      if (entries % 4096 === 0) checkCancelled();
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
