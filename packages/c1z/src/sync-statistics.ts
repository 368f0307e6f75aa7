// The statistics that a sync of a file ends with.
import { timestampDate } from '@bufbuild/protobuf/wkt';
import type { SyncCounter, SyncRunRecord, SyncStatsRecord } from '@sstitch/records';

/**
 * The file's own statistics where they say what was counted, else the same with the counts; those of a finished sync
 * without any are the counts, as of its end: reading a file twice gives the same bytes.
 */
export function completedStatistics(
  run: SyncRunRecord,
  counter: SyncCounter,
  stats: SyncStatsRecord | undefined,
): SyncStatsRecord | undefined {
  const { syncId, endedAt } = run;
  if (stats === undefined) {
    return endedAt && counter.toRecord(syncId, timestampDate(endedAt));
  }
  const counted = counter.toRecord(syncId);
  if (saysTheSame(stats, counted)) return stats;
  const { resourceTypes, resources, entitlements, grants, assets } = counted;
  return {
    ...stats,
    resourceTypes,
    resources,
    entitlements,
    grants,
    assets,
    resourcesByResourceType: counted.resourcesByResourceType,
    entitlementsByResourceType: counted.entitlementsByResourceType,
    grantsByEntitlementResourceType: counted.grantsByEntitlementResourceType,
  };
}

function saysTheSame(stats: SyncStatsRecord, counted: SyncStatsRecord): boolean {
  return (
    stats.resourceTypes === counted.resourceTypes &&
    stats.resources === counted.resources &&
    stats.entitlements === counted.entitlements &&
    stats.grants === counted.grants &&
    stats.assets === counted.assets &&
    isSame(stats.resourcesByResourceType, counted.resourcesByResourceType) &&
    isSame(stats.entitlementsByResourceType, counted.entitlementsByResourceType) &&
    isSame(stats.grantsByEntitlementResourceType, counted.grantsByEntitlementResourceType)
  );
}

type Counts = Readonly<Record<string, bigint>>;

/** Older files have no counts of entitlements by type, which is nothing wrong; a type without any may be named or not. */
function isSame(said: Counts, counted: Counts): boolean {
  if (Object.keys(said).length === 0) return true;
  const countOf = (counts: Counts, type: string) =>
    (Object.hasOwn(counts, type) ? counts[type] : undefined) ?? 0n;
  return [...Object.keys(said), ...Object.keys(counted)].every(
    (type) => countOf(said, type) === countOf(counted, type),
  );
}
