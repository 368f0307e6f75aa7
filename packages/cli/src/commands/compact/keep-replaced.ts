// `compact --keep-replaced`: keeps the replaced versions of the syncs under side ids, in the same commit, for
// `rollback`.
import { compactKeeping, type KeptVersion } from '@sstitch/operations';
import type { CommandContext, CommandResult } from '../../command-line/command-context.js';
import type { InputOf } from '../../command-line/command-spec.js';
import { usageError } from '../../errors.js';
import { countsLines, countsText, readCounts } from '../../operations/sync-counts.js';
import { formatCountOf, formatMs, roundMs } from '../../output/quantities.js';
import { generationText } from '../../reports/generation-text.js';
import type { ByteReader, ByteStore } from '../../stores/open-store.js';
import { spansOf } from '../../stores/sync-spans.js';
import type { compactCommand } from './command.js';

type Input = InputOf<typeof compactCommand>;

/** Checks the options. @throws CliError SSTITCH_USAGE if another option cannot be combined with it */
export function checkKeeping({ strategy, as, allowEmpty, purge }: Input): void {
  if (strategy !== 'auto' && strategy !== 'rebuild') {
    throw usageError(`--keep-replaced requires strategy rebuild, not ${strategy}`);
  }
  if (as !== undefined)
    throw usageError('--keep-replaced cannot be combined with --as: use `clone` to copy the sync');
  if (allowEmpty)
    throw usageError(
      '--keep-replaced cannot be combined with --allow-empty: use `drop` to remove a sync',
    );
  if (purge) throw usageError('--purge removes what --keep-replaced keeps: leave out one of them');
}

export async function compactAndKeep(
  { note, progress, signal, style }: CommandContext,
  base: ByteStore,
  source: ByteStore | ByteReader,
  syncIds: readonly string[],
): Promise<CommandResult> {
  const started = performance.now();
  progress.update({ doing: 'checking' });
  for (const store of [source, base]) await store.verifySpans(spansOf(syncIds), { signal });
  const before = await readCounts(base, syncIds);
  progress.update({ doing: 'building' });
  const { entries, kept, pauseMs } = await compactKeeping({ base, source, syncIds, signal });
  note('committed');
  const counts = countsLines(syncIds, before, await readCounts(base, syncIds));
  const durationMs = roundMs(performance.now() - started);
  const generation = (await base.metrics?.())?.generation;
  const replaced = kept.filter(({ isUnchanged }) => !isUnchanged);
  return {
    document: {
      ...{ syncs: syncIds, strategy: 'rebuild', generation: generation ?? null },
      ...{ buckets: [], counts },
      kept: kept.map(({ syncId, sideId, isUnchanged }) => ({
        ...{ syncId, side: sideId ?? null, isUnchanged },
      })),
      ...{ durationMs, pauseMs: roundMs(pauseMs), emptied: [], dryRun: false },
    },
    summary:
      kept.map(keptLine).join('') +
      countsText(counts) +
      `${style.good('done')}: ${formatCountOf(replaced.length, 'sync')} replaced in ` +
      `${formatMs(durationMs)}, ${formatCountOf(entries, 'key')}, writers paused ` +
      `${formatMs(pauseMs)}${generationText(generation)}\n`,
  };
}

function keptLine({ syncId, sideId, isUnchanged }: KeptVersion): string {
  if (isUnchanged) {
    return `the base holds this version of ${syncId} already: it and a version kept before stay\n`;
  }
  return sideId === undefined
    ? `the base did not hold ${syncId}: no version is kept\n`
    : `the replaced version of ${syncId} is kept as ${sideId}\n`;
}
