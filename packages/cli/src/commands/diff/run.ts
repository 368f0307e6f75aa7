import type { CommandContext, CommandResult, Run } from '../../command-line/command-context.js';
import type { InputOf } from '../../command-line/command-spec.js';
import { chooseSyncs, LATEST, LATEST_FINISHED } from '../../command-line/sync-reference.js';
import { CliError, usageError } from '../../errors.js';
import { EXIT_CODES } from '../../exit-codes.js';
import { zoneOfSeveral } from '../../operations/open-input.js';
import { withSyncs } from '../../operations/open-syncs.js';
import { formatCount } from '../../output/quantities.js';
import { differenceTable } from '../../reports/difference-table.js';
import { findSyncs } from '../../stores/find-syncs.js';
import type { ByteReader } from '../../stores/open-store.js';
import { escapeJsonLines, escapeText } from '../../terminal/escape.js';
import { OutputClosed } from '../../terminal/io.js';
import type { diffCommand } from './command.js';
import { comparePair, type SyncDifference, type SyncPair } from './compare-pair.js';
import { changeLinesOf } from './compare-records.js';

type Input = InputOf<typeof diffCommand>;

export const run: Run<typeof diffCommand> = (context, input) => {
  const { a, b } = input;
  const zone = zoneOfSeveral(input.zone);
  if (input.records && context.json) {
    throw usageError('--records prints JSON lines: leave out --json');
  }
  return withSyncs(context, a, zone, (before) =>
    withSyncs(context, b, zone, async (after) => {
      const pairs = await choosePairs(context, input, before, after);
      return input.records ? printRecords(context, input, pairs) : compare(context, input, pairs);
    }),
  );
};

/** Chooses the syncs to compare. @throws CliError SSTITCH_USAGE, SSTITCH_SYNC_NOT_FOUND */
async function choosePairs(
  { signal }: CommandContext,
  { a, b, sync, to }: Input,
  before: ByteReader,
  after: ByteReader,
): Promise<readonly SyncPair[]> {
  if (to !== undefined && (sync?.length ?? 1) !== 1) {
    throw usageError('--to needs exactly one sync: name it with --sync');
  }
  const [inA, inB] = [await findSyncs(before, signal), await findSyncs(after, signal)];
  if (sync !== undefined && to === undefined) {
    const choices = new Map([...inA, ...inB].map((choice) => [choice.syncId, choice]));
    const syncIds = chooseSyncs(sync, [...choices.values()], `${a} or ${b}`);
    return syncIds.map((syncId) => ({ before, after, syncId, to: syncId }));
  }
  const last = (choices: typeof inA) =>
    choices.some(({ endedAt }) => endedAt !== undefined) ? LATEST_FINISHED : LATEST;
  const [syncId = ''] = chooseSyncs(sync ?? [last(inA)], inA, a);
  const [other = ''] = chooseSyncs([to ?? last(inB)], inB, b);
  return [{ before, after, syncId, to: other }];
}

async function printRecords(
  context: CommandContext,
  { a, b, exitCode }: Input,
  pairs: readonly SyncPair[],
): Promise<CommandResult> {
  // Lines on the same terminal show how far the comparison is.
  if (context.io.stdout.isTerminal) {
    await context.progress.clear();
    context.progress.hide();
  }
  let changes = 0;
  try {
    for (const pair of pairs) {
      const diff = await changeLinesOf(context, pair);
      if (diff === undefined) throw nothingOf(pair, a, b);
      for await (const line of diff) {
        changes += 1;
        await context.io.stdout.write(escapeJsonLines(line));
      }
    }
  } catch (failure) {
    // A change that no one reads is a finding all the same.
    if (!(failure instanceof OutputClosed)) throw failure;
  }
  return { document: null, ...(exitCode && changes > 0 && { exitCode: EXIT_CODES.failed }) };
}

async function compare(
  context: CommandContext,
  { a, b, exitCode, limit }: Input,
  pairs: readonly SyncPair[],
): Promise<CommandResult> {
  const differences: SyncDifference[] = [];
  for (const pair of pairs) {
    const difference = await comparePair(context, pair, limit);
    if (difference === undefined) throw nothingOf(pair, a, b);
    differences.push(difference);
  }
  const several = differences.length > 1;
  const isDifferent = differences.some((each) => each.added + each.removed + each.changed > 0);
  return {
    document: several ? differences : differences[0],
    text: differences
      .map((each) => (several ? `sync ${each.syncId}\n` : '') + differenceText(context, each))
      .join('\n'),
    ...(exitCode && isDifferent && { exitCode: EXIT_CODES.failed }),
  };
}

function nothingOf({ syncId, to }: SyncPair, a: string, b: string): CliError {
  const what =
    syncId === to
      ? `neither ${a} nor ${b} holds sync ${syncId}`
      : `${a} holds no sync ${syncId}, and ${b} holds no sync ${to}`;
  return new CliError('SSTITCH_SYNC_NOT_FOUND', what);
}

function differenceText(
  { columns, style }: CommandContext,
  { syncId, to, added, removed, changed, buckets, sentences }: SyncDifference,
): string {
  const table = differenceTable(buckets, style.bold, columns);
  const told = sentences.map(({ text }) => `${escapeText(text)}\n`).join('');
  return (
    (to === undefined ? '' : `from sync ${syncId} to ${to}\n`) +
    `${table}${told}` +
    `${formatCount(added)} added, ${formatCount(removed)} removed, ${formatCount(changed)} changed\n`
  );
}
