import type { Engine } from '@sstitch/contract';
import { parseSyncId, syncSpans } from '@sstitch/keys';
import {
  encodeRecord,
  replacedVersionOf,
  replacedVersionToken,
  type SyncRunRecord,
} from '@sstitch/records';
import { changeEngine } from '../contents/change-engine.js';
import {
  commitReplacements,
  type OperationCommit,
  type Replacement,
  replaceEntry,
  replaceSync,
} from '../contents/sync-contents.js';
import { SyncCopy } from '../contents/sync-copy.js';
import { hasEntries, type ReadView } from '../entries/entry-pages.js';
import { listRuns } from '../entries/sync-runs.js';
import { OperationsError } from '../errors.js';
import { type OnPage, type OperationOptions, pageCounter } from '../progress.js';
import {
  findReplacedVersions,
  ownRun,
  relinkedRun,
  replacedVersionId,
} from '../versions/replaced-version.js';
import { checkFound, checkFree } from './clone-sync.js';

/** Options of {@link renameSync}. */
export interface RenameSyncOptions extends OperationOptions {
  /** The engine that holds the sync. */
  readonly engine: Engine;
  /** The sync to rename. */
  readonly syncId: string;
  /** The new id. */
  readonly as: string;
}

/**
 * Changes the id of a sync in one commit, which leaves nothing under the old id. Runs of other syncs, and of their kept
 * versions, that name the sync as their parent or linked sync name the new id afterwards. The version kept under the
 * default side id moves to the default side id of the new id, unless that is taken. A replaced version becomes an
 * ordinary sync.
 *
 * @throws {@link OperationsError} SSTITCH_SYNC_NOT_FOUND, SSTITCH_SYNC_EXISTS, SSTITCH_OPTION_INVALID,
 * SSTITCH_ABORTED, which leave the engine unchanged; KeysError SSTITCH_SYNC_ID_INVALID; RecordsError
 * SSTITCH_RECORD_UNDECODABLE
 */
export async function renameSync(options: RenameSyncOptions): Promise<OperationCommit> {
  const { engine, syncId, as, signal } = options;
  for (const id of [syncId, as]) parseSyncId(id);
  if (syncId === as) {
    throw new OperationsError('SSTITCH_OPTION_INVALID', `sync ${syncId} already has that id`);
  }
  const syncIds = [syncId, as].flatMap((id) => [id, replacedVersionId(id)]);
  return changeEngine(engine, { syncIds, allRuns: true, signal }, async (view, ifUnchanged) => {
    await checkFound(view, syncId);
    await checkFree(view, as);
    const onPage = pageCounter(options);
    const copy = new SyncCopy(view, syncId, as, { runOf: ownRun, onPage });
    const version = await keptVersion(view, syncId, as, onPage);
    const replacements = [
      ...replaceSync(syncId),
      ...replaceSync(as, copy),
      ...(version?.replacements ?? []),
      ...(await referrers(view, syncId, as, version?.sideId)),
    ];
    return commitReplacements(engine, replacements, signal, ifUnchanged);
  });
}

/**
 * Moves the version that is kept under the sync's default side id to the default side id of the new id. Returns
 * undefined if there is none, or if that id is taken.
 */
async function keptVersion(
  view: ReadView,
  syncId: string,
  as: string,
  onPage: OnPage,
): Promise<{ readonly sideId: string; readonly replacements: Replacement[] } | undefined> {
  const [sideId, newSideId] = [replacedVersionId(syncId), replacedVersionId(as)];
  const versions = await findReplacedVersions(view, syncId);
  if (sideId === as || !versions.some((version) => version.sideId === sideId)) return undefined;
  const spans = syncSpans(newSideId).map(({ span }) => span);
  if (await hasEntries(view, spans)) return undefined;
  const moved = new SyncCopy(view, sideId, newSideId, {
    runOf: (run) => relinkedRun(run, as),
    onPage,
  });
  return { sideId, replacements: [...replaceSync(sideId), ...replaceSync(newSideId, moved)] };
}

/**
 * Finds the runs of other syncs that name the sync, and sets the new id in them.
 *
 * @param moved the id of a run to omit, because it is replaced anyway
 */
async function referrers(
  view: ReadView,
  syncId: string,
  as: string,
  moved: string | undefined,
): Promise<Replacement[]> {
  const replacements: Replacement[] = [];
  for await (const { run, key } of listRuns(view)) {
    if (run.syncId === syncId || run.syncId === moved) continue;
    const changed = referring(run, syncId, as);
    if (changed !== undefined) replacements.push(replaceEntry(key, encodeRecord(changed)));
  }
  return replacements;
}

/**
 * Sets the new id of a sync in a run that names it, also in the own run of a replaced version. Returns undefined if the run
 * does not name it.
 */
function referring(run: SyncRunRecord, syncId: string, as: string): SyncRunRecord | undefined {
  const version = replacedVersionOf(run);
  const own = version?.run && referring(version.run, syncId, as);
  const isNamed = run.parentSyncId === syncId || run.linkedSyncId === syncId;
  if (!isNamed && own === undefined) return undefined;
  return {
    ...run,
    ...(version && own && { syncToken: replacedVersionToken(version.keptAt, encodeRecord(own)) }),
    parentSyncId: run.parentSyncId === syncId ? as : run.parentSyncId,
    linkedSyncId: run.linkedSyncId === syncId ? as : run.linkedSyncId,
  };
}
