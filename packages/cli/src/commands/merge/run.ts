import { mergeSyncs } from '@sstitch/operations';
import type { CommandContext, CommandResult, Run } from '../../command-line/command-context.js';
import type { InputOf } from '../../command-line/command-spec.js';
import { patienceOf } from '../../operations/wait-for-store.js';
import { formatCount, formatCountOf, formatMs, roundMs } from '../../output/quantities.js';
import { formatTable } from '../../output/table.js';
import { syncIdsOf } from '../../stores/find-syncs.js';
import { newSyncId } from '../../stores/new-sync-id.js';
import { type ByteStore, withStore } from '../../stores/open-store.js';
import { spansOf } from '../../stores/sync-spans.js';
import type { mergeCommand } from './command.js';

type Input = InputOf<typeof mergeCommand>;

export const run: Run<typeof mergeCommand> = (context, input) =>
  withStore(
    input.store,
    'refuse',
    (store) => merge(context, input, store),
    patienceOf(context, input.wait),
  );

async function merge(
  context: CommandContext,
  { store, base, partials, as, replace, assets }: Input,
  engine: ByteStore,
): Promise<CommandResult> {
  const { columns, progress, signal, style } = context;
  const started = performance.now();
  const [baseId = '', ...partialIds] = await syncIdsOf(engine, store, [base, ...partials], signal);
  const syncId = await newSyncId(engine, store, as, signal);
  await engine.verifySpans(spansOf([baseId, ...partialIds]), { signal });
  const { loaded, sources } = await mergeSyncs({
    base: { engine, syncId: baseId },
    partials: partialIds.map((each) => ({ engine, syncId: each })),
    ...{ into: engine, as: syncId, replace, assets, signal },
    onProgress: ({ records }) =>
      progress.update({ doing: 'merging', done: records, unit: 'records' }),
  });
  const durationMs = roundMs(performance.now() - started);
  const table = formatTable(
    [
      { title: 'SYNC' },
      { title: 'TAKEN', align: 'right' },
      { title: 'OVERRIDDEN', align: 'right' },
      { title: 'DELETED', align: 'right' },
    ],
    sources.map((source) => [
      source.syncId,
      ...[source.taken, source.overridden, source.deleted].map(formatCount),
    ]),
    style.bold,
    columns,
  );
  return {
    document: { syncId, sources, keys: loaded.entries, durationMs },
    text: `${syncId}\n`,
    summary:
      `${table}${style.good('done')}: ${formatCountOf(sources.length, 'sync')} merged into ` +
      `${syncId}, ${formatCountOf(loaded.entries, 'key')} in ${formatMs(durationMs)}\n`,
  };
}
