import { type MergedSync, mergeSyncs, type SyncInput } from '@sstitch/operations';
import type { CommandContext, CommandResult, Run } from '../../command-line/command-context.js';
import type { InputOf } from '../../command-line/command-spec.js';
import { chooseSyncs, LATEST_FINISHED } from '../../command-line/sync-reference.js';
import { usageError } from '../../errors.js';
import { type InputZone, zoneOfSeveral } from '../../operations/open-input.js';
import { withSyncs } from '../../operations/open-syncs.js';
import { showCommit } from '../../operations/show-commit.js';
import { totalRecords } from '../../operations/sync-counts.js';
import { patienceOf } from '../../operations/wait-for-store.js';
import { formatCount, formatCountOf, formatMs, roundMs } from '../../output/quantities.js';
import { formatTable } from '../../output/table.js';
import { findSyncs, syncIdsOf } from '../../stores/find-syncs.js';
import { newSyncId } from '../../stores/new-sync-id.js';
import { type ByteReader, type ByteStore, withStore } from '../../stores/open-store.js';
import { spansOf } from '../../stores/sync-spans.js';
import { escapeText } from '../../terminal/escape.js';
import type { mergeCommand } from './command.js';

type Input = InputOf<typeof mergeCommand>;

export const run: Run<typeof mergeCommand> = (context, input) => {
  const started = performance.now();
  const { inputs, base, partials, into, zone, wait } = input;
  const [only] = inputs;
  if (only === undefined) throw usageError('name the stores or files to merge');
  const patience = patienceOf(context, wait);
  if (inputs.length === 1) {
    if (base === undefined || partials === undefined) {
      throw usageError(
        'for one store, name the syncs with --base and --partials; or name several inputs',
      );
    }
    if (into !== undefined && into !== only) {
      throw usageError(
        'for one store, the merged sync is written to the same store: leave out --into',
      );
    }
    const use = async (store: ByteStore): Promise<CommandResult> => {
      const { signal } = context;
      const syncIds = await syncIdsOf(store, only, [base, ...partials], signal);
      await store.verifySpans(spansOf(syncIds), { signal });
      const syncs = syncIds.map((syncId) => ({ engine: store, syncId, input: only }));
      return merge(context, input, { store, location: only }, syncs, started);
    };
    return withStore(only, 'refuse', use, patience);
  }
  if (base !== undefined || partials !== undefined) {
    throw usageError('for several inputs, the first is the base: leave out --base and --partials');
  }
  if (into === undefined) throw usageError('for several inputs, name a store with --into');
  return withInputs(context, inputs, zoneOfSeveral(zone), [], (syncs) =>
    withStore(
      into,
      'create',
      (store) => merge(context, input, { store, location: into }, syncs, started),
      patience,
    ),
  );
};

/** A sync to merge, and the store or file that it is from. */
interface NamedInput extends SyncInput {
  readonly input: string;
}

/** What was merged into a sync. */
interface Merge {
  readonly syncId: string;
  /** The base first. */
  readonly inputs: readonly NamedInput[];
  readonly merged: MergedSync;
}

/** Opens the inputs one after another, and chooses the sync that finished last in each. */
async function withInputs<T>(
  context: CommandContext,
  paths: readonly string[],
  zone: InputZone | undefined,
  opened: readonly NamedInput[],
  use: (syncs: readonly NamedInput[]) => Promise<T>,
): Promise<T> {
  const [path, ...rest] = paths;
  if (path === undefined) return use(opened);
  return withSyncs(context, path, zone, async (engine: ByteReader) => {
    const { signal } = context;
    const choices = await findSyncs(engine, signal);
    const [syncId = ''] = chooseSyncs([LATEST_FINISHED], choices, path);
    await engine.verifySpans(spansOf([syncId]), { signal });
    return withInputs(context, rest, zone, [...opened, { engine, syncId, input: path }], use);
  });
}

async function merge(
  context: CommandContext,
  { as, replace, assets }: Input,
  { store, location }: { readonly store: ByteStore; readonly location: string },
  inputs: readonly NamedInput[],
  started: number,
): Promise<CommandResult> {
  const { progress, signal } = context;
  const [base, ...partials] = inputs;
  const syncId = await newSyncId(store, location, as, signal);
  if (base === undefined) throw new Error('a merge has a base');
  const total = await totalRecords(inputs);
  const merged = await mergeSyncs({
    ...{ base, partials, into: store, as: syncId, replace, assets, signal },
    onProgress: ({ records }) =>
      progress.update({ doing: 'merging', done: records, total, unit: 'records' }),
    onCommit: showCommit(progress),
  });
  return resultOf(context, { syncId, inputs, merged }, performance.now() - started);
}

function resultOf(
  { columns, style }: CommandContext,
  { syncId, inputs, merged }: Merge,
  elapsedMs: number,
): CommandResult {
  const { loaded } = merged;
  const sources = merged.sources.map((source, at) => ({
    ...{ input: inputs[at]?.input ?? '', ...source },
  }));
  // Two files may hold one sync.
  const isOneStore = new Set(inputs.map(({ engine }) => engine)).size === 1;
  const table = formatTable(
    [
      ...(isOneStore ? [] : [{ title: 'INPUT' }]),
      { title: 'SYNC' },
      { title: 'TAKEN', align: 'right' },
      { title: 'OVERRIDDEN', align: 'right' },
      { title: 'DELETED', align: 'right' },
    ],
    sources.map((source) => [
      ...(isOneStore ? [] : [escapeText(source.input)]),
      source.syncId,
      ...[source.taken, source.overridden, source.deleted].map(formatCount),
    ]),
    style.bold,
    columns,
  );
  return {
    document: { syncId, sources, keys: loaded.entries, durationMs: roundMs(elapsedMs) },
    text: `${syncId}\n`,
    summary:
      `${table}${style.good('done')}: ${formatCountOf(sources.length, 'sync')} merged into ` +
      `${syncId}, ${formatCountOf(loaded.entries, 'key')} in ${formatMs(elapsedMs)}\n`,
  };
}
