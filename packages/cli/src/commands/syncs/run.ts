import { type Bucket, bucketSpan, syncSpans } from '@sstitch/keys';
import { replacedVersionOf } from '@sstitch/operations';
import { dateOf, SyncReader, type SyncRunRecord, SyncType } from '@sstitch/records';
import type { CommandContext, Run } from '../../command-line/command-context.js';
import { withSyncs } from '../../operations/open-syncs.js';
import { type RecordCounts, recordCountsOf, totalRecords } from '../../operations/sync-counts.js';
import { formatBytes, formatCount } from '../../output/quantities.js';
import { formatTable } from '../../output/table.js';
import { findSyncIds } from '../../stores/find-syncs.js';
import type { ByteReader } from '../../stores/open-store.js';
import { scanSpan } from '../../stores/scan-span.js';
import type { syncsCommand } from './command.js';

/** A sync as --json lists it. */
interface ListedSync {
  readonly syncId: string;
  /** In lower case; null if the sync has no run record. */
  readonly type: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly counts: RecordCounts;
  /** Approximate size on disk; null on a cluster, which cannot tell. */
  readonly bytes: number | null;
}

export const run: Run<typeof syncsCommand> = async (context, { store, exact, zone }) => {
  const syncs = await withSyncs(context, store, zone, (reader) =>
    listSyncs(context, reader, exact),
  );
  return { document: syncs, text: textOf(context, syncs) };
};

async function listSyncs(
  context: CommandContext,
  reader: ByteReader,
  exact: boolean,
): Promise<readonly ListedSync[]> {
  const { progress, signal } = context;
  const records = new SyncReader(reader);
  const syncs: ListedSync[] = [];
  const syncIds = await findSyncIds(reader, signal);
  for (const syncId of syncIds) {
    const done = syncs.length;
    progress.update({ doing: 'reading', done, total: syncIds.length, unit: 'syncs' });
    const [run, stats, bytes] = await Promise.all([
      records.getSyncRun(syncId),
      exact ? undefined : records.getSyncStats(syncId),
      sizeBytes(reader, syncId),
    ]);
    syncs.push({
      syncId,
      type: run === undefined ? null : typeOf(run),
      startedAt: timeText(run?.startedAt),
      endedAt: timeText(run?.endedAt),
      counts: stats === undefined ? await counted(context, reader, syncId) : recordCountsOf(stats),
      bytes,
    });
  }
  return syncs;
}

function textOf({ columns, quiet, style }: CommandContext, syncs: readonly ListedSync[]): string {
  if (quiet) return syncs.map(({ syncId }) => `${syncId}\n`).join('');
  if (syncs.length === 0) return 'no syncs\n';
  return formatTable(
    [
      { title: 'SYNC' },
      { title: 'TYPE' },
      { title: 'STARTED (UTC)' },
      { title: 'ENDED (UTC)' },
      { title: 'RESOURCES', align: 'right' },
      { title: 'GRANTS', align: 'right' },
      { title: 'SIZE', align: 'right' },
    ],
    syncs.map(({ syncId, type, startedAt, endedAt, counts, bytes }) => [
      syncId,
      type ?? '-',
      toTheMinute(startedAt),
      toTheMinute(endedAt),
      formatCount(counts.resource),
      formatCount(counts.grant),
      bytes === null ? '-' : formatBytes(bytes),
    ]),
    style.bold,
    columns,
  );
}

/** Shortens an ISO date to `2026-01-31 12:34`; --json has it in full. */
function toTheMinute(time: string | null): string {
  return time === null ? '-' : time.slice(0, 16).replace('T', ' ');
}

async function counted(
  { progress, signal }: CommandContext,
  reader: ByteReader,
  syncId: string,
): Promise<RecordCounts> {
  const total = progress.isShown ? await totalRecords([{ engine: reader, syncId }]) : 0;
  const doing = `counting ${syncId}`;
  let done = 0;
  const count = async (bucket: Bucket): Promise<number> => {
    const before = done;
    const span = bucketSpan(bucket, syncId);
    for await (const page of scanSpan(reader, span, { signal, values: false })) {
      done += page.length;
      progress.update({ doing, done, total, unit: 'records' });
    }
    return done - before;
  };
  return {
    resource_type: await count('resource_type'),
    resource: await count('resource'),
    entitlement: await count('entitlement'),
    grant: await count('grant'),
    asset: await count('asset'),
  };
}

async function sizeBytes(reader: ByteReader, syncId: string): Promise<number | null> {
  if (reader.approximateSize === undefined) return null;
  const sizes = await Promise.all(
    syncSpans(syncId).map(({ span: { start, end } }) =>
      end === undefined ? 0 : reader.approximateSize?.(start, end),
    ),
  );
  return sizes.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0);
}

/** The type of a sync; `replaced` for a kept version that a compaction replaced. */
function typeOf(run: SyncRunRecord): string {
  return replacedVersionOf(run) === undefined ? syncTypeName(run.type) : 'replaced';
}

/** FULL as `full`. */
function syncTypeName(type: SyncType): string {
  return (SyncType[type] ?? String(type)).toLowerCase();
}

function timeText(time: SyncRunRecord['startedAt']): string | null {
  return time === undefined ? null : dateOf(time).toISOString();
}
