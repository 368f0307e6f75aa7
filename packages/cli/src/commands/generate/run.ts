import { loadSyntheticSync } from '@sstitch/testkit';
import type { CommandContext, CommandRegistry, CommandResult } from '../../command-line/command.js';
import { wholeNumberArgument } from '../../command-line/option-values.js';
import { CliError } from '../../errors.js';
import { formatCount, formatMs, roundMs } from '../../output/quantities.js';
import { formatTable } from '../../output/table.js';
import { type ByteStore, withStore } from '../../stores/open-store.js';

interface GenerateFlags {
  readonly grants: number;
  readonly syncs: number;
  readonly seed: number;
  readonly revision: number;
}

const MAX_SYNCS = 1000;

export function addGenerateCommand(registry: CommandRegistry): void {
  registry
    .define({
      usage: 'generate <store>',
      summary: 'fill a store with synthetic syncs',
      description:
        'Makes synthetic syncs in a store, which is made if it does not exist. The same options give ' +
        'the same bytes on every machine. The ids of the syncs depend on the seed alone; so another ' +
        'revision is a newer version of the same syncs, fit to be compacted into the first.',
      examples: [
        ['generate base --grants 100000 --syncs 3', 'a base with three syncs'],
        ['generate fresh --grants 100000 --revision 2', 'a newer version of the first of them'],
      ],
    })
    .requiredOption('--grants <n>', 'grants of each sync', wholeNumberArgument(1))
    .option('--syncs <k>', 'how many syncs', wholeNumberArgument(1, MAX_SYNCS), 1)
    .option('--seed <s>', 'other seeds give other syncs', wholeNumberArgument(0), 1)
    .option('--revision <r>', 'which version of the syncs', wholeNumberArgument(0), 1)
    .action(
      registry.handle((context, store: string, flags: GenerateFlags) =>
        withStore(store, 'create', (opened) => generateSyncs(context, flags, opened)),
      ),
    );
}

async function generateSyncs(
  { columns, progress, signal, style }: CommandContext,
  { grants, syncs: count, seed, revision }: GenerateFlags,
  store: ByteStore,
): Promise<CommandResult> {
  const started = performance.now();
  const syncs: Array<{ syncId: string; grants: number; keys: number }> = [];
  for (let syncIndex = 0; syncIndex < count; syncIndex++) {
    progress.update(() => `making sync ${syncIndex + 1} of ${count}`);
    try {
      const made = await loadSyntheticSync(store, { seed, syncIndex, revision, grants, signal });
      syncs.push({ syncId: made.syncId, grants, keys: made.entries });
    } catch (error) {
      if (!signal.aborted || syncIndex === 0) throw error;
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
    text: `${table}made in ${formatMs(durationMs)}\n`,
  };
}
