import { cloneSync } from '@sstitch/operations';
import type { CommandContext, CommandResult, Run } from '../../command-line/command-context.js';
import type { InputOf } from '../../command-line/command-spec.js';
import { aboutKeys } from '../../operations/sync-counts.js';
import { patienceOf } from '../../operations/wait-for-store.js';
import { formatCountOf, formatMs, roundMs } from '../../output/quantities.js';
import { syncIdsOf } from '../../stores/find-syncs.js';
import { newSyncId } from '../../stores/new-sync-id.js';
import { type ByteReader, type ByteStore, withReader, withStore } from '../../stores/open-store.js';
import { spansOf } from '../../stores/sync-spans.js';
import type { cloneCommand } from './command.js';

type Input = InputOf<typeof cloneCommand>;

export const run: Run<typeof cloneCommand> = (context, input) => {
  const { store, into = store, wait } = input;
  const patience = patienceOf(context, wait);
  // A store can be opened for writing only once.
  if (into === store) {
    const use = (opened: ByteStore) => clone(context, input, opened, opened);
    return withStore(store, 'refuse', use, patience);
  }
  return withReader(
    store,
    (source) =>
      withStore(into, 'create', (target) => clone(context, input, source, target), patience),
    { signal: context.signal },
  );
};

async function clone(
  context: CommandContext,
  { store, into = store, sync, as, replace }: Input,
  source: ByteStore | ByteReader,
  target: ByteStore,
): Promise<CommandResult> {
  const { progress, signal, style } = context;
  const started = performance.now();
  const [syncId = ''] = await syncIdsOf(source, store, [sync], signal);
  const named = as ?? (into === store ? undefined : syncId);
  const copy = await newSyncId(target, into, named, signal);
  // Every record is read, so the tables are checked for damage first.
  await source.verifySpans(spansOf([syncId]), { signal });
  const total = await aboutKeys([{ engine: source, syncId }]);
  const { entries, pauseMs } = await cloneSync({
    ...{ engine: source, into: target, syncId, as: copy, replace, signal },
    onProgress: ({ keys }) =>
      progress.update({ doing: 'copying', done: keys, total, unit: 'keys' }),
  });
  const durationMs = roundMs(performance.now() - started);
  return {
    document: { syncId, as: copy, entries, durationMs, pauseMs: roundMs(pauseMs) },
    text: `${copy}\n`,
    summary:
      `${style.good('done')}: sync ${syncId} copied, ${formatCountOf(entries, 'key')} in ` +
      `${formatMs(durationMs)}\n`,
  };
}
