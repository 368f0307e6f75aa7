import type { Engine, EngineSnapshot, ReadableEngine } from '@sstitch/contract';
import { parseSyncId, syncSpans } from '@sstitch/keys';
import { changeEngine } from '../contents/change-engine.js';
import {
  commitReplacements,
  type OperationCommit,
  replaceSync,
} from '../contents/sync-contents.js';
import { SyncCopy } from '../contents/sync-copy.js';
import { hasEntries, type ReadView, withView } from '../entries/entry-pages.js';
import { notFound, OperationsError } from '../errors.js';
import { type OperationOptions, pageCounter } from '../progress.js';
import { ownRun } from '../versions/replaced-version.js';

/** Options of {@link cloneSync}. */
export interface CloneSyncOptions extends OperationOptions {
  /** The engine that holds the sync. */
  readonly engine: ReadableEngine;
  /** The sync to clone. */
  readonly syncId: string;
  /** The id of the clone. */
  readonly as: string;
  /** The engine that gets the clone. */
  readonly into: Engine;
  /** The state of `engine` to clone. @defaultValue the current state */
  readonly snapshot?: EngineSnapshot | undefined;
  /** Whether to replace what `into` holds under the clone's id. @defaultValue false */
  readonly replace?: boolean | undefined;
}

/**
 * Copies a sync to another id in one commit: all records and index entries, the run, and the statistics, which count
 * the copied records. The clone of a replaced version under another id is an ordinary sync; under its own id, in another
 * engine, it stays a replaced version. Writes to `into` by a `SyncStore` wait meanwhile.
 *
 * @throws {@link OperationsError} SSTITCH_SYNC_NOT_FOUND, SSTITCH_SYNC_EXISTS, SSTITCH_OPTION_INVALID,
 * SSTITCH_ABORTED, which leave `into` unchanged; KeysError SSTITCH_SYNC_ID_INVALID; RecordsError
 * SSTITCH_RECORD_UNDECODABLE
 */
export async function cloneSync(options: CloneSyncOptions): Promise<OperationCommit> {
  const { engine, syncId, as, into, snapshot, replace = false, signal } = options;
  for (const id of [syncId, as]) parseSyncId(id);
  if (syncId === as && (engine as unknown) === into) {
    throw new OperationsError('SSTITCH_OPTION_INVALID', `sync ${syncId} cannot be its own clone`);
  }
  return changeEngine(into, { syncIds: replace ? [] : [as], signal }, (target, ifUnchanged) =>
    withView(engine, { snapshot, signal }, async (view) => {
      await checkFound(view, syncId);
      if (!replace) await checkFree(target, as);
      const copy = new SyncCopy(view, syncId, as, {
        runOf: as === syncId ? undefined : ownRun,
        onPage: pageCounter(options),
      });
      return commitReplacements(into, replaceSync(as, copy), signal, ifUnchanged);
    }),
  );
}

/** @throws OperationsError SSTITCH_SYNC_NOT_FOUND */
export async function checkFound(
  view: Parameters<typeof hasEntries>[0],
  syncId: string,
): Promise<void> {
  if (!(await hasEntries(view, spansOf(syncId)))) notFound(syncId);
}

/** @throws OperationsError SSTITCH_SYNC_EXISTS */
export async function checkFree(view: ReadView, syncId: string): Promise<void> {
  if (!(await hasEntries(view, spansOf(syncId)))) return;
  throw new OperationsError('SSTITCH_SYNC_EXISTS', `sync ${syncId} already exists`);
}

function spansOf(syncId: string) {
  return syncSpans(syncId).map(({ span }) => span);
}
