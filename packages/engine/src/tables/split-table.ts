// Cuts a table into parts, in one of two ways:
//
// - narrowed: an index for the part is written behind the end of the table's own file, of which the part
//   is then another name. The blocks stay where they lie, so that the cost hardly grows with the table;
// - sliced: the part's blocks are copied into a new file.
//
// A small part is sliced, as its file would keep all that was cut away; but not where a large part of the same
// table is narrowed: that keeps the file anyway, and a new file is made and synced in more time than an index.
//
// A file is narrowed only while it has two names, its database's own and the pin: a checkpoint, a backup
// made of links, another store's table must not grow under their owners. That leaves one writer a file too,
// but for a race: where LevelDB deletes its own name between two pins and their looks, both find two. Then
// neither overwrites anything, and the one whose bytes are not where they were to be slices instead.
//
// The table itself stays what it was to all who know its size from a MANIFEST (sst's narrow-table.ts), so
// that a commit that fails here, or a power cut, takes nothing from the generation in force.
import type { Span } from '@sstitch/contract';
import {
  dataBytesIn,
  type FileHandle,
  type FileSystem,
  narrowTable,
  type SliceProperties,
  sliceTable,
  type TableReader,
} from '@sstitch/sst';
import { errorCodeOf } from '../errors.js';
import { linkOrCopy } from '../files/place-file.js';

/** What to cut out, and the file that it becomes. */
export interface CutPart {
  /** Sorted and disjoint. */
  readonly keep: readonly Span[];
  readonly path: string;
}

export interface CutTable extends Pick<SliceProperties, 'sizeBytes' | 'smallest' | 'largest'> {
  readonly origin: 'sliced' | 'narrowed';
  /** What the table has of its file. */
  readonly dataBytes: number;
}

/**
 * Parts that make up less of a table than this are copied: the file keeps what was cut away. With tables of
 * LevelDB's own size `narrowFromBytes` says more; this is for larger ones.
 */
const MIN_KEPT_SHARE = 1 / 16;
/** The database's name of a table, and the one that it was pinned under. */
const OWN_NAMES = 2;
/** What a system answers where a table may not be written to: it is copied then. */
const NO_APPEND_CODES = new Set(['EACCES', 'EPERM', 'EROFS', 'EBUSY', 'ETXTBSY']);

/**
 * Cuts a table that was pinned under `reader.path`. What is made is not synced.
 *
 * @param narrowFromBytes where no part is as large, all are sliced
 * @returns a member for each part, undefined where the table has no entry in it
 */
export function cutTable(
  fileSystem: FileSystem,
  reader: TableReader,
  parts: readonly CutPart[],
  narrowFromBytes: number,
): ReadonlyArray<CutTable | undefined> {
  const sizes = parts.map(({ keep }) => dataBytesIn(reader, keep));
  const kept = sizes.reduce((sum, size) => sum + size, 0);
  const hasLarge = sizes.some((size) => size > 0 && size >= narrowFromBytes);
  const isWorthIt = hasLarge && kept >= reader.sizeBytes * MIN_KEPT_SHARE;
  const file = isWorthIt ? openToNarrow(fileSystem, reader.path) : undefined;
  try {
    return parts.map((part): CutTable | undefined =>
      file === undefined
        ? slicePart(fileSystem, reader, part)
        : narrowToPart(fileSystem, reader, part, file),
    );
  } finally {
    file?.close();
  }
}

function narrowToPart(
  fileSystem: FileSystem,
  reader: TableReader,
  { keep, path }: CutPart,
  file: FileHandle,
): CutTable | undefined {
  const before = file.sizeBytes();
  let narrowed: SliceProperties | undefined;
  try {
    narrowed = narrowTable(reader, keep, file, { path: reader.path });
  } catch (error) {
    if (errorCodeOf(error) !== 'SSTITCH_TABLE_SHARED') throw error;
    return slicePart(fileSystem, reader, { keep, path });
  }
  if (narrowed === undefined) return undefined;
  // A copy is a file of its own.
  const isShared = linkOrCopy(fileSystem, reader.path, path) === 'linked';
  const dataBytes = narrowed.copiedBytes + narrowed.sizeBytes - before;
  return { ...boundsOf(narrowed), origin: isShared ? 'narrowed' : 'sliced', dataBytes };
}

function slicePart(
  fileSystem: FileSystem,
  reader: TableReader,
  { keep, path }: CutPart,
): CutTable | undefined {
  let file: FileHandle | undefined;
  try {
    const create = () => {
      file = fileSystem.open(path, 'create');
      // Read-only once it is closed: hard links share its bytes (docs/leveldb-rules.md, rule 4).
      fileSystem.setMode(path, 0o444);
      return file;
    };
    const sliced = sliceTable(reader, keep, create, { path });
    if (sliced === undefined) return undefined;
    return { ...boundsOf(sliced), origin: 'sliced', dataBytes: sliced.sizeBytes };
  } finally {
    file?.close();
  }
}

function boundsOf({ sizeBytes, smallest, largest }: SliceProperties) {
  return { sizeBytes, smallest, largest };
}

/** Opens a pinned table's file to append to, where it is ours alone. */
function openToNarrow(fileSystem: FileSystem, path: string): FileHandle | undefined {
  const { links, mode } = fileSystem.status(path);
  if (links > OWN_NAMES) return undefined;
  try {
    if ((mode & OWNER_MAY_WRITE) !== 0) return fileSystem.open(path, 'append');
    // A table of an earlier commit: read-only, so that nobody writes through one of its names.
    fileSystem.setMode(path, mode | OWNER_MAY_WRITE);
    try {
      return fileSystem.open(path, 'append');
    } finally {
      fileSystem.setMode(path, mode);
    }
  } catch (error) {
    if (NO_APPEND_CODES.has(errorCodeOf(error) ?? '')) return undefined;
    throw error;
  }
}

const OWNER_MAY_WRITE = 0o200;
