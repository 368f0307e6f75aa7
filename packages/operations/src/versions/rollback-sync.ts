import type { Engine, ReadableEngine } from '@sstitch/contract';
import { parseSyncId, syncSpans } from '@sstitch/keys';
import { withWriteLock } from '@sstitch/records';
import { recordsOf } from '../copy/clone-sync.js';
import { commitReplacements, type OperationCommit, replaceSync } from '../copy/sync-contents.js';
import { SyncCopy } from '../copy/sync-copy.js';
import { hasEntries, withView } from '../entries/entry-pages.js';
import { OperationsError } from '../errors.js';
import type { OperationOptions } from '../progress.js';
import {
  findReplacedVersions,
  originalRun,
  type ReplacedVersion,
  replacedRun,
  replacedVersionId,
} from './replaced-version.js';

/** Options of {@link rollbackSync}. */
export interface RollbackSyncOptions extends OperationOptions {
  readonly engine: Engine;
  readonly syncId: string;
  /**
   * The side id of the version to put back.
   * @defaultValue that of `replacedVersionId`: the ids and times of other versions are data, which may come from a file
   */
  readonly sideId?: string | undefined;
  /** For the time at which the present version is kept. @defaultValue now */
  readonly now?: Date | undefined;
}

/** What {@link rollbackSync} did. */
export interface RollbackCommit extends OperationCommit {
  /** The version that was put back. */
  readonly version: ReplacedVersion;
}

/**
 * Puts a replaced version of a sync back, in one commit. What the sync held until then is the replaced version
 * afterwards, under the same side id: rolling back twice changes nothing. Where it held nothing, no version is left.
 *
 * @throws {@link OperationsError} SSTITCH_VERSION_NOT_FOUND, SSTITCH_ABORTED: the engine is as it was; KeysError
 * SSTITCH_SYNC_ID_INVALID; RecordsError SSTITCH_RECORD_UNDECODABLE
 */
export async function rollbackSync(options: RollbackSyncOptions): Promise<RollbackCommit> {
  const { engine, syncId, signal, now = new Date() } = options;
  parseSyncId(syncId);
  return withWriteLock(engine, () =>
    withView(engine, { signal }, async (view) => {
      const version = chosen(await findReplacedVersions(view, syncId), options);
      const { sideId } = version;
      const onRecords = recordsOf(options);
      const restored = new SyncCopy(view, sideId, syncId, { runOf: originalRun, onRecords });
      const isHeld = await hasEntries(
        view,
        syncSpans(syncId).map(({ span }) => span),
      );
      const kept = new SyncCopy(view, syncId, sideId, {
        runOf: (run) => replacedRun(run, { syncId, sideId, now }),
        onRecords,
      });
      const replacements = [
        ...replaceSync(syncId, restored),
        ...replaceSync(sideId, isHeld ? kept : undefined),
      ];
      return { ...(await commitReplacements(engine, replacements, signal)), version };
    }),
  );
}

/** Options of {@link listReplacedVersions}. */
export interface ListVersionsOptions {
  readonly engine: ReadableEngine;
  readonly syncId: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The replaced versions of a sync, the one that was kept last first.
 *
 * @throws {@link OperationsError} SSTITCH_ABORTED; RecordsError SSTITCH_RECORD_UNDECODABLE
 */
export function listReplacedVersions({
  engine,
  syncId,
  signal,
}: ListVersionsOptions): Promise<readonly ReplacedVersion[]> {
  return withView(engine, { signal }, (view) => findReplacedVersions(view, syncId));
}

function chosen(
  versions: readonly ReplacedVersion[],
  { syncId, sideId }: RollbackSyncOptions,
): ReplacedVersion {
  const wanted = sideId ?? replacedVersionId(syncId);
  const version = versions.find((each) => each.sideId === wanted);
  if (version !== undefined) return version;
  throw new OperationsError('SSTITCH_VERSION_NOT_FOUND', missing(versions, syncId, sideId));
}

function missing(
  versions: readonly ReplacedVersion[],
  syncId: string,
  sideId: string | undefined,
): string {
  if (sideId !== undefined) return `${sideId} is no replaced version of sync ${syncId}`;
  if (versions.length === 0) return `no replaced version of sync ${syncId} was kept`;
  const sideIds = versions.map((each) => each.sideId).join(', ');
  return `the replaced versions of sync ${syncId} have side ids of their own: name one (${sideIds})`;
}
