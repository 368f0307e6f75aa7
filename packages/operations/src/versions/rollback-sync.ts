import type { Engine, ReadableEngine } from '@sstitch/contract';
import { parseSyncId, syncSpans } from '@sstitch/keys';
import type { ReplacedVersion } from '@sstitch/records';
import { changeEngine } from '../contents/change-engine.js';
import {
  commitReplacements,
  type OperationCommit,
  replaceSync,
} from '../contents/sync-contents.js';
import { SyncCopy } from '../contents/sync-copy.js';
import { hasEntries, withView } from '../entries/entry-pages.js';
import { OperationsError } from '../errors.js';
import { type OperationOptions, pageCounter } from '../progress.js';
import {
  findReplacedVersions,
  originalRun,
  replacedRun,
  replacedVersionId,
} from './replaced-version.js';

/** Options of {@link rollbackSync}. */
export interface RollbackSyncOptions extends OperationOptions {
  /** The engine that holds the sync and its kept versions. */
  readonly engine: Engine;
  /** The sync to roll back. */
  readonly syncId: string;
  /**
   * The side id of the version to restore.
   * @defaultValue the one that `replacedVersionId` returns: other versions may come from a file, with any time in them
   */
  readonly sideId?: string | undefined;
  /** The time at which the current version is kept. @defaultValue now */
  readonly now?: Date | undefined;
}

/** The result of {@link rollbackSync}. */
export interface RollbackCommit extends OperationCommit {
  /** The restored version. */
  readonly version: ReplacedVersion;
  /** Whether the engine held anything of the sync before, and keeps it under the side id of the restored version. */
  readonly isKept: boolean;
}

/**
 * Restores a replaced version of a sync, in one commit, and keeps the current version under the same side id, so that a
 * second rollback undoes the first. If the sync held nothing, no version is kept.
 *
 * @throws {@link OperationsError} SSTITCH_VERSION_NOT_FOUND, SSTITCH_OPTION_INVALID, SSTITCH_ABORTED, which leave the
 * engine unchanged; KeysError SSTITCH_SYNC_ID_INVALID; RecordsError SSTITCH_RECORD_UNDECODABLE
 */
export async function rollbackSync(options: RollbackSyncOptions): Promise<RollbackCommit> {
  const { engine, syncId, signal, now = new Date() } = options;
  parseSyncId(syncId);
  return changeEngine(
    engine,
    { syncIds: [syncId, options.sideId ?? replacedVersionId(syncId)], signal },
    async (view, ifUnchanged) => {
      const version = chosen(await findReplacedVersions(view, syncId), options);
      const { sideId } = version;
      const onPage = pageCounter(options);
      const restored = new SyncCopy(view, sideId, syncId, { runOf: originalRun, onPage });
      const isHeld = await hasEntries(
        view,
        syncSpans(syncId).map(({ span }) => span),
      );
      const kept = new SyncCopy(view, syncId, sideId, {
        runOf: (run) => replacedRun(run, { syncId, sideId, now }),
        onPage,
      });
      const replacements = [
        ...replaceSync(syncId, restored),
        ...replaceSync(sideId, isHeld ? kept : undefined),
      ];
      const commit = await commitReplacements(engine, replacements, signal, ifUnchanged);
      return { ...commit, version, isKept: isHeld };
    },
  );
}

/** Options of {@link listReplacedVersions}. */
export interface ListVersionsOptions {
  /** The base that holds the sync and its replaced versions. */
  readonly engine: ReadableEngine;
  /** The sync whose replaced versions are listed, in text form. */
  readonly syncId: string;
  /** Ends the call with SSTITCH_ABORTED. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Lists the replaced versions of a sync, the latest kept one first.
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
  if (sideId !== undefined) return `${sideId} is not a replaced version of sync ${syncId}`;
  if (versions.length === 0) return `there is no replaced version of sync ${syncId}`;
  const sideIds = versions.map((each) => each.sideId).join(', ');
  return `the replaced versions of sync ${syncId} have side ids of their own: name one (${sideIds})`;
}
