// `compact --keep-replaced`: keeps the replaced versions of the syncs under side ids, in the same commit, for
// `rollback`.
import {
  compactKeeping,
  type KeptVersion,
  OperationsError,
  readKeepingPlan,
} from '@sstitch/operations';
import type { CommandContext, CommandResult } from '../../command-line/command-context.js';
import type { InputOf } from '../../command-line/command-spec.js';
import { CliError, usageError } from '../../errors.js';
import {
  aboutKeys,
  countedText,
  countsLines,
  countsText,
  readCounts,
} from '../../operations/sync-counts.js';
import { formatCountOf, formatMs, roundMs } from '../../output/quantities.js';
import { generationText } from '../../reports/generation-text.js';
import { writtenSyncId } from '../../stores/new-sync-id.js';
import type { ByteReader, ByteStore } from '../../stores/open-store.js';
import { spansOf } from '../../stores/sync-spans.js';
import type { compactCommand } from './command.js';

type Input = InputOf<typeof compactCommand>;

/** Checks the options. @throws CliError SSTITCH_USAGE if another option cannot be combined with it */
export function checkKeeping({ keepReplaced, side, strategy, as, allowEmpty, purge }: Input): void {
  if (!keepReplaced) {
    if (side === undefined) return;
    throw usageError('--side is the id of the replaced version: add --keep-replaced');
  }
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

/** The open stores and the chosen syncs. */
interface Compaction {
  readonly base: ByteStore;
  readonly source: ByteStore | ByteReader;
  readonly syncIds: readonly string[];
  /** The side ids that are given, by sync id. */
  readonly sideIds: Readonly<Record<string, string>>;
}

export async function compactAndKeep(
  { note, progress, signal, style }: CommandContext,
  { base: location }: Input,
  { base, source, syncIds, sideIds }: Compaction,
): Promise<CommandResult> {
  const started = performance.now();
  progress.update({ doing: 'checking' });
  for (const store of [source, base]) await store.verifySpans(spansOf(syncIds), { signal });
  const before = await readCounts(base, syncIds);
  const after = await readCounts(source, syncIds);
  let total = 0;
  const sizes = new Map<string, number>();
  for (const syncId of syncIds) {
    const size = await aboutKeys([{ engine: source, syncId }]);
    sizes.set(syncId, size);
    total += size + (await aboutKeys([{ engine: base, syncId }]));
  }
  const { entries, kept, pauseMs } = await compactKeeping({
    ...{ base, source, syncIds, sideIds, signal },
    onComparison: ({ syncId, keys }) =>
      progress.update({
        doing: `comparing ${syncId}`,
        ...{ done: keys, total: sizes.get(syncId) ?? 0, unit: 'keys' },
      }),
    onProgress: ({ keys }) =>
      progress.update({ doing: 'building', done: keys, total, unit: 'keys' }),
  }).catch((error: unknown) => {
    throw withAdviceOnSide(error);
  });
  note('committed');
  const counts = countsLines(syncIds, before, after);
  const durationMs = roundMs(performance.now() - started);
  const generation = (await base.metrics?.())?.generation;
  const replaced = kept.filter(({ isUnchanged }) => !isUnchanged);
  return {
    document: {
      ...{ syncs: syncIds, strategy: 'rebuild', generation: generation ?? null },
      ...{ buckets: [], counts },
      kept: keptDocument(kept),
      ...{ durationMs, pauseMs: roundMs(pauseMs), emptied: [], dryRun: false },
    },
    summary:
      keptText(kept, 'is') +
      countsText(counts) +
      countedText(style, location, counts) +
      `${style.good('done')}: ${formatCountOf(replaced.length, 'sync')} replaced in ` +
      `${formatMs(durationMs)}, ${formatCountOf(entries, 'key')}, writers paused ` +
      `${formatMs(pauseMs)}${generationText(generation)}\n`,
  };
}

/** The versions that a compaction would keep. @throws as it does, if a side id is taken */
export async function plannedVersions(
  { signal }: CommandContext,
  compaction: Compaction,
): Promise<readonly KeptVersion[]> {
  return readKeepingPlan({ ...compaction, signal }).catch((error: unknown) => {
    throw withAdviceOnSide(error);
  });
}

/** The side id of the one sync, if it is given. @throws CliError SSTITCH_USAGE, SSTITCH_SYNC_NOT_FOUND */
export async function sideIdsOf(
  base: ByteStore,
  { base: location, side }: Input,
  syncIds: readonly string[],
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  if (side === undefined) return {};
  const [syncId = '', ...others] = syncIds;
  if (others.length > 0) throw usageError('--side takes one sync: name one with --sync');
  return { [syncId]: await writtenSyncId(base, location, side, signal, '--side') };
}

function withAdviceOnSide(error: unknown): unknown {
  if (!(error instanceof OperationsError) || error.code !== 'SSTITCH_SYNC_EXISTS') return error;
  return new CliError(
    'SSTITCH_SYNC_EXISTS',
    `${error.message}. --side names one, and \`sstitch rename\` gives that sync another id`,
    { cause: error, hasAdvice: true },
  );
}

/** Converts the versions to the document of --json. */
export function keptDocument(kept: readonly KeptVersion[]) {
  return kept.map(({ syncId, sideId, isUnchanged }) => ({
    ...{ syncId, side: sideId ?? null, isUnchanged },
  }));
}

/** Says under which ids versions are kept, one a line. */
export function keptText(kept: readonly KeptVersion[], verb: 'is' | 'would be'): string {
  return kept.map((version) => keptLine(version, verb)).join('');
}

function keptLine({ syncId, sideId, isUnchanged }: KeptVersion, verb: 'is' | 'would be'): string {
  if (isUnchanged) {
    return `the base holds this version of ${syncId} already: it and a version kept before stay\n`;
  }
  return sideId === undefined
    ? `the base did not hold ${syncId}: no version ${verb} kept\n`
    : `the replaced version of ${syncId} ${verb} kept as ${sideId}\n`;
}
