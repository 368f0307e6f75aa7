// Makes the run of a merged sync.
import { create } from '@bufbuild/protobuf';
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { type SyncRunRecord, SyncRunRecordSchema, SyncType } from '@sstitch/records';
import { compareTimes } from './discovery.js';

/**
 * Makes the run of a merged sync: the widest type of all, the base's start, the last end, no parent, marked as
 * compacted. If the base has not ended, neither has the merged sync, because the base is incomplete.
 *
 * @param runs the runs of the base and the partials; undefined for a sync without one
 */
export function mergedRun(
  syncId: string,
  [base, ...partials]: readonly (SyncRunRecord | undefined)[],
): SyncRunRecord {
  const endedAt = base?.endedAt === undefined ? undefined : lastEnd([base, ...partials]);
  return create(SyncRunRecordSchema, {
    syncId,
    type: widestType([base, ...partials]),
    ...(base?.startedAt && { startedAt: base.startedAt }),
    ...(endedAt && { endedAt }),
    compacted: true,
  });
}

function lastEnd(runs: readonly (SyncRunRecord | undefined)[]): Timestamp | undefined {
  return runs
    .map((run) => run?.endedAt)
    .reduce((last, each) => (compareTimes(each, last) > 0 ? each : last), undefined);
}

/** Full is wider than resources only, which is wider than any partial type. */
function widestType(runs: readonly (SyncRunRecord | undefined)[]): SyncType {
  const types = new Set(runs.map((run) => run?.type));
  if (types.has(SyncType.FULL)) return SyncType.FULL;
  if (types.has(SyncType.RESOURCES_ONLY)) return SyncType.RESOURCES_ONLY;
  return SyncType.PARTIAL;
}
