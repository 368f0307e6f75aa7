// Completes the statistics of a sync of a file.

import type { SyncCounter, SyncRunRecord, SyncStatsRecord } from '@sstitch/records';
import { C1zError } from './errors.js';

/**
 * Returns the file's own statistics, with corrected counts if they differ. A finished sync without statistics
 * gets the counts with the time of its end, so that reading a file again produces the same bytes.
 */
export function completedStatistics(
  run: SyncRunRecord,
  counter: SyncCounter,
  stats: SyncStatsRecord | undefined,
): SyncStatsRecord | undefined {
  const { syncId, endedAt } = run;
  if (stats === undefined) {
    return endedAt && { ...counter.toRecord(syncId), writtenAt: endedAt };
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

/** The most bytes of the resource types of a sync, which its counts hold in memory. Real syncs have some KiB. */
const MAX_TYPE_BYTES = 16 * 2 ** 20;
/** About how many bytes a counted type takes besides its text. */
const TYPE_BYTES = 64;

/** Limits the distinct resource types of a sync, of which a hostile file may have one for each record. */
export class TypeLimit {
  readonly #types = new Set<string>();
  #bytes = 0;

  /**
   * Adds the type of some records.
   * @throws C1zError SSTITCH_C1Z_TOO_LARGE
   */
  add(type: string, syncId: string, path: string): void {
    if (this.#types.has(type)) return;
    this.#types.add(type);
    this.#bytes += type.length + TYPE_BYTES;
    if (this.#bytes <= MAX_TYPE_BYTES) return;
    throw new C1zError(
      'SSTITCH_C1Z_TOO_LARGE',
      `the resource types of sync ${syncId.slice(0, 64)} have more than ${MAX_TYPE_BYTES} bytes`,
      { path },
    );
  }
}

/** The number of records of a sync by its statistics. */
export function recordsIn(stats: SyncStatsRecord): number {
  const { resourceTypes, resources, entitlements, grants, assets } = stats;
  return Number(resourceTypes + resources + entitlements + grants + assets);
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

/**
 * Compares counts. Older files may lack counts of entitlements by type, and a type without records may be named
 * or not.
 */
function isSame(said: Counts, counted: Counts): boolean {
  if (Object.keys(said).length === 0) return true;
  const countOf = (counts: Counts, type: string) =>
    (Object.hasOwn(counts, type) ? counts[type] : undefined) ?? 0n;
  return [...Object.keys(said), ...Object.keys(counted)].every(
    (type) => countOf(said, type) === countOf(counted, type),
  );
}
