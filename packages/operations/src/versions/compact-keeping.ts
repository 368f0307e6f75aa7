// Compacts syncs as `compact` of @sstitch/compactor does with the strategy `rebuild`, and keeps their replaced
// versions, all in one commit: after a crash, an abort or a failure the base has neither new versions nor kept ones.
import type { Engine, ReadableEngine } from '@sstitch/contract';
import { bucketSpan, syncSpans } from '@sstitch/keys';
import { SyncReader } from '@sstitch/records';
import { changeEngine } from '../contents/change-engine.js';
import {
  commitReplacements,
  type OperationCommit,
  type Replacement,
  replaceSync,
  type SyncContents,
} from '../contents/sync-contents.js';
import { SyncCopy } from '../contents/sync-copy.js';
import { entryPages, hasEntries, type ReadView, withView } from '../entries/entry-pages.js';
import { holdSameEntries } from '../entries/same-entries.js';
import { notFound, OperationsError } from '../errors.js';
import { type OnPage, type OperationOptions, pageCounter } from '../progress.js';
import {
  checkSideId,
  findReplacedVersions,
  replacedRun,
  replacedVersionId,
} from './replaced-version.js';

/** Options of {@link readKeepingPlan}. */
export interface ReadKeepingPlanOptions extends Pick<OperationOptions, 'signal'> {
  /** The engine that holds the versions to replace. */
  readonly base: ReadableEngine;
  /** The engine that holds the new versions. */
  readonly source: ReadableEngine;
  /** The syncs to compact, each once. */
  readonly syncIds: readonly string[];
  /**
   * The side id of each sync's replaced version, by sync id.
   * @defaultValue the id that `replacedVersionId` returns
   */
  readonly sideIds?: Readonly<Record<string, string>> | undefined;
  /**
   * Called from time to time while a sync of the source is compared with that of the base, up to their first difference,
   * before anything is written. An error that it throws fails the compaction.
   */
  readonly onComparison?: ((progress: ComparisonProgress) => void) | undefined;
}

/** Options of {@link compactKeeping}. */
export interface CompactKeepingOptions extends ReadKeepingPlanOptions, OperationOptions {
  /** The engine to change. */
  readonly base: Engine;
  /** The time at which the versions are kept. @defaultValue now */
  readonly now?: Date | undefined;
}

/** The progress of comparing two versions of a sync. */
export interface ComparisonProgress {
  /** The sync, in text form. */
  readonly syncId: string;
  /** Keys that are equal so far. */
  readonly keys: number;
}

/** A sync and its kept version. */
export interface KeptVersion {
  /** The sync, in text form. */
  readonly syncId: string;
  /** The id of the kept version; undefined if the base held nothing of the sync, or the same version. */
  readonly sideId: string | undefined;
  /** The base held the same version: it is not replaced, and a version that was kept before stays. */
  readonly isUnchanged: boolean;
}

/** The result of {@link compactKeeping}. */
export interface KeepingCommit extends OperationCommit {
  /** The kept version of each sync. */
  readonly kept: readonly KeptVersion[];
}

/**
 * Replaces syncs of the base by those of the source, and keeps what the base held of each under a side id. It replaces
 * a version that was kept under the same side id. With the default side ids, a base keeps one version of a sync, and
 * earlier ones are removed. If the base holds the same version of a sync already, the sync and its kept versions stay.
 *
 * @throws {@link OperationsError} SSTITCH_SYNC_NOT_FOUND if the source holds nothing of a sync,
 * SSTITCH_SYNC_EXISTS if a side id is taken, SSTITCH_OPTION_INVALID, SSTITCH_ABORTED, all of which leave the base
 * unchanged; KeysError SSTITCH_SYNC_ID_INVALID; RecordsError SSTITCH_RECORD_UNDECODABLE
 */
export async function compactKeeping(options: CompactKeepingOptions): Promise<KeepingCommit> {
  const { base, source, syncIds, signal } = options;
  const sideIds = checkIds(options);
  const earlier = await withView(base, { signal }, (view) => earlierVersions(options, view));
  const basis = { syncIds: [...syncIds, ...sideIds, ...earlier], signal };
  return changeEngine(base, basis, (held, ifUnchanged) =>
    withView(source, { signal }, async (fresh) => {
      const views = { fresh, held, onPage: pageCounter(options) };
      const { kept, replacements } = await planSyncs(options, views, earlier);
      return { ...(await commitReplacements(base, replacements, signal, ifUnchanged)), kept };
    }),
  );
}

/**
 * Plans {@link compactKeeping} without changing anything: the versions that it would keep.
 *
 * @throws as {@link compactKeeping}
 */
export async function readKeepingPlan(
  options: ReadKeepingPlanOptions,
): Promise<readonly KeptVersion[]> {
  const { base, source, signal } = options;
  checkIds(options);
  return withView(base, { signal }, (held) =>
    withView(source, { signal }, async (fresh) => {
      const views = { fresh, held, onPage: () => undefined };
      return (await planSyncs(options, views, new Set())).kept;
    }),
  );
}

/** Checks the ids, and returns the side id of each sync. @throws OperationsError SSTITCH_OPTION_INVALID */
function checkIds(options: ReadKeepingPlanOptions): readonly string[] {
  const { syncIds } = options;
  if (new Set(syncIds).size < syncIds.length || syncIds.length === 0) {
    throw new OperationsError('SSTITCH_OPTION_INVALID', 'syncIds must name each sync once');
  }
  return syncIds.map((syncId) => namedSideId(options, syncId) ?? replacedVersionId(syncId));
}

type PlanningOptions = ReadKeepingPlanOptions & Pick<CompactKeepingOptions, 'now'>;

interface Views {
  readonly fresh: ReadView;
  readonly held: ReadView;
  /** Called with each page that is read to be written. */
  readonly onPage: OnPage;
}

interface KeepingPlan {
  readonly kept: readonly KeptVersion[];
  readonly replacements: readonly Replacement[];
}

async function planSyncs(
  options: PlanningOptions,
  views: Views,
  earlier: ReadonlySet<string>,
): Promise<KeepingPlan> {
  const kept: KeptVersion[] = [];
  const replacements: Replacement[] = [];
  for (const syncId of options.syncIds) {
    const planned = await planSync(options, views, earlier, syncId);
    kept.push(planned.kept);
    replacements.push(...planned.replacements);
  }
  checkDistinct(options.syncIds, kept);
  return { kept, replacements };
}

async function planSync(
  options: PlanningOptions,
  { fresh, held, onPage }: Views,
  earlier: ReadonlySet<string>,
  syncId: string,
): Promise<{ readonly kept: KeptVersion; readonly replacements: readonly Replacement[] }> {
  const spans = spansOf(syncId);
  if (!(await hasEntries(fresh, spans))) notFound(syncId);
  const replacements = replaceSync(syncId, verbatim(fresh, syncId, onPage));
  const nothing = { syncId, sideId: undefined };
  if (!(await hasEntries(held, spans))) {
    return { kept: { ...nothing, isUnchanged: false }, replacements };
  }
  const onEqual = (keys: number) => options.onComparison?.({ syncId, keys });
  if (await holdSameEntries(fresh, held, spans, onEqual)) {
    return { kept: { ...nothing, isUnchanged: true }, replacements: [] };
  }
  const { now = new Date() } = options;
  const named = namedSideId(options, syncId);
  const sideId = named ?? replacedVersionId(syncId);
  const { engine, snapshot } = held;
  checkSideId(syncId, sideId, {
    isHeld: await hasEntries(held, spansOf(sideId)),
    run: await new SyncReader(engine).getSyncRun(sideId, { snapshot }),
  });
  if (named === undefined) {
    // The compaction replaces a version whose id is that of a sync to compact anyway.
    const written = [sideId, ...options.syncIds];
    for (const version of await findReplacedVersions(held, syncId)) {
      // A version that another process has kept since stays, because the commit does not depend on it.
      if (!written.includes(version.sideId) && earlier.has(version.sideId)) {
        replacements.push(...replaceSync(version.sideId));
      }
    }
  }
  const copy = new SyncCopy(held, syncId, sideId, {
    runOf: (run) => replacedRun(run, { syncId, sideId, now }),
    onPage,
  });
  replacements.push(...replaceSync(sideId, copy));
  return { kept: { syncId, sideId, isUnchanged: false }, replacements };
}

/** The side ids of the versions that a compaction may remove: those of syncs without a named side id. */
async function earlierVersions(
  options: ReadKeepingPlanOptions,
  view: ReadView,
): Promise<ReadonlySet<string>> {
  const sideIds = new Set<string>();
  for (const syncId of options.syncIds) {
    if (namedSideId(options, syncId) !== undefined) continue;
    for (const { sideId } of await findReplacedVersions(view, syncId)) sideIds.add(sideId);
  }
  return sideIds;
}

function namedSideId({ sideIds = {} }: ReadKeepingPlanOptions, syncId: string): string | undefined {
  return Object.hasOwn(sideIds, syncId) ? sideIds[syncId] : undefined;
}

function spansOf(syncId: string) {
  return syncSpans(syncId).map(({ span }) => span);
}

/** Checks that each id is written once. @throws OperationsError SSTITCH_OPTION_INVALID */
function checkDistinct(syncIds: readonly string[], kept: readonly KeptVersion[]): void {
  const seen = new Set(syncIds);
  for (const { sideId } of kept) {
    if (sideId === undefined || seen.size < seen.add(sideId).size) continue;
    throw new OperationsError(
      'SSTITCH_OPTION_INVALID',
      `${sideId} would hold two syncs: name another side id`,
    );
  }
}

/** The contents of a sync, byte for byte. */
function verbatim(view: ReadView, syncId: string, onPage: OnPage): SyncContents {
  return {
    async *pages(bucket) {
      for await (const page of entryPages(view, [bucketSpan(bucket, syncId)])) {
        yield page;
        onPage(bucket, page.length);
      }
    },
  };
}
