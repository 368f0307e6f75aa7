import type { CommandContext, CommandRegistry, CommandResult } from '../../command-line/command.js';
import { syncsOption } from '../../command-line/option-values.js';
import { CliError, usageError } from '../../errors.js';
import { formatCountOf, formatMs } from '../../output/quantities.js';
import { excisionDocument, spansOf } from '../../reports/compaction-report.js';
import { purgeNote } from '../../reports/purge-note.js';
import { type ByteStore, withStore } from '../../stores/open-store.js';
import { hasKeys } from '../../stores/scan-span.js';

interface DropFlags {
  readonly sync: readonly string[];
  readonly yes?: boolean;
  readonly purge: boolean;
}

export function addDropCommand(registry: CommandRegistry): void {
  registry
    .define({
      usage: 'drop <store>',
      summary: 'remove syncs from a store, in one commit',
      description:
        'Removes everything of some syncs from a store: records, indexes, runs and statistics, in one ' +
        'commit and without a tombstone. Asks first on a terminal; elsewhere it wants --yes. No byte ' +
        'of them is left in any file of the store, nor of what was removed before: tables that ' +
        'share a file with them are copied. --no-purge is faster, and leaves some in files until ' +
        'LevelDB compacts them. Checkpoints and other copies keep what they hold.',
      examples: [
        ['drop base --sync 36zfOAoWMxQdISbixanQCRBiX7E', 'asks first'],
        ['drop base --sync ID1,ID2 --yes', 'in a script'],
      ],
    })
    .addOption(syncsOption('the syncs to remove').makeOptionMandatory())
    .option('--yes', 'do not ask')
    .option('--no-purge', 'leave removed bytes in shared files until these are compacted')
    .action(
      registry.handle((context, store: string, flags: DropFlags) =>
        withStore(store, 'refuse', (opened) => dropSyncs(context, store, flags, opened)),
      ),
    );
}

async function dropSyncs(
  context: CommandContext,
  location: string,
  flags: DropFlags,
  store: ByteStore,
): Promise<CommandResult> {
  const { signal, style } = context;
  for (const syncId of flags.sync) {
    if (!(await hasKeys(store, spansOf([syncId]), signal))) {
      throw new CliError('SSTITCH_SYNC_NOT_FOUND', `${location} holds no sync ${syncId}`);
    }
  }
  if (flags.yes !== true) await confirm(context, location, flags.sync);
  const started = performance.now();
  const report = await store.excise(spansOf(flags.sync), { signal, purge: flags.purge });
  const document = excisionDocument(flags.sync, report, performance.now() - started);
  return {
    document: report.purge === undefined ? document : { ...document, purge: report.purge },
    text:
      `${style.good('done')}: ${formatCountOf(flags.sync.length, 'sync')} removed in ` +
      `${formatMs(document.durationMs)}, writers paused ${formatMs(document.pauseMs)}, ` +
      `now at generation ${report.generation}\n${purgeNote(report.purge)}`,
  };
}

async function confirm(
  { io }: CommandContext,
  location: string,
  syncIds: readonly string[],
): Promise<void> {
  const what = syncIds.length === 1 ? `sync ${syncIds[0]}` : `${syncIds.length} syncs`;
  const answer = await io.ask(`Remove ${what} from ${location}? [y/N] `);
  if (answer === undefined) {
    throw usageError('there is no terminal to ask on: give --yes to remove without asking');
  }
  if (!/^y(es)?$/i.test(answer.trim())) {
    throw new CliError('SSTITCH_DECLINED', 'nothing was removed');
  }
}
