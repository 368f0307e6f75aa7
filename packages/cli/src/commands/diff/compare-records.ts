// Compares two syncs record by record.
import { changeLines, diffSyncs, type SyncDiff } from '@sstitch/operations';
import type { CommandContext } from '../../command-line/command-context.js';
import { totalRecords } from '../../operations/sync-counts.js';
import { hasKeys } from '../../stores/find-syncs.js';
import type { ByteReader } from '../../stores/open-store.js';
import { spansOf } from '../../stores/sync-spans.js';

/** A sync of one store and a sync of another. They may have the same id, or be in the same store. */
export interface SyncPair {
  readonly before: ByteReader;
  readonly after: ByteReader;
  readonly syncId: string;
  /** The sync's id in `after`. */
  readonly to: string;
}

/** The changes of records from one sync to the other, which are read later. */
export async function recordChanges(
  { progress, signal }: CommandContext,
  { before, after, syncId, to }: SyncPair,
): Promise<SyncDiff> {
  // A record in both syncs counts once.
  const total = Math.max(
    await totalRecords([{ engine: before, syncId }]),
    await totalRecords([{ engine: after, syncId: to }]),
  );
  return diffSyncs(
    { engine: before, syncId },
    { engine: after, syncId: to },
    {
      signal,
      onProgress: ({ records }) =>
        progress.update({ doing: 'comparing records', done: records, total, unit: 'records' }),
    },
  );
}

/** The changes as lines of JSON; undefined if neither sync exists. */
export async function changeLinesOf(
  context: CommandContext,
  pair: SyncPair,
): Promise<AsyncIterable<string> | undefined> {
  if (!(await isThere(context, pair))) return undefined;
  await verifyPair(context, pair);
  return changeLines(await recordChanges(context, pair));
}

/** Whether either sync has an entry. */
export async function isThere(
  { signal }: CommandContext,
  { before, after, syncId, to }: SyncPair,
): Promise<boolean> {
  return (
    (await hasKeys(before, spansOf([syncId]), signal)) ||
    (await hasKeys(after, spansOf([to]), signal))
  );
}

/** Verifies the checksums of both syncs, which LevelDB does not. @throws EngineError SSTITCH_STORE_CORRUPT */
export async function verifyPair(
  { signal }: CommandContext,
  { before, after, syncId, to }: SyncPair,
): Promise<void> {
  await before.verifySpans(spansOf([syncId]), { signal });
  await after.verifySpans(spansOf([to]), { signal });
}
