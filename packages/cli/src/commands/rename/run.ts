import { isSyncId } from '@sstitch/keys';
import { renameSync, replacedVersionId } from '@sstitch/operations';
import type { CommandContext, CommandResult, Run } from '../../command-line/command-context.js';
import type { InputOf } from '../../command-line/command-spec.js';
import { usageError } from '../../errors.js';
import { aboutKeys } from '../../operations/sync-counts.js';
import { patienceOf } from '../../operations/wait-for-store.js';
import { formatCountOf, formatMs, roundMs } from '../../output/quantities.js';
import { syncIdsOf } from '../../stores/find-syncs.js';
import { type ByteStore, withStore } from '../../stores/open-store.js';
import { spansOf } from '../../stores/sync-spans.js';
import type { renameCommand } from './command.js';

type Input = InputOf<typeof renameCommand>;

export const run: Run<typeof renameCommand> = (context, input) => {
  if (!isSyncId(input.as)) {
    throw usageError(`--as takes a whole id of 27 characters, not ${JSON.stringify(input.as)}`);
  }
  return withStore(
    input.store,
    'refuse',
    (store) => rename(context, input, store),
    patienceOf(context, input.wait),
  );
};

async function rename(
  { progress, signal, style }: CommandContext,
  { store, sync, as }: Input,
  engine: ByteStore,
): Promise<CommandResult> {
  const started = performance.now();
  const [syncId = ''] = await syncIdsOf(engine, store, [sync], signal);
  // Every record is read, those of the kept version too, so the tables are checked for damage first.
  const syncIds = [syncId, replacedVersionId(syncId)];
  await engine.verifySpans(spansOf(syncIds), { signal });
  const total = await aboutKeys(syncIds.map((each) => ({ engine, syncId: each })));
  const { entries, pauseMs } = await renameSync({
    ...{ engine, syncId, as, signal },
    onProgress: ({ keys }) =>
      progress.update({ doing: 'renaming', done: keys, total, unit: 'keys' }),
  });
  const durationMs = roundMs(performance.now() - started);
  return {
    document: { syncId, as, durationMs, pauseMs: roundMs(pauseMs) },
    summary:
      `${style.good('done')}: sync ${syncId} is ${as} now, ${formatCountOf(entries, 'key')} in ` +
      `${formatMs(durationMs)}\n`,
  };
}
