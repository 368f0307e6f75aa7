// Chooses the syncs that a compaction replaces, and asks before it would remove one.
import type { CommandContext } from '../../command-line/command-context.js';
import type { InputOf } from '../../command-line/command-spec.js';
import { CliError, usageError } from '../../errors.js';
import { answerTo } from '../../operations/consent.js';
import { findSyncs, hasKeys, syncIdsOf } from '../../stores/find-syncs.js';
import type { ByteReader, ByteStore } from '../../stores/open-store.js';
import { spansOf } from '../../stores/sync-spans.js';
import type { compactCommand } from './command.js';

type Input = InputOf<typeof compactCommand>;

/** The syncs that --sync names, or --all. @throws CliError SSTITCH_USAGE, SSTITCH_SYNC_NOT_FOUND */
export async function chosenSyncs(
  { from, sync, all }: Input,
  source: ByteStore | ByteReader,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (sync !== undefined) return syncIdsOf(source, from, sync, signal);
  const found = all ? await findSyncs(source, signal) : [];
  const syncIds = found
    .filter(({ versionOf }) => versionOf === undefined)
    .map(({ syncId }) => syncId);
  if (syncIds.length > 0) return syncIds;
  throw new CliError('SSTITCH_SYNC_NOT_FOUND', `${from} holds no sync`);
}

/** Checks the choice of syncs. @throws CliError SSTITCH_USAGE unless either --sync or --all is given */
export function requireChoice({ sync, all }: Input): void {
  if (sync === undefined && !all) {
    throw usageError(
      "required option '--sync <syncs>' not specified: name some syncs, or use --all for every sync of the source",
    );
  }
  if (sync !== undefined && all) throw usageError('--all means every sync: leave out --sync');
}

/**
 * Asks before syncs are removed that the source does not hold. Without a terminal, --allow-empty is the answer.
 *
 * @throws CliError SSTITCH_DECLINED
 */
export async function confirmRemoval(
  context: CommandContext,
  { base, allowEmpty, yes, dryRun }: Input,
  opened: ByteStore,
  source: ByteStore | ByteReader,
  syncIds: readonly string[],
): Promise<void> {
  const { io, signal } = context;
  if (!allowEmpty || yes || dryRun || !io.stderr.isTerminal) return;
  for (const syncId of syncIds) {
    const spans = spansOf([syncId]);
    if (await hasKeys(source, spans, signal)) continue;
    if (!(await hasKeys(opened, spans, signal))) continue;
    const question = `The source does not hold sync ${syncId}. Remove it from ${base}?`;
    if ((await answerTo(context, question)) ?? true) continue;
    throw new CliError('SSTITCH_DECLINED', 'nothing was removed or replaced');
  }
}
