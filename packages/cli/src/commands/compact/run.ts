import { realpathSync } from 'node:fs';
import type { CompactResult } from '@sstitch/compactor';
import { Option } from 'commander';
import type { CommandContext, CommandRegistry, CommandResult } from '../../command-line/command.js';
import { syncsOption } from '../../command-line/option-values.js';
import { usageError } from '../../errors.js';
import {
  compactionDocument,
  compactStores,
  showProgress,
} from '../../operations/compact-stores.js';
import { formatBytes, formatCountOf, formatMs } from '../../output/quantities.js';
import { formatTable } from '../../output/table.js';
import { bucketTable } from '../../reports/compaction-report.js';
import { purgeNote } from '../../reports/purge-note.js';
import { type ByteReader, type ByteStore, withSource, withStore } from '../../stores/open-store.js';

interface CompactFlags {
  readonly base: string;
  readonly from: string;
  readonly sync: readonly string[];
  readonly strategy: 'auto' | 'link' | 'rebuild' | 'batch';
  readonly allowEmpty?: boolean;
  readonly dryRun?: boolean;
  readonly verify?: boolean;
  readonly purge?: boolean;
}

export function addCompactCommand(registry: CommandRegistry): void {
  registry
    .define({
      usage: 'compact',
      summary: "replace syncs of a base store by a source store's, in one commit",
      description:
        'Makes the base hold, under each sync id, exactly what the source holds: every bucket and ' +
        'every index, nothing stale, no other sync touched. All in one commit: readers and crashes ' +
        'see the old or the new, never a mix. A source that holds nothing under an id is refused ' +
        'with exit code 3, as a mistyped id must not wipe a sync; --allow-empty removes the sync. ' +
        'Tables that are linked are not read but for their index and bounds: damage in other ' +
        'blocks comes along, unless --verify reads them in full. What the syncs held before may ' +
        'stay in shared files until LevelDB compacts them, unless --purge takes it out.',
      examples: [
        ['compact --base base --from fresh --sync 36zfOAoWMxQdISbixanQCRBiX7E', 'one sync'],
        ['compact --base base --from fresh --sync ID1,ID2 --dry-run', 'only tell what it would do'],
        ['compact --base base --from fresh --sync ID --strategy rebuild', 'choose the way'],
      ],
    })
    .requiredOption('--base <store>', 'the store to change')
    .requiredOption('--from <store>', 'the store with the fresh syncs')
    .addOption(syncsOption('the syncs to replace').makeOptionMandatory())
    .addOption(
      new Option('--strategy <strategy>', 'link tables, rebuild them, or write batches')
        .choices(['auto', 'link', 'rebuild', 'batch'])
        .default('auto'),
    )
    .option('--allow-empty', 'remove a sync that the source holds nothing of')
    .option('--verify', "read the source's tables in full first, refuse a damaged one")
    .option('--purge', 'leave no byte of removed data in any file of the base')
    .option('--dry-run', 'change nothing, tell the plan')
    .action(
      registry.handle((context, flags: CompactFlags) => {
        refuseSameStore(flags.base, flags.from);
        return withStore(flags.base, 'refuse', (base) =>
          withSource(flags.from, (source) => runCompact(context, flags, base, source)),
        );
      }),
    );
}

async function runCompact(
  context: CommandContext,
  flags: CompactFlags,
  base: ByteStore,
  source: ByteStore | ByteReader,
): Promise<CommandResult> {
  const result = await compactStores({
    base,
    source,
    syncIds: flags.sync,
    strategy: flags.strategy,
    emptySource: flags.allowEmpty === true ? 'remove' : 'refuse',
    signal: context.signal,
    onProgress: showProgress(context.progress),
    dryRun: flags.dryRun === true,
    verify: flags.verify === true,
    purge: flags.purge === true,
  });
  return flags.dryRun === true ? plannedResult(context, result) : doneResult(context, result);
}

function doneResult({ columns, style }: CommandContext, result: CompactResult): CommandResult {
  const document = compactionDocument(result);
  const removed = result.emptied.map(
    (syncId) => `removed ${syncId}: the source holds none of it\n`,
  );
  const how = `strategy ${result.strategy}: ${result.plan.reason}`;
  const generation =
    result.generation === undefined ? '' : `, now at generation ${result.generation}`;
  return {
    document: {
      ...{ ...document, emptied: result.emptied, dryRun: false },
      ...(result.purge === undefined ? {} : { purge: result.purge }),
    },
    text:
      bucketTable(document.buckets, style.bold, columns) +
      removed.join('') +
      `${style.good('done')}: ${formatCountOf(result.syncs.length, 'sync')} replaced in ` +
      `${formatMs(result.durationMs)}, writers paused ${formatMs(result.pauseMs)}${generation}\n` +
      `${style.dim(how)}\n${purgeNote(result.purge)}`,
  };
}

function plannedResult({ columns, style }: CommandContext, result: CompactResult): CommandResult {
  const { plan } = result;
  const sizes = plan.sizes ?? [];
  const shown = (bytes: number | undefined) => (bytes === undefined ? '?' : formatBytes(bytes));
  const several = result.syncs.length > 1;
  const table = formatTable(
    [
      ...(several ? [{ title: 'SYNC' }] : []),
      { title: 'BUCKET' },
      { title: 'IN BASE', align: 'right' },
      { title: 'IN SOURCE', align: 'right' },
    ],
    sizes
      .filter(({ sourceBytes, baseBytes }) => sourceBytes !== 0 || baseBytes !== 0)
      .map(({ syncId, bucket, sourceBytes, baseBytes }) => [
        ...(several ? [syncId.slice(0, 8)] : []),
        bucket,
        shown(baseBytes),
        shown(sourceBytes),
      ]),
    style.bold,
    columns,
  );
  const removed = plan.emptied.map(
    (syncId) => `would remove ${syncId}: the source holds none of it\n`,
  );
  return {
    document: { ...compactionDocument(result), emptied: plan.emptied, dryRun: true, plan },
    text:
      `${sizes.length === 0 ? '' : table}${removed.join('')}` +
      `would use strategy ${plan.strategy}: ${plan.reason}; nothing was changed\n`,
  };
}

/** Two names of one store would make it lock itself out, and there is nothing to do. */
function refuseSameStore(base: string, source: string): void {
  let isSame = false;
  try {
    isSame = realpathSync(base) === realpathSync(source);
  } catch {
    // One of them does not exist: opening it says so.
  }
  if (isSame) throw usageError(`--base and --from are the same store: ${base}`);
}
