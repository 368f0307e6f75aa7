// Strategy `link`: the source's tables become the base's. No record is read; what is not linked is
// the tables that straddle a bound, which are split.
import type { CommitReport, OriginTotals } from '@sstitch/contract';
import type { TableBase, TableSource } from '../engines.js';
import type { CompactProgress } from '../result.js';
import type { SyncRange } from '../sync-ranges.js';

export interface LinkInput {
  readonly base: TableBase;
  readonly source: TableSource;
  /** In key order. */
  readonly ranges: readonly SyncRange[];
  /** Read the source's tables in full. */
  readonly verify: boolean;
  readonly purge: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (event: CompactProgress) => void;
  /** Called before the commit with the syncs of which no table was found; may throw. */
  readonly onEmpty: (syncIds: ReadonlySet<string>) => void;
}

export async function linkTables(input: LinkInput): Promise<CommitReport> {
  const { base, source, ranges, verify, purge, onProgress } = input;
  const spans = ranges.map(({ span }) => span);
  onProgress({ type: 'extracting' });
  return base.ingestFrom(source, spans, {
    ...(input.signal === undefined ? {} : { signal: input.signal }),
    verify,
    purge,
    onExtracted(tables) {
      const found = new Set<string>();
      for (const [index, { syncId }] of ranges.entries()) {
        if (tablesIn(tables.totals[index]) > 0) found.add(syncId);
      }
      input.onEmpty(new Set(ranges.map(({ syncId }) => syncId).filter((id) => !found.has(id))));
      onProgress({ type: 'committing' });
    },
  });
}

function tablesIn(totals: OriginTotals | undefined): number {
  return Object.values(totals ?? {}).reduce((sum, { tables }) => sum + tables, 0);
}
