// Decides which syncs a policy removes. Pure.
import { type Timestamp, timestampMs } from '@bufbuild/protobuf/wkt';
import { describeValue } from '@sstitch/contract';
import { isSyncId, syncIdTime } from '@sstitch/keys';
import { dateOf, replacedVersionOf, type SyncRunRecord, type SyncType } from '@sstitch/records';
import { OperationsError } from '../errors.js';

/** The syncs to keep. A sync stays if any rule keeps it. */
export interface PrunePolicy {
  /**
   * The number of finished syncs of each type to keep, those that ended last. At least 1. Of a sync
   * and its clone, which ended at the same time, the original counts as the later one.
   * @defaultValue 1
   */
  readonly keepNewest?: number | undefined;
  /** Keeps finished syncs that ended at most this long ago. @defaultValue none is kept for its age */
  readonly keepYoungerThanMs?: number | undefined;
  /** Sync ids to keep. @defaultValue none */
  readonly keepSyncIds?: readonly string[] | undefined;
  /** Whether to remove all replaced versions, also those of kept syncs. @defaultValue false */
  readonly removeReplaced?: boolean | undefined;
}

/** Why a sync is kept or removed. */
export type PruneReason =
  /** Kept: it has not finished. */
  | 'unfinished'
  /** Kept: it is among the newest of its type. */
  | 'newest'
  /** Kept: it is younger than the policy's age. */
  | 'young'
  /** Kept: the policy names it. */
  | 'named'
  /** Kept: it is a replaced version of a kept sync. */
  | 'replaced_version'
  /** Removed: no rule keeps it. */
  | 'old'
  /** Removed: it is a replaced version of a removed or missing sync, or the policy removes all of them. */
  | 'replaced_version_of_none';

/** A sync in a plan. */
export interface PlannedSync {
  /** The sync, in text form. */
  readonly syncId: string;
  /** The type in the sync's run, such as full or partial. */
  readonly type: SyncType;
  /** The end of the sync; undefined if it has not finished. */
  readonly endedAt: Date | undefined;
  /** Why the sync is kept or removed. */
  readonly reason: PruneReason;
}

/** The effect of a policy on the syncs of an engine. Both lists are newest first. */
export interface PrunePlan {
  /** The syncs to remove. */
  readonly removed: readonly PlannedSync[];
  /** The syncs to keep. */
  readonly kept: readonly PlannedSync[];
}

type Time = Pick<Timestamp, 'seconds' | 'nanos'>;

const NO_TIME: Time = { seconds: 0n, nanos: 0 };

/**
 * Applies a policy.
 *
 * @throws {@link OperationsError} SSTITCH_OPTION_INVALID
 */
export function planPrune(
  runs: readonly SyncRunRecord[],
  policy: PrunePolicy,
  now: Date,
): PrunePlan {
  checkPolicy(policy);
  if (Number.isNaN(now.getTime())) {
    throw new OperationsError('SSTITCH_OPTION_INVALID', 'now is not a time');
  }
  const sorted = runs.toSorted(newestFirst);
  const versions = sorted.filter((run) => replacedVersionOf(run) !== undefined);
  const syncs = sorted.filter((run) => !versions.includes(run));
  const seen = new Map<SyncType, number>();
  const planned = syncs.map((run): PlannedSync => {
    const rank = run.endedAt === undefined ? 0 : (seen.get(run.type) ?? 0);
    if (run.endedAt !== undefined) seen.set(run.type, rank + 1);
    return plannedOf(run, reasonOf(run, rank, policy, now));
  });
  const keptIds = new Set(
    planned.filter(({ reason }) => reason !== 'old').map(({ syncId }) => syncId),
  );
  const all = [
    ...planned,
    ...versions.map((run) => plannedOf(run, versionReason(run, keptIds, policy))),
  ];
  const goes = ({ reason }: PlannedSync) =>
    reason === 'old' || reason === 'replaced_version_of_none';
  return { removed: all.filter(goes), kept: all.filter((each) => !goes(each)) };
}

function reasonOf(
  { syncId, endedAt }: SyncRunRecord,
  rank: number,
  { keepNewest = 1, keepYoungerThanMs, keepSyncIds = [] }: PrunePolicy,
  now: Date,
): PruneReason {
  if (endedAt === undefined) return 'unfinished';
  if (rank < Math.max(1, keepNewest)) return 'newest';
  const ageMs = now.getTime() - timestampMs(endedAt);
  if (keepYoungerThanMs !== undefined && ageMs <= keepYoungerThanMs) return 'young';
  return keepSyncIds.includes(syncId) ? 'named' : 'old';
}

function versionReason(
  run: SyncRunRecord,
  keptIds: ReadonlySet<string>,
  { keepSyncIds = [], removeReplaced = false }: PrunePolicy,
): PruneReason {
  if (keepSyncIds.includes(run.syncId)) return 'named';
  const isKept = !removeReplaced && keptIds.has(run.linkedSyncId);
  return isKept ? 'replaced_version' : 'replaced_version_of_none';
}

function plannedOf({ syncId, type, endedAt }: SyncRunRecord, reason: PruneReason): PlannedSync {
  return { syncId, type, endedAt: endedAt && dateOf(endedAt), reason };
}

/**
 * Orders syncs: unfinished ones first, then the latest end first, then the latest start first. A clone shares both
 * times with its original, whose id was made nearer to the start and which therefore comes first. Then the smaller id
 * comes first.
 */
function newestFirst(a: SyncRunRecord, b: SyncRunRecord): number {
  const byEnd = Number(b.endedAt === undefined) - Number(a.endedAt === undefined);
  return (
    byEnd ||
    laterFirst(a.endedAt, b.endedAt) ||
    laterFirst(a.startedAt, b.startedAt) ||
    idDistanceMs(a) - idDistanceMs(b) ||
    (a.syncId < b.syncId ? -1 : 1)
  );
}

function laterFirst(a: Time = NO_TIME, b: Time = NO_TIME): number {
  if (a.seconds !== b.seconds) return a.seconds < b.seconds ? 1 : -1;
  return b.nanos - a.nanos;
}

/** From the time in a sync's id to its start. */
function idDistanceMs({ syncId, startedAt }: SyncRunRecord): number {
  return startedAt === undefined
    ? 0
    : Math.abs(syncIdTime(syncId).getTime() - timestampMs(startedAt));
}

function checkPolicy({ keepNewest, keepYoungerThanMs, keepSyncIds = [] }: PrunePolicy): void {
  if (keepNewest !== undefined && !(Number.isSafeInteger(keepNewest) && keepNewest >= 1)) {
    throw new OperationsError(
      'SSTITCH_OPTION_INVALID',
      `keepNewest must be an integer of at least 1, not ${String(keepNewest)}`,
    );
  }
  if (keepYoungerThanMs !== undefined && !(keepYoungerThanMs >= 0)) {
    throw new OperationsError(
      'SSTITCH_OPTION_INVALID',
      `keepYoungerThanMs must be a number of at least 0, not ${String(keepYoungerThanMs)}`,
    );
  }
  // A mistyped id would not keep its sync.
  const problem = problemOfIds(keepSyncIds);
  if (problem !== undefined) throw new OperationsError('SSTITCH_OPTION_INVALID', problem);
}

function problemOfIds(ids: unknown): string | undefined {
  if (!Array.isArray(ids)) return `keepSyncIds must be an array, not ${describeValue(ids)}`;
  const wrong = ids.findIndex((id) => !isSyncId(id));
  return wrong < 0 ? undefined : `keepSyncIds[${wrong}] is not a sync id`;
}
