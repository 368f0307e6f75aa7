// Merges partial syncs over a base sync, as the compactor of ConductorOne's baton-sdk does (pkg/synccompactor): the
// version of a record that was discovered last wins. Unlike the compactor, it also merges assets and applies deletions.
import {
  byteEncodings,
  type EngineSnapshot,
  type ReadableEngine,
  takeSnapshot,
} from '@sstitch/contract';
import { parseSyncId, RECORD_BUCKETS, syncRunKey, syncSpans } from '@sstitch/keys';
import {
  type CountedBucket,
  decodeRecord,
  type EntryTables,
  type EntryTablesOptions,
  type LoadedSync,
  type LoadProgress,
  RecordBatch,
  RecordLoader,
  StoreSink,
  type SyncRunRecord,
  SyncType,
  type TableStore,
  writeIfUnchanged,
} from '@sstitch/records';
import { checkFound, checkFree } from '../copy/clone-sync.js';
import type { SyncInput } from '../diff/diff-syncs.js';
import { type ReadView, withView } from '../entries/entry-pages.js';
import { OperationsError, throwIfAborted } from '../errors.js';
import { type OperationOptions, pageCounter } from '../progress.js';
import { ownRun } from '../versions/replaced-version.js';
import { type MergeSource, mergeBucket, type SourceCounts, type Winner } from './merge-records.js';
import { mergedRun } from './merged-run.js';

/** An engine that takes a merged sync, such as a `Store` of @sstitch/engine. */
export interface MergeTarget<Tables> extends TableStore<Tables>, ReadableEngine {
  /** Makes a builder of tables from unsorted entries. */
  tableLoader(options: EntryTablesOptions): EntryTables<Tables>;
}

/** Options of {@link mergeSyncs}. */
export interface MergeSyncsOptions<Tables> extends OperationOptions {
  /** The sync over which the partials are merged. It must not hold deletions. */
  readonly base: SyncInput;
  /** The partial syncs, oldest first. Of two records of equal time, that of the later sync wins. */
  readonly partials: readonly SyncInput[];
  /** The engine that gets the merged sync. */
  readonly into: MergeTarget<Tables>;
  /** The id of the merged sync. */
  readonly as: string;
  /** Whether to replace what `into` holds under that id. @defaultValue false */
  readonly replace?: boolean | undefined;
  /** Whether to merge assets. @defaultValue true */
  readonly assets?: boolean | undefined;
  /** Called from time to time after the records were read, while they are sorted. An error that it throws fails the merge. */
  readonly onCommit?: ((progress: LoadProgress) => void) | undefined;
}

/** The result of {@link mergeSyncs}. */
export interface MergedSync {
  /** The contents of the merged sync. */
  readonly loaded: LoadedSync;
  /** The counts of the base and then of the partials, in order. */
  readonly sources: readonly Readonly<SourceCounts>[];
}

/**
 * Merges partial syncs over a base sync into a new sync, in one commit. Of several records with one id, the one with
 * the latest discovered_at wins; a record without a time counts as the oldest. A record of a partial-deletions sync
 * deletes the record of its id, unless another one was discovered later. Index entries and statistics are built from
 * the records.
 *
 * The syncs are read in key order, a page of each at a time, and may be in `into` or in other engines.
 *
 * @throws {@link OperationsError} SSTITCH_SYNC_NOT_FOUND, SSTITCH_SYNC_EXISTS, SSTITCH_OPTION_INVALID,
 * SSTITCH_ABORTED, which leave `into` unchanged; KeysError SSTITCH_SYNC_ID_INVALID; RecordsError; errors of the engine
 */
export async function mergeSyncs<Tables>(options: MergeSyncsOptions<Tables>): Promise<MergedSync> {
  const { base, partials, into, as, replace = false, signal } = options;
  for (const syncId of [base.syncId, ...partials.map((each) => each.syncId), as]) {
    parseSyncId(syncId);
  }
  throwIfAborted(signal);
  const spans = replace ? [] : syncSpans(as).map(({ span }) => span);
  return writeIfUnchanged(into, spans, signal, async (basis) => {
    if (!replace) await withView(into, { snapshot: basis, signal }, (view) => checkFree(view, as));
    const snapshots: EngineSnapshot[] = [];
    try {
      const inputs: Input[] = [];
      for (const input of [base, ...partials]) {
        const snapshot = input.snapshot ?? (await takeSnapshot(input.engine));
        if (input.snapshot === undefined) snapshots.push(snapshot);
        inputs.push(await openInput({ engine: input.engine, snapshot, signal }, input.syncId));
      }
      if (inputs[0]?.isDeletions === true) {
        throw new OperationsError(
          'SSTITCH_OPTION_INVALID',
          `sync ${base.syncId} holds deletions and cannot be the base: merge it over a base`,
        );
      }
      return await merge(options, inputs, basis);
    } finally {
      for (const snapshot of snapshots) await snapshot.close();
    }
  });
}

interface Input extends MergeSource {
  readonly run: SyncRunRecord | undefined;
}

async function openInput(view: ReadView, syncId: string): Promise<Input> {
  await checkFound(view, syncId);
  const { engine, snapshot } = view;
  const key = syncRunKey(parseSyncId(syncId));
  const value = ownRun(await engine.get(key, { ...byteEncodings, snapshot }));
  const run = value && decodeRecord('sync_run', key, value);
  const isDeletions = run?.type === SyncType.PARTIAL_DELETIONS;
  return { view, syncId, run, isDeletions, endedAt: run?.endedAt ?? run?.startedAt };
}

async function merge<Tables>(
  options: MergeSyncsOptions<Tables>,
  inputs: readonly Input[],
  ifUnchanged: EngineSnapshot | undefined,
): Promise<MergedSync> {
  const { into, as, assets = true, signal } = options;
  const counts = inputs.map(({ syncId }) => ({ syncId, taken: 0, overridden: 0, deleted: 0 }));
  const loader = new RecordLoader((tables) => into.tableLoader(tables), {
    signal,
    onProgress: options.onCommit,
  });
  const sink = new StoreSink(loader, into, { ifUnchanged });
  const onPage = pageCounter(options);
  try {
    const run = mergedRun(
      as,
      inputs.map((input) => input.run),
    );
    await sink.add(RecordBatch.ofRecords(as, 'sync_run', [run]));
    for (const bucket of RECORD_BUCKETS as readonly CountedBucket[]) {
      if (bucket === 'asset' && !assets) continue;
      for await (const { winners, read } of mergeBucket(bucket, inputs, counts)) {
        await sink.add(batchOf(bucket, winners, as));
        onPage(bucket, read);
      }
    }
    const [loaded] = await sink.finish();
    if (loaded === undefined) throw new Error('a load of one sync has no result');
    return { loaded, sources: counts };
  } finally {
    await sink.close();
  }
}

function batchOf(bucket: CountedBucket, page: readonly Winner[], as: string): RecordBatch {
  const values = page.map(({ entry }) => entry[1]);
  // The records come from several syncs, so the id is set in each.
  return RecordBatch.ofValues('', bucket, values).withSyncId(as);
}
