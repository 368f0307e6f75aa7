// Finds tables whose files hold more than the table, and rewrites them.
//
// The file of a virtual table (share-parts.ts) keeps the blocks that were split away, and a file that was shared
// continues after the end of its original table. Such files hold excised entries until LevelDB compacts the tables. A purge
// copies the part of each such table into a file of its own. No other file holds bytes outside its table.

import type { Span } from '@sstitch/contract';
import { type FileSystem, TableReader } from '@sstitch/sst';
import { errorCodeOf } from '../errors.js';
import { blamingOrigins, type PrivateName } from '../files/blame-file.js';
import { fsyncHeldFiles, holdingFiles } from '../files/held-files.js';
import { unlinkIfThere } from '../files/place-file.js';
import { oldTableFileName, tableFileName } from '../leveldb/file-names.js';
import { readVersion } from '../leveldb/manifest.js';
import type { TableEntry } from '../leveldb/version-edit.js';
import { spansOverlapping } from '../spans.js';
import { defineTask } from '../threads/task.js';
import { COPY_PARTS } from './split-policy.js';
import { splitTable } from './split-table.js';

/** All keys. */
export const EVERYTHING: Span = { start: new Uint8Array(0), end: undefined };

/** Whether the file of a table holds bytes that are not part of the table. */
export function holdsMore(
  fileSystem: FileSystem,
  { path, origin }: PrivateName,
  sizeBytes: number,
): boolean {
  if (fileSystem.status(path).sizeBytes !== sizeBytes) return true;
  return blamingOrigins([{ path, origin }], () => {
    const reader = TableReader.open(fileSystem, path, { sizeBytes, validate: 'lazy' });
    try {
      return reader.isVirtual;
    } finally {
      reader.close();
    }
  });
}

export interface TablesToPurgeInput {
  /** The directory of a database, which may be open. */
  readonly directory: string;
  readonly range: Span;
}

/** Whether a table that overlaps the range has a file that holds more than the table. */
function hasTablesToPurge(
  fileSystem: FileSystem,
  { directory, range }: TablesToPurgeInput,
  checkCancelled: () => void,
): boolean {
  const tables = readVersion(fileSystem, directory).levels.flat();
  return tables.some((table) => {
    checkCancelled();
    if (spansOverlapping([range], table).length === 0) return false;
    const names = [tableFileName(table.number), oldTableFileName(table.number)];
    return names.some((name) => {
      const path = `${directory}/${name}`;
      try {
        return holdsMore(fileSystem, { path, origin: path }, table.sizeBytes);
      } catch (error) {
        // The table has the other name, or LevelDB has compacted it away meanwhile.
        if (isAbsence(error)) return false;
        throw error;
      }
    });
  });
}

export const hasTablesToPurgeTask = defineTask('hasTablesToPurge', hasTablesToPurge);

function isAbsence(error: unknown): boolean {
  return (
    errorCodeOf(error) === 'ENOENT' ||
    (error instanceof Error && errorCodeOf(error.cause) === 'ENOENT')
  );
}

/**
 * Rewrites a table under the same name if its file holds more than the table. No other code may use the directory yet.
 *
 * @returns the table afterwards, or undefined if it has no entries
 */
export function purgeTable(
  fileSystem: FileSystem,
  { path, origin }: PrivateName,
  table: TableEntry,
): TableEntry | undefined {
  const { number, sizeBytes } = table;
  if (!holdsMore(fileSystem, { path, origin }, sizeBytes)) return table;
  const link = `${path}.link`;
  fileSystem.rename(path, link);
  const { parts, unsynced } = blamingOrigins([{ path: link, origin }], () => {
    const reader = TableReader.open(fileSystem, link, { sizeBytes, validate: 'lazy' });
    try {
      return holdingFiles(fileSystem, (held) => ({
        parts: splitTable(fileSystem, reader, [{ keep: [EVERYTHING], path }], COPY_PARTS, held),
      }));
    } finally {
      reader.close();
    }
  });
  fsyncHeldFiles(fileSystem, unsynced);
  unlinkIfThere(fileSystem, link);
  const [split] = parts;
  if (split === undefined) return undefined;
  const { smallest, largest } = split;
  return { number, sizeBytes: split.sizeBytes, smallest, largest };
}
