import type { Engine } from '@sstitch/contract';
import { loadSyntheticSync, syntheticSyncId } from '@sstitch/testkit';
import type { CommandContext, CommandResult, Run } from '../../command-line/command-context.js';
import type { InputOf } from '../../command-line/command-spec.js';
import { CliError, leavesDoubt } from '../../errors.js';
import { patienceOf } from '../../operations/wait-for-store.js';
import { formatCount, formatMs, roundMs } from '../../output/quantities.js';
import { formatTable } from '../../output/table.js';
import { hasKeys } from '../../stores/find-syncs.js';
import { type ByteStore, withStore } from '../../stores/open-store.js';
import { spansOf } from '../../stores/sync-spans.js';
import type { generateCommand } from './command.js';

/** About how many keys a synthetic sync of thousands of grants has for each of them. */
const KEYS_A_GRANT = 4.68;

type Input = InputOf<typeof generateCommand>;

export const run: Run<typeof generateCommand> = (context, input) =>
  withStore(
    input.store,
    'create',
    (store) => generateSyncs(context, input, store),
    patienceOf(context, input.wait),
  );

async function generateSyncs(
  context: CommandContext,
  input: Input,
  store: ByteStore,
): Promise<CommandResult> {
  const { columns, note, progress, signal, style } = context;
  const { grants, syncs: count, seed, revision } = input;
  const started = performance.now();
  if (!input.replace) await refuseHeld(input, store, signal);
  const syncs: Array<{ syncId: string; grants: number; keys: number }> = [];
  let done = 0;
  const total = Math.round(KEYS_A_GRANT * grants * count);
  const counting = countingEngine(store, (keys) => {
    done += keys;
    progress.update({ doing: 'generating', done, total, unit: 'keys' });
  });
  for (let syncIndex = 0; syncIndex < count; syncIndex++) {
    try {
      const made = await loadSyntheticSync(counting, { seed, syncIndex, revision, grants, signal });
      syncs.push({ syncId: made.syncId, grants, keys: made.entries });
      note(`committed sync ${made.syncId}`);
    } catch (error) {
      if (!signal.aborted || syncIndex === 0 || leavesDoubt(error)) throw error;
      const message = `interrupted; the store holds the first ${syncIndex} of ${count} syncs`;
      throw new CliError('SSTITCH_ABORTED', message, { cause: error });
    }
  }
  const durationMs = roundMs(performance.now() - started);
  const table = formatTable(
    [{ title: 'SYNC' }, { title: 'GRANTS', align: 'right' }, { title: 'KEYS', align: 'right' }],
    syncs.map(({ syncId, keys }) => [syncId, formatCount(grants), formatCount(keys)]),
    style.bold,
    columns,
  );
  return {
    document: { syncs, durationMs },
    summary: `${table}made in ${formatMs(durationMs)}\n`,
  };
}

/** @throws CliError SSTITCH_SYNC_EXISTS where the store holds one of the ids */
async function refuseHeld(
  { store: location, syncs: count, seed }: Input,
  store: ByteStore,
  signal: AbortSignal,
): Promise<void> {
  for (let syncIndex = 0; syncIndex < count; syncIndex++) {
    const syncId = syntheticSyncId({ seed, syncIndex });
    if (!(await hasKeys(store, spansOf([syncId]), signal))) continue;
    throw new CliError(
      'SSTITCH_SYNC_EXISTS',
      `${location} holds sync ${syncId} already: \`sstitch generate --replace\` replaces it, another --seed makes other syncs`,
      { hasAdvice: true },
    );
  }
}

/** Wraps the store so that each page of entries written to it is counted. */
function countingEngine(
  store: ByteStore,
  onPage: (keys: number) => void,
): Pick<Engine, 'replaceSpans'> {
  return {
    replaceSpans: (spans, pages, options) => {
      async function* counted() {
        for await (const page of pages) {
          onPage(page.length);
          yield page;
        }
      }
      return store.replaceSpans(spans, counted(), options);
    },
  };
}
