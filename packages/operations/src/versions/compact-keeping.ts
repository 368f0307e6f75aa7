// Compacts syncs as `compact` of @sstitch/compactor does with the strategy `rebuild`, and keeps what the base held of
// them, all in one commit: a crash, an abort or a failure leaves neither the new version nor a kept one.
import type { Engine, ReadableEngine } from '@sstitch/contract';
import { bucketSpan, syncSpans } from '@sstitch/keys';
import { SyncReader, withWriteLock } from '@sstitch/records';
import {
  commitReplacements,
  type OperationCommit,
  type Replacement,
  replaceSync,
  type SyncContents,
} from '../copy/sync-contents.js';
import { SyncCopy } from '../copy/sync-copy.js';
import { entryPages, hasEntries, type ReadView, withView } from '../entries/entry-pages.js';
import { holdSameEntries } from '../entries/same-entries.js';
import { notFound, OperationsError } from '../errors.js';
import type { OperationOptions } from '../progress.js';
import {
  checkSideId,
  findReplacedVersions,
  replacedRun,
  replacedVersionId,
} from './replaced-version.js';

/** Options of {@link compactKeeping}. */
export interface CompactKeepingOptions extends OperationOptions {
  /** What is changed. */
  readonly base: Engine;
  /** Where the new versions are. */
  readonly source: ReadableEngine;
  /** Each once. */
  readonly syncIds: readonly string[];
  /**
   * The side id of each sync's replaced version, by sync id.
   * @defaultValue that of `replacedVersionId`
   */
  readonly sideIds?: Readonly<Record<string, string>> | undefined;
  /** For the time at which a version is kept. @defaultValue now */
  readonly now?: Date | undefined;
}

/** What was kept of a sync. */
export interface KeptVersion {
  readonly syncId: string;
  /** Undefined where nothing was kept: the base held nothing of the sync, or the same version. */
  readonly sideId: string | undefined;
  /** The base held the same version: it is not replaced, and a version that was kept before stays. */
  readonly isUnchanged: boolean;
}

/** What {@link compactKeeping} did. */
export interface KeepingCommit extends OperationCommit {
  readonly kept: readonly KeptVersion[];
}

/**
 * Makes the base hold, under each sync id, exactly what the source holds, and under a side id what the base held
 * before. A version that was kept under the same side id is replaced, and with the default side id every earlier one
 * of the sync goes: a base keeps one. Where the base holds a sync as the source does, the sync and its kept versions
 * stay.
 *
 * @throws {@link OperationsError} SSTITCH_SYNC_NOT_FOUND where the source holds nothing of a sync,
 * SSTITCH_SYNC_EXISTS where a side id is taken, SSTITCH_OPTION_INVALID, SSTITCH_ABORTED: the base is as it was;
 * KeysError SSTITCH_SYNC_ID_INVALID; RecordsError SSTITCH_RECORD_UNDECODABLE
 */
export async function compactKeeping(options: CompactKeepingOptions): Promise<KeepingCommit> {
  const { base, source, syncIds, signal } = options;
  if (new Set(syncIds).size < syncIds.length || syncIds.length === 0) {
    throw new OperationsError('SSTITCH_OPTION_INVALID', 'syncIds must name each sync once');
  }
  return withWriteLock(base, () =>
    withView(source, { signal }, (fresh) =>
      withView(base, { signal }, async (held) => {
        const kept: KeptVersion[] = [];
        const replacements: Replacement[] = [];
        for (const syncId of syncIds) {
          const planned = await planSync(options, fresh, held, syncId);
          kept.push(planned.kept);
          replacements.push(...planned.replacements);
        }
        checkDistinct(syncIds, kept);
        return { ...(await commitReplacements(base, replacements, signal)), kept };
      }),
    ),
  );
}

async function planSync(
  options: CompactKeepingOptions,
  fresh: ReadView,
  held: ReadView,
  syncId: string,
): Promise<{ readonly kept: KeptVersion; readonly replacements: readonly Replacement[] }> {
  const spans = spansOf(syncId);
  if (!(await hasEntries(fresh, spans))) notFound(syncId);
  const replacements = replaceSync(syncId, verbatim(fresh, syncId));
  const nothing = { syncId, sideId: undefined };
  if (!(await hasEntries(held, spans))) {
    return { kept: { ...nothing, isUnchanged: false }, replacements };
  }
  if (await holdSameEntries(fresh, held, spans)) {
    return { kept: { ...nothing, isUnchanged: true }, replacements: [] };
  }
  const { now = new Date(), sideIds = {} } = options;
  const named = Object.hasOwn(sideIds, syncId) ? sideIds[syncId] : undefined;
  const sideId = named ?? replacedVersionId(syncId);
  const { engine, snapshot } = held;
  checkSideId(syncId, sideId, {
    isHeld: await hasEntries(held, spansOf(sideId)),
    run: await new SyncReader(engine).getSyncRun(sideId, { snapshot }),
  });
  if (named === undefined) {
    for (const version of await findReplacedVersions(held, syncId)) {
      if (version.sideId !== sideId) replacements.push(...replaceSync(version.sideId));
    }
  }
  const copy = new SyncCopy(held, syncId, sideId, {
    runOf: (run) => replacedRun(run, { syncId, sideId, now }),
  });
  replacements.push(...replaceSync(sideId, copy));
  return { kept: { syncId, sideId, isUnchanged: false }, replacements };
}

function spansOf(syncId: string) {
  return syncSpans(syncId).map(({ span }) => span);
}

/** Each id is written once. @throws OperationsError SSTITCH_OPTION_INVALID */
function checkDistinct(syncIds: readonly string[], kept: readonly KeptVersion[]): void {
  const seen = new Set(syncIds);
  for (const { sideId } of kept) {
    if (sideId === undefined || seen.size < seen.add(sideId).size) continue;
    throw new OperationsError(
      'SSTITCH_OPTION_INVALID',
      `${sideId} is to hold two syncs: name another side id`,
    );
  }
}

/** What a sync holds, to the byte. */
function verbatim(view: ReadView, syncId: string): SyncContents {
  return { pages: (bucket) => entryPages(view, [bucketSpan(bucket, syncId)]) };
}
