// The run of a replaced version: of everything that a store held of a sync before a compaction, kept under a side id.
// The run identifies the version:
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
import { parseSyncId, syncRunKey } from '@sstitch/keys';
import { decodeRecord } from '../encoding/encode.js';
import type { SyncRunRecord } from '../gen/c1/storage/v3/records_pb.js';

const MARK = 'sstitch-replaced-version:1:';
const TOKEN = /^sstitch-replaced-version:1:(\d{1,15}):([\w-]*)$/;

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
  /** The bytes of that run. */
  readonly runValue: Uint8Array | undefined;
}

/** Describes the replaced version that a run identifies. Returns undefined for the run of any other sync. */
export function replacedVersionOf(run: SyncRunRecord): ReplacedVersion | undefined {
  const [, keptMs, encoded] = TOKEN.exec(run.syncToken) ?? [];
  if (keptMs === undefined || encoded === undefined) return undefined;
  const { syncId: sideId, linkedSyncId: syncId } = run;
  const runValue = encoded === '' ? undefined : new Uint8Array(Buffer.from(encoded, 'base64url'));
  try {
    const own = runValue && decodeRecord('sync_run', syncRunKey(parseSyncId(sideId)), runValue);
    return { sideId, syncId, keptAt: new Date(Number(keptMs)), run: own, runValue };
  } catch {
    // The token is a connector's, or forged. An error here would fail every list of runs.
    return undefined;
  }
}

/**
 * Makes the sync token of a replaced version's run.
 *
 * @param keptAt - when the version was replaced, from 1970 to 33658: its milliseconds have 15 digits at most
 * @param runValue - the bytes of the version's own run; undefined if it had none
 */
export function replacedVersionToken(keptAt: Date, runValue: Uint8Array | undefined): string {
  const encoded = runValue === undefined ? '' : Buffer.from(runValue).toString('base64url');
  return `${MARK}${keptAt.getTime()}:${encoded}`;
}

/**
 * Returns the run of an ordinary sync with the same id: of a replaced version its own run, or one that says nothing of
 * the version if it had none, and any other run unchanged.
 */
export function ordinaryRun(run: SyncRunRecord): SyncRunRecord {
  const version = replacedVersionOf(run);
  if (version === undefined) return run;
  const { run: own = { ...run, syncToken: '', linkedSyncId: '' } } = version;
  // What was replaced may have been a replaced version itself.
  return ordinaryRun({ ...own, syncId: run.syncId });
}
