// Splits a table into parts. Each part is copied into a file of its own, or all share the table's file (split-policy.ts).
import type { Span } from '@sstitch/contract';
import {
  copyPart,
  dataBytesIn,
  type FileHandle,
  type FileSystem,
  type PartProperties,
  type TableReader,
} from '@sstitch/sst';
import type { HeldFiles } from '../files/held-files.js';
import { openToShare, shareInFile } from './share-parts.js';
import { type SplitPolicy, sharesFile } from './split-policy.js';

/** A part to split out of a table. */
export interface SplitPart {
  /** The spans whose entries the part holds, sorted and disjoint. */
  readonly keep: readonly Span[];
  /** The path of the part's file. */
  readonly path: string;
}

/** A table that was split out of another. */
export interface SplitTable extends Pick<PartProperties, 'sizeBytes' | 'smallest' | 'largest'> {
  readonly origin: 'split' | 'shared';
  /** The size of its blocks and index in the file, in bytes. */
  readonly dataBytes: number;
}

/**
 * Splits a table that is linked under `reader.path`.
 *
 * @param held collects the files that are written
 * @returns a table for each part, or undefined for a part without entries
 */
export function splitTable(
  fileSystem: FileSystem,
  reader: TableReader,
  parts: readonly SplitPart[],
  policy: SplitPolicy,
  held: HeldFiles,
): ReadonlyArray<SplitTable | undefined> {
  const partBytes = parts.map(({ keep }) => dataBytesIn(reader, keep));
  const file = sharesFile(policy, partBytes, reader.sizeBytes)
    ? openToShare(fileSystem, reader.path, held)
    : undefined;
  try {
    return parts.map((part) => {
      const shared =
        file === undefined ? 'taken' : shareInFile(fileSystem, reader, part.keep, part.path, file);
      if (shared === 'empty') return undefined;
      if (shared === 'taken') return copiedPart(reader, part, held);
      const { isLinked, ...table } = shared;
      return { ...table, origin: isLinked ? 'shared' : 'split' };
    });
  } finally {
    file?.close();
  }
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
    const { sizeBytes, smallest, largest } = split;
    return { sizeBytes, smallest, largest, origin: 'split', dataBytes: sizeBytes };
  } finally {
    file?.close();
  }
}
