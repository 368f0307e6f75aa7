// A replaced version of a sync: everything that a base held of it before a compaction, kept under a side id.
//
// The side id is the sync's time and the first 16 bytes of SHA-256("sstitch replaced version" and the sync's 20 bytes),
// unless the caller names one. Its run identifies a replaced version: replaced-run.ts of @sstitch/records.
import { createHash } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { TimestampSchema } from '@bufbuild/protobuf/wkt';
import { formatSyncId, parseSyncId, syncIdBytes, syncRunKey } from '@sstitch/keys';
import {
  decodeRecord,
  encodeRecord,
  type ReplacedVersion,
  replacedVersionOf,
  replacedVersionToken,
  type SyncRunRecord,
  SyncRunRecordSchema,
  SyncType,
} from '@sstitch/records';
import type { ReadView } from '../entries/entry-pages.js';
import { listRuns } from '../entries/sync-runs.js';
import { OperationsError } from '../errors.js';

/** The first time that {@link replacedVersionToken} does not take. */
const MAX_KEPT_MS = 1e15;
const DIGEST_LABEL = 'sstitch replaced version';
const TIME_BYTES = 4;
const SYNC_ID_BYTES = 20;

/**
 * Returns the default side id of a sync's replaced version.
 *
 * @throws KeysError SSTITCH_SYNC_ID_INVALID
 */
export function replacedVersionId(syncId: string): string {
  const bytes = parseSyncId(syncId);
  const digest = createHash('sha256').update(DIGEST_LABEL).update(bytes).digest();
  const side = new Uint8Array(SYNC_ID_BYTES);
  side.set(bytes.subarray(0, TIME_BYTES));
  side.set(digest.subarray(0, SYNC_ID_BYTES - TIME_BYTES), TIME_BYTES);
  return formatSyncId(syncIdBytes(side));
}

/**
 * Makes the run of a replaced version from the version's own run.
 *
 * @throws OperationsError SSTITCH_OPTION_INVALID if `now` is a time that the run cannot hold
 */
export function replacedRun(
  value: Uint8Array | undefined,
  { syncId, sideId, now }: { readonly syncId: string; readonly sideId: string; readonly now: Date },
): Uint8Array {
  const run = value && decodeRecord('sync_run', syncRunKey(parseSyncId(syncId)), value);
  const startedAt = run?.startedAt ?? create(TimestampSchema);
  const keptMs = now.getTime();
  if (!(keptMs >= 0 && keptMs < MAX_KEPT_MS)) {
    throw new OperationsError('SSTITCH_OPTION_INVALID', 'now must be a time from 1970 to 33658');
  }
  return encodeRecord(
    create(SyncRunRecordSchema, {
      syncId: sideId,
      type: SyncType.UNSPECIFIED,
      linkedSyncId: syncId,
      startedAt,
      endedAt: run?.endedAt ?? startedAt,
      syncToken: replacedVersionToken(now, value),
    }),
  );
}

/** Returns the run of a replaced version with another sync as the one that it is a version of. */
export function relinkedRun(value: Uint8Array | undefined, as: string): Uint8Array | undefined {
  if (value === undefined) return undefined;
  const run = decodeRecord('sync_run', new Uint8Array(0), value);
  return encodeRecord({ ...run, linkedSyncId: as });
}

/** Returns the version's own run from the run of a replaced version. */
export function originalRun(value: Uint8Array | undefined): Uint8Array | undefined {
  return versionIn(value)?.runValue;
}

/** Returns the version's own run from the run of a replaced version, and any other run unchanged. */
export function ownRun(value: Uint8Array | undefined): Uint8Array | undefined {
  const version = versionIn(value);
  // What was replaced may have been a replaced version itself.
  return version === undefined ? value : ownRun(version.runValue);
}

function versionIn(value: Uint8Array | undefined): ReplacedVersion | undefined {
  return value && replacedVersionOf(decodeRecord('sync_run', new Uint8Array(0), value));
}

/** Lists the replaced versions of a sync, the latest kept one first. */
export async function findReplacedVersions(
  view: ReadView,
  syncId: string,
): Promise<readonly ReplacedVersion[]> {
  const versions: ReplacedVersion[] = [];
  for await (const { run } of listRuns(view)) {
    const version = replacedVersionOf(run);
    if (version?.syncId === syncId) versions.push(version);
  }
  return versions.sort((a, b) => b.keptAt.getTime() - a.keptAt.getTime());
}

/** @throws OperationsError SSTITCH_OPTION_INVALID, SSTITCH_SYNC_EXISTS if the side id holds something else */
export function checkSideId(
  syncId: string,
  sideId: string,
  { isHeld, run }: { readonly isHeld: boolean; readonly run: SyncRunRecord | undefined },
): void {
  parseSyncId(sideId);
  if (sideId === syncId) {
    throw new OperationsError(
      'SSTITCH_OPTION_INVALID',
      `${sideId} is the sync itself: name another id`,
    );
  }
  // A sync without a run may hold records.
  if (!isHeld || (run && replacedVersionOf(run)?.syncId === syncId)) return;
  throw new OperationsError(
    'SSTITCH_SYNC_EXISTS',
    `the replaced version of sync ${syncId} cannot be kept as ${sideId}, which is the id of another sync: rename or remove that one, or name another side id`,
  );
}
