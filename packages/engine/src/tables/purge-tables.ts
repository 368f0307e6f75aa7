// Finds the tables whose files hold more than the table, and has them written anew.
//
// A virtual table's file (share-parts.ts) keeps the blocks that were split away, and a file that was shared goes
// on behind the end of the table in front. What was excised is in such files until LevelDB compacts the table.
// A purge copies what such a table has into a file of its own; no other file has a byte that its table does not
// reach.

import type { Span } from '@sstitch/contract';
import { type FileSystem, TableReader } from '@sstitch/sst';
import { errorCodeOf } from '../errors.js';
import { blamingOrigins, type PrivateName } from '../files/blame-file.js';
import { holdingFiles, syncHeldFiles } from '../files/held-files.js';
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

/** Whether the file of a table holds bytes that the table does not reach. */
export function holdsMore(
  fileSystem: FileSystem,
  { path, origin }: PrivateName,
  sizeBytes: number,
): boolean {
  if (fileSystem.status(path).sizeBytes !== sizeBytes) return true;
  return blamingOrigins([{ path, origin }], () => {
    const reader = TableReader.open(fileSystem, path, { sizeBytes, validate: 'lazy' });
    try {
      return reader.parts.sharedBytes > 0;
    } finally {
      reader.close();
    }
  });
}

export interface TablesToPurgeInput {
  /** Of a database that may be open. */
  readonly directory: string;
  readonly range: Span;
}

/** Whether there are tables with keys in the range whose files hold more than the table. */
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
        // Under its other name; or LevelDB has compacted it away meanwhile.
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
 * Writes a table of a directory that is being made anew, if its file holds more, under the same name.
 *
 * @returns the table as it is then; undefined if it has no entry
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
  syncHeldFiles(fileSystem, unsynced);
  unlinkIfThere(fileSystem, link);
  const [split] = parts;
  if (split === undefined) return undefined;
  const { smallest, largest } = split;
  return { number, sizeBytes: split.sizeBytes, smallest, largest };
}
