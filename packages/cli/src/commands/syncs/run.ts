import { timestampDate } from '@bufbuild/protobuf/wkt';
import { type Bucket, bucketSpan, syncSpans } from '@sstitch/keys';
import { SyncReader, type SyncRunRecord, type SyncStatsRecord, SyncType } from '@sstitch/records';
import type { CommandContext, CommandRegistry, CommandResult } from '../../command-line/command.js';
import { formatBytes, formatCount } from '../../output/quantities.js';
import { formatTable } from '../../output/table.js';
import { type ByteReader, withReader } from '../../stores/open-store.js';
import { countKeys, findSyncIds } from '../../stores/scan-span.js';

interface SyncsFlags {
  readonly exact?: boolean;
}

/** Records by type. */
interface RecordCounts {
  readonly resource_type: number;
  readonly resource: number;
  readonly entitlement: number;
  readonly grant: number;
  readonly asset: number;
}

/** A sync as --json lists it. */
interface ListedSync {
  readonly syncId: string;
  /** In small letters; null where the sync has no run record. */
  readonly type: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly counts: RecordCounts;
  /** On disk, roughly. */
  readonly bytes: number;
}

export function addSyncsCommand(registry: CommandRegistry): void {
  registry
    .define({
      usage: 'syncs <store>',
      summary: 'list the syncs in a store',
      description:
        'Lists every sync in a store: what it is, when it ran, how many records it has, and what it ' +
        'takes on disk, roughly. Counts come from the statistics that a sync ends with; where there ' +
        'are none, and always with --exact, the keys are counted.',
      examples: [
        ['syncs base', 'as a table'],
        ['syncs base --json --exact', 'for a program, counted key by key'],
      ],
    })
    .option('--exact', 'count keys, whatever the statistics say')
    .action(
      registry.handle((context, store: string, flags: SyncsFlags) =>
        withReader(store, (reader) => listSyncs(context, reader, flags)),
      ),
    );
}

async function listSyncs(
  { columns, progress, signal, style }: CommandContext,
  reader: ByteReader,
  flags: SyncsFlags,
): Promise<CommandResult> {
  const records = new SyncReader(reader);
  const syncs: ListedSync[] = [];
  for (const syncId of await findSyncIds(reader, signal)) {
    progress.update(() => `counting ${syncId}`);
    const run = await records.getSyncRun(syncId);
    const stats = flags.exact === true ? undefined : await records.getSyncStats(syncId);
    syncs.push({
      syncId,
      type: run === undefined ? null : syncTypeName(run.type),
      startedAt: timeText(run?.startedAt),
      endedAt: timeText(run?.endedAt),
      counts: stats === undefined ? await counted(reader, syncId, signal) : countsOf(stats),
      bytes: await sizeBytes(reader, syncId),
    });
  }
  return {
    document: syncs,
    text: syncs.length === 0 ? 'no syncs\n' : tableOf(syncs, style.bold, columns),
  };
}

function tableOf(
  syncs: readonly ListedSync[],
  bold: (text: string) => string,
  columns: number,
): string {
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
      formatBytes(bytes),
    ]),
    bold,
    columns,
  );
}

/** `2026-01-31 12:34` of an ISO date, which --json has in full. */
function toTheMinute(time: string | null): string {
  return time === null ? '-' : time.slice(0, 16).replace('T', ' ');
}

async function counted(
  reader: ByteReader,
  syncId: string,
  signal: AbortSignal,
): Promise<RecordCounts> {
  const count = (bucket: Bucket) => countKeys(reader, bucketSpan(bucket, syncId), signal);
  return {
    resource_type: await count('resource_type'),
    resource: await count('resource'),
    entitlement: await count('entitlement'),
    grant: await count('grant'),
    asset: await count('asset'),
  };
}

function countsOf(stats: SyncStatsRecord): RecordCounts {
  return {
    resource_type: Number(stats.resourceTypes),
    resource: Number(stats.resources),
    entitlement: Number(stats.entitlements),
    grant: Number(stats.grants),
    asset: Number(stats.assets),
  };
}

async function sizeBytes(reader: ByteReader, syncId: string): Promise<number> {
  let bytes = 0;
  for (const { span } of syncSpans(syncId)) {
    if (span.end !== undefined) bytes += await reader.approximateSize(span.start, span.end);
  }
  return bytes;
}

/** FULL as `full`. */
export function syncTypeName(type: SyncType): string {
  return (SyncType[type] ?? String(type)).toLowerCase();
}

function timeText(time: SyncRunRecord['startedAt']): string | null {
  return time === undefined ? null : timestampDate(time).toISOString();
}
