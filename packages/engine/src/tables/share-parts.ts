// Makes virtual tables: appends an index of a part to its table's file, and links the file under the part's name. The
// blocks stay where they are, so the cost hardly grows with the table.
//
// Invariants:
// - readers that know the table's size from a MANIFEST see the same table as before (sst's share-part.ts). So a failed
//   commit or a power cut does not harm the current generation;
// - a file grows only while it has two links: its database's own and the one made here. Files of a checkpoint, of a
//   backup made of links, or of another store must not grow. Two writers can still race for one file if LevelDB deletes
//   its own link after both have linked the file and before they count the links. Neither overwrites anything, and the
//   one whose bytes are not at the expected offset copies instead.
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

/** The links of a table's file: the database's own and the one made here. */
const OWN_NAMES = 2;
const OWNER_MAY_WRITE = 0o200;
/** The error codes for a file that is not writable. Its parts are copied. */
const NO_APPEND_CODES = new Set(['EACCES', 'EPERM', 'EROFS', 'EBUSY', 'ETXTBSY']);

/** Opens a linked table's file for appending. Returns undefined if it has further links or is not writable. */
export function openToShare(
  fileSystem: FileSystem,
  path: string,
  held: HeldFiles,
): FileHandle | undefined {
  const { links, mode } = fileSystem.status(path);
  if (links > OWN_NAMES) return undefined;
  try {
    if ((mode & OWNER_MAY_WRITE) !== 0) return held.open(path, 'append');
    // Tables of commits are read-only, so that no program writes through one of their links.
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

/** A part that shares its table's file. */
export interface SharedPart extends Pick<PartProperties, 'sizeBytes' | 'smallest' | 'largest'> {
  /** False if the file was copied because it could not be linked. */
  readonly isLinked: boolean;
  /** The size of the part's blocks and index, in bytes. */
  readonly dataBytes: number;
}

/**
 * Appends the index of a part to the table's file, and links the file to `path`.
 *
 * @returns 'empty' if the table has no entries in the part; 'taken' if another writer has appended meanwhile
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
