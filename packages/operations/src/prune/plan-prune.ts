// Which syncs a policy removes. Pure.
import { type Timestamp, timestampMs } from '@bufbuild/protobuf/wkt';
import { syncIdTime } from '@sstitch/keys';
import type { SyncRunRecord, SyncType } from '@sstitch/records';
import { OperationsError } from '../errors.js';
import { replacedVersionOf } from '../versions/replaced-version.js';

/** Which syncs stay. A sync stays if any of these says so. */
export interface PrunePolicy {
  /**
   * So many finished syncs of each type stay, those that ended last. The one that ended last stays in any case. Of a
   * sync and its clone, which ended at one time, the original counts as the later one.
   * @defaultValue 1
   */
  readonly keepNewest?: number | undefined;
  /** Finished syncs that ended at most so long ago stay. @defaultValue none stays for its age */
  readonly keepYoungerThanMs?: number | undefined;
  /** These stay. @defaultValue none */
  readonly keepSyncIds?: readonly string[] | undefined;
  /** Replaced versions go, too, also of syncs that stay. @defaultValue false */
  readonly removeReplaced?: boolean | undefined;
}

/** Why a sync stays or goes. */
export type PruneReason =
  /** It has not finished. */
  | 'unfinished'
  /** It is among the newest of its type. */
  | 'newest'
  /** It is younger than the policy's age. */
  | 'young'
  /** The policy names it. */
  | 'named'
  /** A replaced version of a sync that stays. */
  | 'replaced_version'
  /** Nothing of the policy keeps it. */
  | 'old'
  /** A replaced version of a sync that goes or is gone, or of any sync where the policy says so. */
  | 'replaced_version_of_none';

/** A sync in a plan. */
export interface PlannedSync {
  readonly syncId: string;
  readonly type: SyncType;
  /** Undefined for an unfinished one. */
  readonly endedAt: Date | undefined;
  readonly reason: PruneReason;
}

/** What a policy does to the syncs of an engine; each list the newest first. */
export interface PrunePlan {
  readonly removed: readonly PlannedSync[];
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
  return { syncId, type, endedAt: endedAt && new Date(timestampMs(endedAt)), reason };
}

/**
 * By end, unfinished ones first; of one end by start; of one start, which a clone has in common with its original, by
 * how near to it the id was made: the original comes first. Then by id.
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

function checkPolicy({ keepNewest, keepYoungerThanMs }: PrunePolicy): void {
  if (keepNewest !== undefined && !(Number.isSafeInteger(keepNewest) && keepNewest >= 1)) {
    throw new OperationsError(
      'SSTITCH_OPTION_INVALID',
      `keepNewest must be a whole number from 1 on, not ${String(keepNewest)}`,
    );
  }
  if (keepYoungerThanMs !== undefined && !(keepYoungerThanMs >= 0)) {
    throw new OperationsError(
      'SSTITCH_OPTION_INVALID',
      `keepYoungerThanMs must be a number from 0 on, not ${String(keepYoungerThanMs)}`,
    );
  }
}
