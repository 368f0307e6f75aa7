import { type ExpansionReport, type ExpansionStep, expandSync } from '@sstitch/access';
import type { CommandContext, CommandResult, Run } from '../../command-line/command-context.js';
import type { InputOf } from '../../command-line/command-spec.js';
import { patienceOf } from '../../operations/wait-for-store.js';
import { formatCount, formatCountOf, formatMs, roundMs } from '../../output/quantities.js';
import { syncIdsOf } from '../../stores/find-syncs.js';
import { newSyncId } from '../../stores/new-sync-id.js';
import { type ByteStore, withStore } from '../../stores/open-store.js';
import { spansOf } from '../../stores/sync-spans.js';
import type { Progress } from '../../terminal/progress-text.js';
import type { expandCommand } from './command.js';

type Input = InputOf<typeof expandCommand>;

/** What the steps of an expansion do, and what they count. */
const STEPS: Readonly<Record<ExpansionStep, Pick<Progress, 'doing' | 'unit'>>> = {
  graph: { doing: 'reading expansions', unit: 'grants' },
  holdings: { doing: 'reading grants', unit: 'grants' },
  derivation: { doing: 'deriving grants', unit: 'principals' },
  changes: { doing: 'looking for changes', unit: 'grants' },
  writing: { doing: 'writing', unit: 'records' },
  commit: { doing: 'committing', unit: 'keys' },
};

/** How many missing entitlements are named. */
const MAX_NAMED = 3;

export const run: Run<typeof expandCommand> = (context, input) =>
  withStore(
    input.store,
    'refuse',
    (store) => expand(context, input, store),
    patienceOf(context, input.wait),
  );

async function expand(
  context: CommandContext,
  { store: location, sync, as: given, replace, skipMismatches }: Input,
  store: ByteStore,
): Promise<CommandResult> {
  const { progress, signal, style } = context;
  const started = performance.now();
  const [syncId = ''] = await syncIdsOf(store, location, [sync], signal);
  const as = given === undefined ? syncId : await newSyncId(store, location, given, signal);
  // Every record is read, so the tables are checked for damage first.
  progress.update({ doing: 'checking' });
  await store.verifySpans(spansOf([syncId]), { signal });
  const report = await expandSync(store, syncId, {
    ...{ as, replace, signal, mismatches: skipMismatches ? 'skip' : 'refuse' },
    onProgress: ({ step, done, total }) => progress.update({ ...STEPS[step], done, total }),
  });
  const durationMs = roundMs(performance.now() - started);
  return {
    document: { syncId, as, ...report, durationMs },
    text: skippedText(report),
    summary:
      `${style.good('done')}: ${formatCountOf(report.created, 'grant')} derived, ` +
      `${formatCount(report.updated)} got sources, through ` +
      `${formatCountOf(report.entitlements, 'entitlement')}` +
      `${report.cycles === 0 ? '' : ` and ${formatCountOf(report.cycles, 'cycle')}`}, ` +
      `in ${formatMs(durationMs)}\n`,
  };
}

function skippedText({ skipped }: ExpansionReport): string {
  const { sourceMissing, destinationMissing, mismatched, examples } = skipped;
  const count = sourceMissing + destinationMissing + mismatched;
  if (count === 0) return '';
  const named = examples.slice(0, MAX_NAMED).map((id) => JSON.stringify(id));
  const more = examples.length > MAX_NAMED ? ', …' : '';
  return (
    `skipped ${formatCountOf(count, 'expansion')}: ` +
    `${formatCount(sourceMissing + destinationMissing)} from or to an entitlement without a record, ` +
    `${formatCount(mismatched)} from one of another resource (${named.join(', ')}${more})\n`
  );
}
