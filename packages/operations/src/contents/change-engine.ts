// Changes an engine, based on one state of it.
import type { EngineSnapshot, ReadWriteEngine } from '@sstitch/contract';
import { bucketLayout, isSyncId, prefixSpan, syncSpans } from '@sstitch/keys';
import { writeIfUnchanged } from '@sstitch/records';
import { type ReadView, withView } from '../entries/entry-pages.js';

/** What a change depends on. */
export interface ChangeBasis {
  /** Ids of syncs that the change reads or replaces; texts that are not sync ids are ignored. */
  readonly syncIds: readonly string[];
  /** Whether it depends on the runs of all other syncs too. @defaultValue false */
  readonly allRuns?: boolean;
  /** Ends the wait after a conflict. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Runs `change` on the current state of an engine while no `SyncStore` writes to it. If other processes write to what the
 * change depends on before it commits, it runs again.
 *
 * @param change commits with the second argument as its condition
 */
export function changeEngine<T>(
  engine: ReadWriteEngine,
  { syncIds, allRuns = false, signal }: ChangeBasis,
  change: (view: ReadView, ifUnchanged: EngineSnapshot | undefined) => Promise<T>,
): Promise<T> {
  const spans = syncIds
    .filter(isSyncId)
    .flatMap((syncId) => syncSpans(syncId).map(({ span }) => span));
  if (allRuns) spans.push(prefixSpan(bucketLayout('sync_run').prefix));
  return writeIfUnchanged(engine, spans, signal, (basis) =>
    withView(engine, { snapshot: basis, signal }, (view) => change(view, basis)),
  );
}
