// Makes parts of a table that share its file: an index of the part is appended to the file, of which the part is
// another name. The blocks stay where they are, so that the cost hardly grows with the table.
//
// Invariants:
// - the table stays what it was to all who know its size from a MANIFEST (sst's share-part.ts): a commit that fails
//   here, or a power cut, takes nothing from the generation in force;
// - a file grows only while it has two names, its database's own and the link: a checkpoint, a backup made of
//   links, another store's table must not grow under their owners. Two writers can race for one file, where LevelDB
//   deletes its own name between two links and their looks: neither overwrites anything, and the one whose bytes
//   are not where they were to be copies instead.
import type { Span } from '@sstitch/contract';
import {
  type FileHandle,
  type FileSystem,
  type PartProperties,
  sharePart,
  type TableReader,
} from '@sstitch/sst';
import { errorCodeOf } from '../errors.js';
import type { HeldFiles } from '../files/held-files.js';
import { linkOrCopy } from '../files/place-file.js';

/** The database's name of a table, and the one that it was linked under. */
const OWN_NAMES = 2;
const OWNER_MAY_WRITE = 0o200;
/** What a system answers where a table may not be written to: it is copied then. */
const NO_APPEND_CODES = new Set(['EACCES', 'EPERM', 'EROFS', 'EBUSY', 'ETXTBSY']);

/** Opens a linked table's file to append to; undefined where others have it too, or it cannot be written to. */
export function openToShare(
  fileSystem: FileSystem,
  path: string,
  held: HeldFiles,
): FileHandle | undefined {
  const { links, mode } = fileSystem.status(path);
  if (links > OWN_NAMES) return undefined;
  try {
    if ((mode & OWNER_MAY_WRITE) !== 0) return held.open(path, 'append');
    // A table of an earlier commit: read-only, so that nobody writes through one of its names.
    fileSystem.chmod(path, mode | OWNER_MAY_WRITE);
    try {
      return held.open(path, 'append');
    } finally {
      fileSystem.chmod(path, mode);
    }
  } catch (error) {
    if (NO_APPEND_CODES.has(errorCodeOf(error) ?? '')) return undefined;
    throw error;
  }
}

export interface SharedPart extends Pick<PartProperties, 'sizeBytes' | 'smallest' | 'largest'> {
  /** Where the link does not work the part is a copy of the file. */
  readonly isLinked: boolean;
  /** What the part holds of the file. */
  readonly dataBytes: number;
}

/**
 * Appends the index of a part to the table's file, and names the part.
 *
 * @returns 'empty' where the table has no entry in it; 'taken' where another writer appended meanwhile
 */
export function shareInFile(
  fileSystem: FileSystem,
  reader: TableReader,
  keep: readonly Span[],
  path: string,
  file: FileHandle,
): SharedPart | 'empty' | 'taken' {
  const before = file.sizeBytes();
  let part: PartProperties | undefined;
  try {
    part = sharePart(reader, keep, file, { path: reader.path });
  } catch (error) {
    if (errorCodeOf(error) === 'SSTITCH_TABLE_SHARED') return 'taken';
    throw error;
  }
  if (part === undefined) return 'empty';
  const { sizeBytes, smallest, largest } = part;
  const isLinked = linkOrCopy(fileSystem, reader.path, path) === 'linked';
  const dataBytes = part.copiedBytes + sizeBytes - before;
  return { sizeBytes, smallest, largest, isLinked, dataBytes };
}
