// Checks that of two foreign runs the newer one has the higher sequences for every key (docs/leveldb-rules.md, rule 11).
// LevelDB's get stops at the shallower level, while iterators go by sequence; both must find the same version.
//
// Only tables whose ranges of keys and of sequences overlap are read and compared.
import { compareBytes } from '@sstitch/contract';
import {
  type FileSystem,
  type TableIterator,
  type TableProperties,
  TableReader,
  userKeyOf,
} from '@sstitch/sst';
import { sequenceNumberOf } from '@sstitch/sst/file-format';
import { EngineError } from '../errors.js';

/** A table that was parsed in full. */
export interface CheckedTable extends TableProperties {
  readonly path: string;
}

/** Checks the runs of one span, oldest first. @throws EngineError SSTITCH_TABLES_INVALID */
export function checkRunOrder(
  fileSystem: FileSystem,
  runs: ReadonlyArray<readonly CheckedTable[]>,
  checkCancelled: () => void,
): void {
  for (const [age, newer] of runs.entries()) {
    for (const older of runs.slice(0, age).flat()) {
      for (const table of newer) {
        checkCancelled();
        if (mayConflict(older, table)) checkPair(fileSystem, older, table);
      }
    }
  }
}

function mayConflict(older: CheckedTable, newer: CheckedTable): boolean {
  return (
    newer.smallestSequence <= older.largestSequence &&
    compareBytes(userKeyOf(newer.smallest), userKeyOf(older.largest)) <= 0 &&
    compareBytes(userKeyOf(older.smallest), userKeyOf(newer.largest)) <= 0
  );
}

function checkPair(fileSystem: FileSystem, older: CheckedTable, newer: CheckedTable): void {
  const readers: TableReader[] = [];
  try {
    const [old, young] = [older, newer].map(({ path, sizeBytes }) => {
      const reader = TableReader.open(fileSystem, path, { sizeBytes });
      readers.push(reader);
      const entries = reader.iterator();
      entries.seekToFirst();
      return entries;
    }) as [TableIterator, TableIterator];
    while (old.valid && young.valid) {
      const key = userKeyOf(old.key);
      const order = compareBytes(key, userKeyOf(young.key));
      if (order < 0) old.next();
      else if (order > 0) young.next();
      else {
        // A table holds the versions of a key from the newest to the oldest.
        const newestOld = sequenceOf(old);
        let oldestYoung = newestOld;
        for (; young.valid && compareBytes(userKeyOf(young.key), key) === 0; young.next()) {
          oldestYoung = sequenceOf(young);
        }
        if (oldestYoung <= newestOld) {
          throw new EngineError(
            'SSTITCH_TABLES_INVALID',
            `a newer run has an older version of key ${Buffer.from(key).toString('hex')}`,
            { path: newer.path, key: Uint8Array.from(key) },
          );
        }
      }
    }
  } finally {
    for (const reader of readers) reader.close();
  }
}

function sequenceOf(entries: TableIterator): number {
  return sequenceNumberOf(entries.keyBytes, entries.keyLength);
}
