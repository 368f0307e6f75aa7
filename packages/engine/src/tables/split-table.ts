// Splits a table into parts, in one of two ways:
//
// - shared: an index for the part is written behind the end of the table's own file, of which the part
//   is then another name. The blocks stay where they lie, so that the cost hardly grows with the table;
// - split: the part's blocks are copied into a new file.
//
// A small part is split, as its file would keep all that was split away; but not where a large part of the same
// table is shared: that keeps the file anyway, and a new file is made and synced in more time than an index.
//
// A file is shared only while it has two names, its database's own and the link: a checkpoint, a backup
// made of links, another store's table must not grow under their owners. That leaves one writer a file too,
// but for a race: where LevelDB deletes its own name between two links and their looks, both find two. Then
// neither overwrites anything, and the one whose bytes are not where they were to be splits instead.
//
// The table itself stays what it was to all who know its size from a MANIFEST (sst's share-part.ts), so
// that a commit that fails here, or a power cut, takes nothing from the generation in force.
import type { Span } from '@sstitch/contract';
import {
  copyPart,
  dataBytesIn,
  type FileHandle,
  type FileSystem,
  type PartProperties,
  sharePart,
  type TableReader,
} from '@sstitch/sst';
import { errorCodeOf } from '../errors.js';
import type { HeldFiles } from '../files/held-files.js';
import { linkOrCopy } from '../files/place-file.js';

/** What to split out, and the file that it becomes. */
export interface SplitPart {
  /** Sorted and disjoint. */
  readonly keep: readonly Span[];
  readonly path: string;
}

export interface SplitTable extends Pick<PartProperties, 'sizeBytes' | 'smallest' | 'largest'> {
  readonly origin: 'split' | 'shared';
  /** What the table has of its file. */
  readonly dataBytes: number;
}

/**
 * Parts that make up less of a table than this are copied: the file keeps what was split away. With tables of
 * LevelDB's own size `shareFromBytes` says more; this is for larger ones.
 */
const MIN_KEPT_SHARE = 1 / 16;
/** The database's name of a table, and the one that it was linked under. */
const OWN_NAMES = 2;
/** What a system answers where a table may not be written to: it is copied then. */
const NO_APPEND_CODES = new Set(['EACCES', 'EPERM', 'EROFS', 'EBUSY', 'ETXTBSY']);

/**
 * Splits a table that was linked under `reader.path`.
 *
 * @param shareFromBytes where no part is as large, all are split
 * @param held holds the files that are written
 * @returns a member for each part, undefined where the table has no entry in it
 */
export function splitTable(
  fileSystem: FileSystem,
  reader: TableReader,
  parts: readonly SplitPart[],
  shareFromBytes: number,
  held: HeldFiles,
): ReadonlyArray<SplitTable | undefined> {
  const sizes = parts.map(({ keep }) => dataBytesIn(reader, keep));
  const kept = sizes.reduce((sum, size) => sum + size, 0);
  const hasLarge = sizes.some((size) => size > 0 && size >= shareFromBytes);
  const isWorthIt = hasLarge && kept >= reader.sizeBytes * MIN_KEPT_SHARE;
  const file = isWorthIt ? openToShare(fileSystem, reader.path, held) : undefined;
  try {
    return parts.map((part): SplitTable | undefined =>
      file === undefined
        ? copiedPart(reader, part, held)
        : shareOfPart(fileSystem, reader, part, file, held),
    );
  } finally {
    file?.close();
  }
}

function shareOfPart(
  fileSystem: FileSystem,
  reader: TableReader,
  { keep, path }: SplitPart,
  file: FileHandle,
  held: HeldFiles,
): SplitTable | undefined {
  const before = file.sizeBytes();
  let shared: PartProperties | undefined;
  try {
    shared = sharePart(reader, keep, file, { path: reader.path });
  } catch (error) {
    if (errorCodeOf(error) !== 'SSTITCH_TABLE_SHARED') throw error;
    return copiedPart(reader, { keep, path }, held);
  }
  if (shared === undefined) return undefined;
  // A copy is a file of its own.
  const isShared = linkOrCopy(fileSystem, reader.path, path) === 'linked';
  const dataBytes = shared.copiedBytes + shared.sizeBytes - before;
  return { ...boundsOf(shared), origin: isShared ? 'shared' : 'split', dataBytes };
}

function copiedPart(
  reader: TableReader,
  { keep, path }: SplitPart,
  held: HeldFiles,
): SplitTable | undefined {
  let file: FileHandle | undefined;
  try {
    const create = () => {
      file = held.createTable(path);
      return file;
    };
    const split = copyPart(reader, keep, create, { path });
    if (split === undefined) return undefined;
    return { ...boundsOf(split), origin: 'split', dataBytes: split.sizeBytes };
  } finally {
    file?.close();
  }
}

function boundsOf({ sizeBytes, smallest, largest }: PartProperties) {
  return { sizeBytes, smallest, largest };
}

/** Opens a linked table's file to append to, where it is ours alone. */
function openToShare(
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

const OWNER_MAY_WRITE = 0o200;
