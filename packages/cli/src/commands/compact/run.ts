import { realpathSync } from 'node:fs';
import type { CompactResult } from '@sstitch/compactor';
import type { KeptVersion } from '@sstitch/operations';
import type { CommandContext, CommandResult, Run } from '../../command-line/command-context.js';
import type { InputOf } from '../../command-line/command-spec.js';
import { isClusterName, isSameCluster, parseClusterName } from '../../command-line/store-name.js';
import { usageError } from '../../errors.js';
import {
  compactionDocument,
  compactStores,
  showProgress,
} from '../../operations/compact-stores.js';
import { withStoreOf } from '../../operations/open-syncs.js';
import {
  aboutKeys,
  type CountsLine,
  countedText,
  countsLines,
  countsText,
  readCounts,
} from '../../operations/sync-counts.js';
import { formatBytes, formatCountOf, formatMs } from '../../output/quantities.js';
import { formatTable } from '../../output/table.js';
import { bucketTable } from '../../reports/bucket-table.js';
import { generationText } from '../../reports/generation-text.js';
import { purgeNote } from '../../reports/purge-note.js';
import { type ByteReader, type ByteStore, withSource } from '../../stores/open-store.js';
import { chosenSyncs, confirmRemoval, requireChoice } from './choose-syncs.js';
import type { compactCommand } from './command.js';
import { compactAs } from './compact-as.js';
import {
  checkKeeping,
  compactAndKeep,
  keptDocument,
  keptText,
  plannedVersions,
  sideIdsOf,
} from './keep-replaced.js';
import {
  type PlannedDifference,
  plannedDifferences,
  plannedDifferenceText,
} from './planned-difference.js';
import { withBase } from './with-base.js';

type Input = InputOf<typeof compactCommand>;

/** Why `--keep-replaced` plans a rebuild. */
const KEEPING = 'kept versions are rebuilt under their side ids';

export const run: Run<typeof compactCommand> = async (context, input) => {
  const { base, from, zone, as } = input;
  requireChoice(input);
  checkKeeping(input);
  if (input.purge && isClusterName(base)) {
    throw usageError(
      '--purge applies to a base in a directory: on a cluster, `sstitch cluster collect` deletes what no reader keeps',
    );
  }
  refuseSameStore(base, from);
  if (as !== undefined) return compactAs(context, input, as);
  return withBase(context, input, (opened) =>
    withStoreOf(context, from, zone, (location) =>
      withSource(location, (source) => runCompact(context, input, opened, source)),
    ),
  );
};

async function runCompact(
  context: CommandContext,
  input: Input,
  base: ByteStore,
  source: ByteStore | ByteReader,
): Promise<CommandResult> {
  const { strategy, allowEmpty, dryRun, verify, purge, keepReplaced } = input;
  const { signal } = context;
  const syncIds = await chosenSyncs(input, source, signal);
  await confirmRemoval(context, input, base, source, syncIds);
  const sideIds = await sideIdsOf(base, input, syncIds, signal);
  if (keepReplaced && !dryRun) {
    return compactAndKeep(context, input, { base, source, syncIds, sideIds });
  }
  const before = await readCounts(base, syncIds);
  const after = await readCounts(source, syncIds);
  const total = await aboutKeys(syncIds.map((syncId) => ({ engine: source, syncId })));
  const result = await compactStores({
    base,
    source,
    syncIds,
    strategy: keepReplaced ? 'rebuild' : strategy,
    emptySource: allowEmpty ? 'remove' : 'refuse',
    signal,
    onProgress: showProgress(context, total),
    dryRun,
    verify,
    purge,
  });
  const counts = countsLines(syncIds, before, after);
  if (!dryRun) return doneResult(context, input, result, counts);
  const differences = await plannedDifferences(context, base, source, syncIds);
  const kept = keepReplaced
    ? await plannedVersions(context, { base, source, syncIds, sideIds })
    : undefined;
  const isKeptByDefault = keepReplaced && strategy === 'auto';
  const plan = isKeptByDefault ? { ...result.plan, reason: KEEPING } : result.plan;
  return plannedResult(context, { ...result, plan }, counts, { differences, kept });
}

function doneResult(
  { columns, style }: CommandContext,
  { base }: Input,
  result: CompactResult,
  counts: readonly CountsLine[],
): CommandResult {
  const document = compactionDocument(result);
  const removed = result.emptied.map(
    (syncId) => `removed ${syncId}: the source does not hold it\n`,
  );
  const how = `strategy ${result.strategy}: ${result.plan.reason}`;
  return {
    document: {
      ...{ ...document, counts, emptied: result.emptied, dryRun: false },
      ...(result.purge === undefined ? {} : { purge: result.purge }),
    },
    text: purgeNote(result.purge),
    summary:
      bucketTable(document.buckets, style.bold, columns) +
      removed.join('') +
      countsText(counts) +
      countedText(style, base, counts) +
      `${style.good('done')}: ${formatCountOf(result.syncs.length, 'sync')} replaced in ` +
      `${formatMs(result.durationMs)}, writers paused ${formatMs(result.pauseMs)}${generationText(result.generation)}\n` +
      `${style.dim(how)}\n`,
  };
}

/** What a dry run finds beside the plan. */
interface Planned {
  readonly differences: readonly PlannedDifference[];
  /** Undefined unless replaced versions are kept. */
  readonly kept: readonly KeptVersion[] | undefined;
}

function plannedResult(
  context: CommandContext,
  result: CompactResult,
  counts: readonly CountsLine[],
  { differences, kept }: Planned,
): CommandResult {
  const { columns, style } = context;
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
    (syncId) => `would remove ${syncId}: the source does not hold it\n`,
  );
  return {
    document: {
      ...compactionDocument(result),
      ...{ counts, differences, emptied: plan.emptied, dryRun: true, plan },
      ...(kept && { kept: keptDocument(kept) }),
    },
    text:
      `${sizes.length === 0 ? '' : table}${plannedDifferenceText(context, differences)}` +
      `${countsText(counts)}${removed.join('')}${keptText(kept ?? [], 'would be')}` +
      `would use strategy ${plan.strategy}: ${plan.reason}; nothing was changed\n`,
  };
}

/** A store cannot be its own source: in a directory, it would wait for its own lock. */
function refuseSameStore(base: string, source: string): void {
  let isSame = false;
  if (isClusterName(base) && isClusterName(source)) {
    isSame = isSameCluster(parseClusterName(base), parseClusterName(source));
  }
  try {
    isSame = realpathSync(base) === realpathSync(source);
  } catch {
    // One of them does not exist: opening it reports that.
  }
  if (isSame) throw usageError(`--base and --from are the same store: ${base}`);
}
