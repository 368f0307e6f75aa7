// The strategies for a source with tables: `link` links the source's tables into the base, and with `rebuild` the base
// builds new tables from them, without tombstones and shadowed versions. No record passes through this thread.
import type { CommitReport, OriginTotals } from '@sstitch/contract';
import type { TableBase, TableSource } from '../engines.js';
import type { CompactProgress } from '../result.js';
import type { SyncRange } from '../sync-ranges.js';

export interface MoveTablesInput {
  readonly base: TableBase;
  readonly source: TableSource;
  readonly strategy: 'link' | 'rebuild';
  /** The ranges in key order. */
  readonly ranges: readonly SyncRange[];
  /** Whether to read in full the source's tables that hold a part of the syncs. */
  readonly verify: boolean;
  readonly purge: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (event: CompactProgress) => void;
  /** Called before the commit with the syncs that have no tables. What it throws ends the call. */
  readonly onEmpty: (syncIds: ReadonlySet<string>) => void;
}

/** The result of `moveTables`. */
export interface MovedTables {
  readonly commit: CommitReport;
  /** The number of entries in the tables. Undefined for linked tables, which are not read. */
  readonly entries: number | undefined;
}

/** Replaces the ranges of the base by the source's tables. */
export async function moveTables(input: MoveTablesInput): Promise<MovedTables> {
  const { base, source, strategy, ranges, verify, purge, signal, onProgress, onEmpty } = input;
  const rebuild = strategy === 'rebuild';
  let entries = 0;
  const onEntries = (count: number) => {
    entries = count;
    onProgress({ type: 'building', entries });
  };
  if (rebuild) onEntries(0);
  else onProgress({ type: 'extracting' });
  const spans = ranges.map(({ span }) => span);
  const commit = await base.ingestFrom(source, spans, {
    ...(signal === undefined ? {} : { signal }),
    ...(rebuild ? { rebuild, onEntries } : {}),
    verify,
    purge,
    onExtracted({ totals }) {
      const found = new Set<string>();
      for (const [index, { syncId }] of ranges.entries()) {
        if (tablesIn(totals[index]) > 0) found.add(syncId);
      }
      onEmpty(new Set(ranges.map(({ syncId }) => syncId).filter((id) => !found.has(id))));
      onProgress({ type: 'committing' });
    },
  });
  return { commit, entries: rebuild ? entries : undefined };
}

function tablesIn(totals: OriginTotals | undefined): number {
  return Object.values(totals ?? {}).reduce((sum, { tables }) => sum + tables, 0);
}
