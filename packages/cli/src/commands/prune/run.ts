import {
  type PlannedSync,
  type PrunePlan,
  type PrunePolicy,
  pruneSyncs,
  readPrunePlan,
} from '@sstitch/operations';
import { SyncType } from '@sstitch/records';
import type { CommandContext, CommandResult, Run } from '../../command-line/command-context.js';
import type { InputOf } from '../../command-line/command-spec.js';
import { CliError } from '../../errors.js';
import { requireConsent } from '../../operations/consent.js';
import { patienceOf } from '../../operations/wait-for-store.js';
import { formatCountOf, formatMs, roundMs } from '../../output/quantities.js';
import { formatTable } from '../../output/table.js';
import { hasKeys, syncIdsOf } from '../../stores/find-syncs.js';
import { type ByteReader, type ByteStore, withReader, withStore } from '../../stores/open-store.js';
import { spansOf } from '../../stores/sync-spans.js';
import type { pruneCommand } from './command.js';

type Input = InputOf<typeof pruneCommand>;

const DAY_MS = 24 * 60 * 60 * 1000;
const REASONS = {
  unfinished: 'not finished',
  newest: 'newest of its type',
  young: 'young enough',
  named: 'named',
  replaced_version: 'replaced version',
  old: 'old',
  replaced_version_of_none: 'replaced version',
} as const satisfies Record<PlannedSync['reason'], string>;

export const run: Run<typeof pruneCommand> = (context, input) =>
  input.dryRun
    ? withReader(input.store, (reader) => planOnly(context, input, reader), {
        signal: context.signal,
      })
    : withStore(
        input.store,
        'refuse',
        (store) => prune(context, input, store),
        patienceOf(context, input.wait),
      );

async function planOnly(
  context: CommandContext,
  input: Input,
  engine: ByteReader,
): Promise<CommandResult> {
  const { signal } = context;
  const started = performance.now();
  const plan = await readPrunePlan({
    engine,
    policy: await policyOf(input, engine, signal),
    signal,
  });
  const removed = formatCountOf(plan.removed.length, 'sync');
  return {
    document: documentOf(plan, { dryRun: true, elapsedMs: performance.now() - started }),
    text: planText(context, plan, 'would be removed'),
    summary: `would remove ${removed}; nothing was changed\n`,
  };
}

async function prune(
  context: CommandContext,
  input: Input,
  engine: ByteStore,
): Promise<CommandResult> {
  const { signal, style } = context;
  const policy = await policyOf(input, engine, signal);
  let started = performance.now();
  const { plan, commit } = await pruneSyncs({
    ...{ engine, policy, signal },
    confirm: async (planned) => {
      if (!input.yes) await confirm(context, input.store, planned);
      started = performance.now();
    },
  });
  const elapsedMs = performance.now() - started;
  return {
    document: documentOf(plan, { dryRun: false, elapsedMs, pauseMs: commit?.pauseMs }),
    text: planText(context, plan, 'removed'),
    summary:
      `${style.good('done')}: ${formatCountOf(plan.removed.length, 'sync')} removed in ` +
      `${formatMs(elapsedMs)}\n`,
  };
}

/** @throws CliError SSTITCH_SYNC_NOT_FOUND, SSTITCH_USAGE */
async function policyOf(
  { store, keep, youngerThan, keepSync, removeReplaced }: Input,
  engine: ByteStore | ByteReader,
  signal: AbortSignal,
): Promise<PrunePolicy> {
  const keepSyncIds = await syncIdsOf(engine, store, keepSync ?? [], signal);
  for (const syncId of keepSyncIds) {
    if (await hasKeys(engine, spansOf([syncId]), signal)) continue;
    // The id may be mistyped, and the prune would then remove the sync that the user wants to keep.
    throw new CliError('SSTITCH_SYNC_NOT_FOUND', `--keep-sync: ${store} holds no sync ${syncId}`);
  }
  return {
    keepNewest: keep,
    keepYoungerThanMs: youngerThan === undefined ? undefined : youngerThan * DAY_MS,
    keepSyncIds,
    removeReplaced,
  };
}

function planText(
  { columns, style }: CommandContext,
  { removed, kept }: PrunePlan,
  outcome: string,
): string {
  if (removed.length + kept.length === 0) return 'no syncs\n';
  const rowsOf = (syncs: readonly PlannedSync[], what: string) =>
    syncs.map(({ syncId, type, endedAt, reason }) => [
      syncId,
      typeOf(reason, type),
      endedAt === undefined ? '-' : endedAt.toISOString().slice(0, 16).replace('T', ' '),
      what,
      REASONS[reason],
    ]);
  return formatTable(
    [
      { title: 'SYNC' },
      { title: 'TYPE' },
      { title: 'ENDED (UTC)' },
      { title: '' },
      { title: 'WHY' },
    ],
    [...rowsOf(kept, 'stays'), ...rowsOf(removed, outcome)],
    style.bold,
    columns,
  );
}

function confirm(context: CommandContext, location: string, plan: PrunePlan): Promise<void> {
  const { removed } = plan;
  const what =
    removed.length === 1 ? `sync ${removed[0]?.syncId}` : formatCountOf(removed.length, 'sync');
  const shown = planText(context, plan, 'would be removed');
  return requireConsent(context, `Remove ${what} from ${location}?`, shown);
}

interface Outcome {
  readonly dryRun: boolean;
  readonly elapsedMs: number;
  readonly pauseMs?: number | undefined;
}

function documentOf({ removed, kept }: PrunePlan, { dryRun, elapsedMs, pauseMs = 0 }: Outcome) {
  const syncOf = ({ syncId, type, endedAt, reason }: PlannedSync) => ({
    ...{ syncId, type: typeOf(reason, type), endedAt: endedAt?.toISOString() ?? null, reason },
  });
  return {
    removed: removed.map(syncOf),
    kept: kept.map(syncOf),
    ...{ dryRun, durationMs: roundMs(elapsedMs), pauseMs: roundMs(pauseMs) },
  };
}

/** Formats FULL as `full`; `replaced` for a kept version, as `syncs` shows it. */
function typeOf(reason: PlannedSync['reason'], type: SyncType): string {
  const isReplaced = reason === 'replaced_version' || reason === 'replaced_version_of_none';
  return isReplaced ? 'replaced' : (SyncType[type] ?? String(type)).toLowerCase();
}
