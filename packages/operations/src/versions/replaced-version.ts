// A replaced version of a sync: everything that a base held of it before a compaction, kept under a side id.
//
// The side id is the sync's time and the first 16 bytes of SHA-256("sstitch replaced version" and the sync's 20 bytes),
// unless the caller names one. Its run identifies a replaced version:
//
//   type            unspecified, so that lists of full or partial syncs, and the latest of either, exclude it
//   linked_sync_id  the sync that it is a version of
//   started_at      the version's own
//   ended_at        the version's own, or its start if it had not ended, so that no connector resumes it
//   sync_token      "sstitch-replaced-version:1:" kept ":" run
//                   kept  when it was replaced, in milliseconds since 1970, as decimal digits
//                   run   the bytes of the version's own run, in base64url; empty if it had none
//
// Records, index entries and statistics are the version's own, with the side id.
import { createHash } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { TimestampSchema } from '@bufbuild/protobuf/wkt';
import { formatSyncId, parseSyncId, syncIdBytes, syncRunKey } from '@sstitch/keys';
import {
  decodeRecord,
  encodeRecord,
  type SyncRunRecord,
  SyncRunRecordSchema,
  SyncType,
} from '@sstitch/records';
import type { ReadView } from '../entries/entry-pages.js';
import { listRuns } from '../entries/sync-runs.js';
import { OperationsError } from '../errors.js';

const MARK = 'sstitch-replaced-version:1:';
const TOKEN = /^sstitch-replaced-version:1:(\d{1,15}):([\w-]*)$/;
/** The first time with more digits than {@link TOKEN} takes. */
const MAX_KEPT_MS = 1e15;
const DIGEST_LABEL = 'sstitch replaced version';
const TIME_BYTES = 4;
const SYNC_ID_BYTES = 20;

/** A kept version of a sync that another version replaced. */
export interface ReplacedVersion {
  /** The id under which it is kept. */
  readonly sideId: string;
  /** The sync of which it is a version. */
  readonly syncId: string;
  /** When the version was kept. */
  readonly keptAt: Date;
  /** The version's own run, or undefined if it had none. */
  readonly run: SyncRunRecord | undefined;
}

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

/** Describes the replaced version that a run identifies. Returns undefined for the run of any other sync. */
export function replacedVersionOf(run: SyncRunRecord): ReplacedVersion | undefined {
  const [, keptMs, encoded] = TOKEN.exec(run.syncToken) ?? [];
  if (keptMs === undefined || encoded === undefined) return undefined;
  const { syncId: sideId, linkedSyncId: syncId } = run;
  const value = runBytes(encoded);
  try {
    const own = value && decodeRecord('sync_run', syncRunKey(parseSyncId(sideId)), value);
    return { sideId, syncId, keptAt: new Date(Number(keptMs)), run: own };
  } catch {
    // The token is a connector's, or forged. An error here would fail every list of runs.
    return undefined;
  }
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
  const encoded = value === undefined ? '' : Buffer.from(value).toString('base64url');
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
      syncToken: `${MARK}${keptMs}:${encoded}`,
    }),
  );
}

/** Returns the run of a replaced version with another sync as the one that it is a version of. */
export function relinkedRun(value: Uint8Array | undefined, as: string): Uint8Array | undefined {
  if (value === undefined) return undefined;
  const run = decodeRecord('sync_run', new Uint8Array(0), value);
  return encodeRecord({ ...run, linkedSyncId: as });
}

/** Returns `run`, which must be that of a replaced version, with `own` as the version's own run. */
export function withOwnRun(run: SyncRunRecord, own: SyncRunRecord): SyncRunRecord {
  const [, keptMs] = TOKEN.exec(run.syncToken) ?? [];
  const encoded = Buffer.from(encodeRecord(own)).toString('base64url');
  return { ...run, syncToken: `${MARK}${keptMs}:${encoded}` };
}

/** Returns the version's own run from the run of a replaced version. */
export function originalRun(value: Uint8Array | undefined): Uint8Array | undefined {
  if (value === undefined) return undefined;
  const run = decodeRecord('sync_run', new Uint8Array(0), value);
  return runBytes(TOKEN.exec(run.syncToken)?.[2] ?? '');
}

/** Returns the version's own run from the run of a replaced version, and any other run unchanged. */
export function ownRun(value: Uint8Array | undefined): Uint8Array | undefined {
  if (value === undefined) return undefined;
  const run = decodeRecord('sync_run', new Uint8Array(0), value);
  return replacedVersionOf(run) === undefined ? value : originalRun(value);
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

function runBytes(encoded: string): Uint8Array | undefined {
  return encoded === '' ? undefined : new Uint8Array(Buffer.from(encoded, 'base64url'));
}
