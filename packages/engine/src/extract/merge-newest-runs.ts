// Merges the newest runs of a span into one table if an extract yields more runs than the planner has levels for.

import { compareBytes } from '@sstitch/contract';
import { type FileSystem, mergeTables, TableBuilder, TableReader, userKeyOf } from '@sstitch/sst';
import { blamingOrigins } from '../files/blame-file.js';
import { type HeldFiles, holdingFiles, type WithUnsynced } from '../files/held-files.js';
import { MAX_RUNS, originsOf, type TableFile, type TableRun } from '../tables/table-set.js';
import { defineTask } from '../threads/task.js';
import type { UnsyncedFiles } from '../threads/unsynced-files.js';
import type { WorkerPool } from '../threads/worker-pool.js';

/** Merges the newest runs so that at most MAX_RUNS are left. The runs are ordered oldest first. */
export async function limitRuns(
  pool: WorkerPool,
  path: string,
  runs: readonly TableFile[][],
  unsynced: UnsyncedFiles,
  signal: AbortSignal | undefined,
): Promise<TableRun[]> {
  if (runs.length <= MAX_RUNS) return [...runs];
  const tables = runs.slice(MAX_RUNS - 1).flat();
  const { merged } = unsynced.takeFrom(
    await pool.run(mergeNewestRunsTask, { path, tables }, { signal }),
  );
  return [...runs.slice(0, MAX_RUNS - 1), [merged]];
}

export interface MergeNewestRunsInput {
  /** The table to make. */
  readonly path: string;
  /** The tables that it replaces, oldest first. */
  readonly tables: readonly TableFile[];
}

/** Merges tables into one and unlinks them. */
function mergeNewestRuns(
  fileSystem: FileSystem,
  input: MergeNewestRunsInput,
): WithUnsynced & { readonly merged: TableFile } {
  return holdingFiles(fileSystem, (held) => ({ merged: mergeHeld(fileSystem, input, held) }));
}

export const mergeNewestRunsTask = defineTask('mergeNewestRuns', mergeNewestRuns);

function mergeHeld(
  fileSystem: FileSystem,
  { path, tables }: MergeNewestRunsInput,
  held: HeldFiles,
): TableFile {
  const readers: TableReader[] = [];
  const file = held.createTable(path);
  try {
    const built = blamingOrigins(originsOf(tables), () => {
      for (const { path: tablePath, sizeBytes } of tables) {
        readers.push(TableReader.open(fileSystem, tablePath, { sizeBytes }));
      }
      const builder = new TableBuilder(file, { path, seal: true });
      // Shadowed versions are dropped. Tombstones stay, as they may hide entries of older runs.
      let last: Uint8Array | undefined;
      for (const entry = mergeTables(readers); entry.valid; entry.next()) {
        const userKey = userKeyOf(entry.key);
        if (last !== undefined && compareBytes(last, userKey) === 0) continue;
        last = userKey.slice();
        builder.add(entry.key, entry.value);
      }
      return builder.finish();
    });
    for (const table of tables) fileSystem.unlink(table.path);
    const { sizeBytes, smallest, largest } = built;
    return { path, sizeBytes, smallest, largest, origin: 'built' };
  } finally {
    file.close();
    for (const reader of readers) reader.close();
  }
}
