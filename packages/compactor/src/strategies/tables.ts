// The strategies that move tables, of a source that has some: `link` makes the source's tables the base's, `rebuild`
// has the base build new ones of them, without tombstones and shadowed versions. Either way no record passes through
// this thread.
import type { CommitReport, OriginTotals } from '@sstitch/contract';
import type { TableBase, TableSource } from '../engines.js';
import type { CompactProgress } from '../result.js';
import type { SyncRange } from '../sync-ranges.js';

export interface MoveTablesInput {
  readonly base: TableBase;
  readonly source: TableSource;
  readonly strategy: 'link' | 'rebuild';
  /** In key order. */
  readonly ranges: readonly SyncRange[];
  /** Read the source's tables in full. */
  readonly verify: boolean;
  readonly purge: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (event: CompactProgress) => void;
  /** Called before the commit with the syncs of which there is no table; may throw. */
  readonly onEmpty: (syncIds: ReadonlySet<string>) => void;
}

export interface MovedTables {
  readonly commit: CommitReport;
  /** How many entries the tables hold; undefined for linked ones, which nobody reads. */
  readonly entries: number | undefined;
}

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
