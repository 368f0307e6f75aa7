// Checks the checksums of the blocks that hold keys of some spans, without LevelDB. classic-level lets LevelDB read
// blocks unchecked, so damage in an uncompressed block would be read as if it were data.
//
// The database may be open and compacting. If a table is gone because it was compacted, the check continues with the
// tables of the new version that it has not read. So each block that is later read for the spans was checked, or was
// made by LevelDB from checked blocks, unless that compaction had begun before the check.

import { compareBytes, joinTouchingSpans, type Span } from '@sstitch/contract';
import { type FileSystem, SstError, TableReader, verifyBlocksIn } from '@sstitch/sst';
import { EngineError, errorCodeOf } from '../errors.js';
import { oldTableFileName, tableFileName } from '../leveldb/file-names.js';
import { readVersion } from '../leveldb/manifest.js';
import type { TableEntry } from '../leveldb/version-edit.js';
import { spansOverlapping } from '../spans.js';
import { defineTask } from '../threads/task.js';
import type { WorkerPool } from '../threads/worker-pool.js';

/** The limit of attempts. Another is made if a compaction deleted a table before it was opened. */
const MAX_ROUNDS = 100;

export interface SpansToVerify {
  /** The directory of a LevelDB database. */
  readonly directory: string;
  /** The directory that messages name, as `directory` may be a private copy. */
  readonly namedDirectory: string;
  /** Sorted and disjoint. */
  readonly spans: readonly Span[];
}

/**
 * Reads every block that may hold keys of the spans, in worker threads, and checks its checksum.
 *
 * @throws EngineError SSTITCH_STORE_CORRUPT with path and offset for a damaged block; SSTITCH_ABORTED
 */
export async function verifySpans(
  pool: WorkerPool,
  input: SpansToVerify,
  signal: AbortSignal | undefined,
): Promise<void> {
  const checked = new Set<string>();
  for (let round = 1; ; round++) {
    const tables = await pool.run(listTablesInTask, input, { signal });
    const unchecked = tables.filter((table) => !checked.has(nameOf(table)));
    const items = unchecked.map((table) => ({ ...input, table }));
    const areThere = await pool.forEach(verifyTableSpansTask, items, { signal });
    for (const [index, table] of unchecked.entries()) {
      if (areThere[index]) checked.add(nameOf(table));
    }
    if (!areThere.includes(false)) return;
    if (round < MAX_ROUNDS) continue;
    const message =
      'tables that the MANIFEST lists are missing, or change faster than they can be read';
    throw new EngineError('SSTITCH_STORE_CORRUPT', message, { path: input.namedDirectory });
  }
}

/** Identifies a table. The number alone does not, as LevelDB may reuse the number of a file that a crash left. */
function nameOf({ number, sizeBytes }: TableEntry): string {
  return `${number} ${sizeBytes}`;
}

/** A generation, whose directory remains while it is retained. */
export interface RetainedDirectory {
  readonly directory: string;
  retain(): void;
  release(): void;
}

/** Runs `verifySpans` on a generation, which it retains meanwhile. */
export async function verifyGenerationSpans(
  pool: WorkerPool,
  generation: RetainedDirectory,
  input: Omit<SpansToVerify, 'directory'>,
  signal: AbortSignal | undefined,
): Promise<void> {
  generation.retain();
  try {
    await verifySpans(pool, { ...input, directory: generation.directory }, signal);
  } finally {
    generation.release();
  }
}

/** Returns the tables that overlap the spans. */
function listTablesIn(fileSystem: FileSystem, { directory, spans }: SpansToVerify): TableEntry[] {
  const merged = joinTouchingSpans(spans);
  const tables = readVersion(fileSystem, directory).levels.flat();
  return tables.filter((table) => spansOverlapping(merged, table).length > 0);
}

export const listTablesInTask = defineTask('listTablesIn', listTablesIn);

/** Checks one table's blocks. Returns false if the table is gone. */
function verifyTableSpans(
  fileSystem: FileSystem,
  { directory, namedDirectory, spans, table }: SpansToVerify & { readonly table: TableEntry },
  checkCancelled: () => void,
): boolean {
  const { number, sizeBytes } = table;
  // Empty spans hold nothing.
  const held = spans.filter(({ start, end }) => end === undefined || compareBytes(start, end) < 0);
  for (const name of [tableFileName(number), oldTableFileName(number)]) {
    try {
      const path = `${directory}/${name}`;
      const reader = TableReader.open(fileSystem, path, { sizeBytes, validate: 'lazy' });
      try {
        verifyBlocksIn(reader, held, checkCancelled);
      } finally {
        reader.close();
      }
      return true;
    } catch (error) {
      if (!(error instanceof SstError)) throw error;
      if (errorCodeOf(error.cause) === 'ENOENT') continue;
      if (error.code === 'SSTITCH_TABLE_IO') throw error;
      throw new EngineError('SSTITCH_STORE_CORRUPT', `a table is damaged: ${error.problem}`, {
        cause: error,
        path: `${namedDirectory}/${name}`,
        offset: error.offset,
      });
    }
  }
  return false;
}

export const verifyTableSpansTask = defineTask('verifyTableSpans', verifyTableSpans);
