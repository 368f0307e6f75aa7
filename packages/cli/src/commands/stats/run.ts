import { countSync, dateOf, SyncReader, type SyncStatsRecord } from '@sstitch/records';
import type { CommandContext, Run } from '../../command-line/command-context.js';
import { withSyncs } from '../../operations/open-syncs.js';
import { type RecordCounts, recordCountsOf } from '../../operations/sync-counts.js';
import { formatCount, formatCountOf } from '../../output/quantities.js';
import { formatTable } from '../../output/table.js';
import { requireSyncs, syncIdsOf } from '../../stores/find-syncs.js';
import type { ByteReader } from '../../stores/open-store.js';
import { escapeText } from '../../terminal/escape.js';
import type { statsCommand } from './command.js';

/** The counts of one resource type. */
interface TypeCounts {
  /** '' for entitlements and grants that name no resource. */
  readonly type: string;
  readonly resources: number;
  readonly entitlements: number;
  readonly grants: number;
}

/** The counts of a sync as --json prints them. */
interface SyncCounts {
  readonly syncId: string;
  /** When the statistics were written; null if the records were counted now. */
  readonly writtenAt: string | null;
  readonly counts: RecordCounts;
  readonly types: readonly TypeCounts[];
}

export const run: Run<typeof statsCommand> = (context, { store, sync, exact, zone }) =>
  withSyncs(context, store, zone, async (reader) => {
    const { signal } = context;
    const [syncId = ''] = await syncIdsOf(reader, store, [sync], signal);
    await requireSyncs(reader, store, [syncId], signal);
    const counts = await countsOf(context, reader, syncId, exact);
    return { document: counts, text: textOf(context, counts) };
  });

async function countsOf(
  { progress, signal }: CommandContext,
  reader: ByteReader,
  syncId: string,
  exact: boolean,
): Promise<SyncCounts> {
  const written = exact ? undefined : await new SyncReader(reader).getSyncStats(syncId);
  if (written === undefined) progress.update({ doing: 'counting' });
  const stats = written ?? (await countSync(reader, syncId, { signal }));
  const writtenAt = written?.writtenAt;
  return {
    syncId,
    writtenAt: writtenAt === undefined ? null : dateOf(writtenAt).toISOString(),
    counts: recordCountsOf(stats),
    types: typesOf(stats),
  };
}

function typesOf(stats: SyncStatsRecord): readonly TypeCounts[] {
  const { resourcesByResourceType, entitlementsByResourceType, grantsByEntitlementResourceType } =
    stats;
  const maps = [
    resourcesByResourceType,
    entitlementsByResourceType,
    grantsByEntitlementResourceType,
  ];
  const types = new Set(maps.flatMap((map) => Object.keys(map)));
  return [...types].sort().map((type) => ({
    type,
    resources: countIn(resourcesByResourceType, type),
    entitlements: countIn(entitlementsByResourceType, type),
    grants: countIn(grantsByEntitlementResourceType, type),
  }));
}

function countIn(counts: Readonly<Record<string, bigint>>, type: string): number {
  return Object.hasOwn(counts, type) ? Number(counts[type]) : 0;
}

function textOf({ columns, quiet, style }: CommandContext, sync: SyncCounts): string {
  const { syncId, counts, types } = sync;
  const table = formatTable(
    [
      { title: 'TYPE' },
      { title: 'RESOURCES', align: 'right' },
      { title: 'ENTITLEMENTS', align: 'right' },
      { title: 'GRANTS', align: 'right' },
    ],
    [
      ...types.map(({ type, resources, entitlements, grants }) => [
        escapeText(type) || '-',
        ...[resources, entitlements, grants].map(formatCount),
      ]),
      ['all', ...[counts.resource, counts.entitlement, counts.grant].map(formatCount)],
    ],
    style.bold,
    columns,
  );
  if (quiet) return table;
  const others = [
    formatCountOf(counts.resource_type, 'resource type'),
    formatCountOf(counts.asset, 'asset'),
  ];
  return `sync ${syncId}\n${table}${others.join(', ')}\n`;
}
