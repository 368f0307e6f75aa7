// Checks the checksums of what a database holds in some spans, without LevelDB: classic-level has LevelDB read
// blocks unchecked, so that damage in an uncompressed block would be read, and passed on, as if it were right.
//
// The database may be open and compacting. A table that is gone has been compacted: then the tables of the new
// version are looked at, but those that were already. So each block that the spans are read from later was
// checked, or made by LevelDB of blocks that were, unless LevelDB was at that already when the check began.

import { compareBytes, joinTouchingSpans, type Span } from '@sstitch/contract';
import { type FileSystem, SstError, TableReader, verifyBlocksIn } from '@sstitch/sst';
import { EngineError, errorCodeOf } from '../errors.js';
import { oldTableFileName, tableFileName } from '../leveldb/file-names.js';
import { readVersion } from '../leveldb/manifest.js';
import { tableProblem } from '../leveldb/table-problem.js';
import type { TableEntry } from '../leveldb/version-edit.js';
import { spansOverlapping } from '../spans.js';
import { defineTask } from '../threads/task.js';
import type { WorkerPool } from '../threads/worker-pool.js';

/** Each round follows a compaction that deleted a table before it was opened. */
const MAX_ROUNDS = 100;

export interface SpansToVerify {
  /** Of a LevelDB database. */
  readonly directory: string;
  /** The directory to name in messages: `directory` may be a copy by links that goes away. */
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

/** No other table has the same: LevelDB may use a number again, of a file that a crash left. */
function nameOf({ number, sizeBytes }: TableEntry): string {
  return `${number} ${sizeBytes}`;
}

/** A generation, as far as a verification needs it: its directory stays while it is retained. */
export interface RetainedDirectory {
  readonly directory: string;
  retain(): void;
  release(): void;
}

/** `verifySpans` of a generation, which stays meanwhile. */
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

/** The tables whose bounds meet the spans. */
function listTablesIn(fileSystem: FileSystem, { directory, spans }: SpansToVerify): TableEntry[] {
  const merged = joinTouchingSpans(spans);
  const tables = readVersion(fileSystem, directory).levels.flat();
  return tables.filter((table) => spansOverlapping(merged, table).length > 0);
}

export const listTablesInTask = defineTask('listTablesIn', listTablesIn);

/** Checks one table's blocks; false where the table is gone. */
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
      throw new EngineError('SSTITCH_STORE_CORRUPT', `a table is damaged: ${tableProblem(error)}`, {
        cause: error,
        path: `${namedDirectory}/${name}`,
        offset: error.offset,
      });
    }
  }
  return false;
}

export const verifyTableSpansTask = defineTask('verifyTableSpans', verifyTableSpans);
