// `compact --sync NEW --as OLD`: loads a sync of the source under the id that the base uses for it.
import { countSync, type SyncStatsRecord } from '@sstitch/records';
import type { CommandContext, CommandResult } from '../../command-line/command-context.js';
import type { InputOf } from '../../command-line/command-spec.js';
import { usageError } from '../../errors.js';
import { withSyncs } from '../../operations/open-syncs.js';
import { type ReplacedSync, replaceAs, replacementDocument } from '../../operations/replace-as.js';
import { formatCountOf, formatMs, roundMs } from '../../output/quantities.js';
import { bucketTable } from '../../reports/bucket-table.js';
import { generationText } from '../../reports/generation-text.js';
import { purgeNote } from '../../reports/purge-note.js';
import { requireSyncs, syncIdsOf } from '../../stores/find-syncs.js';
import { writtenSyncId } from '../../stores/new-sync-id.js';
import type { ByteReader, ByteStore } from '../../stores/open-store.js';
import { spansOf } from '../../stores/sync-spans.js';
import type { compactCommand } from './command.js';
import { withBase } from './with-base.js';

type Input = InputOf<typeof compactCommand>;

export async function compactAs(
  context: CommandContext,
  input: Input,
  reference: string,
): Promise<CommandResult> {
  const { base, from, zone, sync = [] } = input;
  const { signal } = context;
  checkOptions(input);
  return withBase(context, input, async (opened) => {
    const as = await writtenSyncId(opened, base, reference, signal);
    return withSyncs(context, from, zone, async (source) => {
      const [syncId = ''] = await syncIdsOf(source, from, sync, signal);
      // Every record is read, so the tables are checked for damage first.
      await source.verifySpans(spansOf([syncId]), { signal });
      return runAs(context, input, { opened, source, syncId, as });
    });
  });
}

/** @throws CliError SSTITCH_USAGE */
function checkOptions({ sync, strategy, allowEmpty }: Input): void {
  if (sync?.length !== 1) throw usageError('--as takes one sync: name one with --sync');
  if (strategy !== 'auto') {
    throw usageError(
      '--as always loads records in bulk, because each key contains the id: leave out --strategy',
    );
  }
  if (allowEmpty)
    throw usageError('--as cannot be combined with --allow-empty: use `drop` to remove a sync');
}

interface Opened {
  readonly opened: ByteStore;
  readonly source: ByteReader;
  readonly syncId: string;
  readonly as: string;
}

async function runAs(
  context: CommandContext,
  { from, dryRun, purge }: Input,
  { opened, source, syncId, as }: Opened,
): Promise<CommandResult> {
  const { signal } = context;
  await requireSyncs(source, from, [syncId], signal);
  const started = performance.now();
  if (dryRun) {
    const stats = await countSync(source, syncId, { signal });
    return plannedResult(syncId, as, stats, performance.now() - started);
  }
  const replaced = await replaceAs(context, { base: opened, source, syncId, as, purge });
  return doneResult(context, syncId, replaced, performance.now() - started);
}

const REASON = 'the sync gets another id, which each of its keys contains';

function doneResult(
  { columns, style }: CommandContext,
  syncId: string,
  replaced: ReplacedSync,
  elapsedMs: number,
): CommandResult {
  const { loaded, report } = replaced;
  const document = replacementDocument(replaced, elapsedMs);
  return {
    document: {
      ...{ ...document, from: syncId, emptied: [], dryRun: false },
      ...(report.purge === undefined ? {} : { purge: report.purge }),
    },
    text: purgeNote(report.purge),
    summary:
      bucketTable(document.buckets, style.bold, columns) +
      `${style.good('done')}: sync ${loaded.syncId} replaced by ${syncId} of the source in ` +
      `${formatMs(document.durationMs)}, writers paused ${formatMs(document.pauseMs)}` +
      `${generationText(report.generation)}\n` +
      `${style.dim(`strategy load: ${REASON}`)}\n`,
  };
}

function plannedResult(
  syncId: string,
  as: string,
  stats: SyncStatsRecord,
  elapsedMs: number,
): CommandResult {
  return {
    document: {
      ...{ syncs: [as], from: syncId, strategy: 'load', generation: null, buckets: [] },
      ...{ durationMs: roundMs(elapsedMs), pauseMs: 0, emptied: [], dryRun: true },
      plan: { strategy: 'load', reason: REASON, emptied: [] },
    },
    text:
      `would replace sync ${as} by ${syncId} of the source, with ` +
      `${formatCountOf(Number(stats.grants), 'grant')}; nothing was changed\n` +
      `would use strategy load: ${REASON}\n`,
  };
}
