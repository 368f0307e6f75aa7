// Strategy `rebuild`, of a source with tables: the base builds new ones of them, in its worker threads.
// No entry passes through this thread. The new tables hold no tombstone and no shadowed version.
import type { CommitReport } from '@sstitch/contract';
import type { RebuildingBase, TableSource } from '../engines.js';
import type { CompactProgress } from '../result.js';
import type { SyncRange } from '../sync-ranges.js';

export interface RebuildTablesInput {
  readonly base: RebuildingBase;
  readonly source: TableSource;
  /** In key order. */
  readonly ranges: readonly SyncRange[];
  readonly purge: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (event: CompactProgress) => void;
  /** Called before the commit with the syncs of which no entry was found; may throw. */
  readonly onEmpty: (syncIds: ReadonlySet<string>) => void;
}

export interface RebuiltSpans {
  readonly commit: CommitReport;
  readonly entries: number;
}

export async function rebuildFromTables(input: RebuildTablesInput): Promise<RebuiltSpans> {
  const { base, source, ranges, purge, onProgress } = input;
  const options = input.signal === undefined ? {} : { signal: input.signal };
  const directories = [await base.newStagingDirectory(), await base.newStagingDirectory()] as const;
  const [extractedDirectory, rebuiltDirectory] = directories;
  let entries = 0;
  const tell = (count: number) => {
    entries = count;
    onProgress({ type: 'building', entries });
  };
  try {
    tell(0);
    const spans = ranges.map(({ span }) => span);
    const extracted = await source.extract(spans, extractedDirectory, options);
    const rebuilt = await base.rebuildTables(extracted, rebuiltDirectory, {
      ...options,
      onEntries: tell,
    });
    const found = new Set<string>();
    for (const [index, { syncId }] of ranges.entries()) {
      if ((rebuilt.entries[index] ?? 0) > 0) found.add(syncId);
    }
    input.onEmpty(new Set(ranges.map(({ syncId }) => syncId).filter((id) => !found.has(id))));
    onProgress({ type: 'committing' });
    const commit = await base.ingestAndExcise(rebuilt, { move: true, purge, ...options });
    return { commit, entries };
  } finally {
    // Committed or not, a leftover here is no failure: the next open empties the staging directory.
    for (const directory of directories)
      await base.removeStagingDirectory(directory).catch(() => undefined);
  }
}
