import type { CommandResult, Run } from '../../command-line/command-context.js';
import { EXIT_CODES } from '../../exit-codes.js';
import { type VerifyReport, verifyStore } from '../../operations/verify-store.js';
import { formatCountOf } from '../../output/quantities.js';
import { hasKeys, syncIdsIn } from '../../stores/find-syncs.js';
import { withReader } from '../../stores/open-store.js';
import { spansOf } from '../../stores/sync-spans.js';
import type { Style } from '../../terminal/style.js';
import type { verifyCommand } from './command.js';

/** How many problems are shown on a terminal; --json lists up to a thousand. */
const MAX_SHOWN_PROBLEMS = 20;

export const run: Run<typeof verifyCommand> = async (context, { store, sync }) => {
  const { progress, signal, style } = context;
  const syncIds = sync && (await syncIdsIn([store], sync, signal));
  const report = await verifyStore(store, { syncIds, signal, progress });
  const result = resultOf(style, report);
  const missing = report.ok ? await missingSyncs(store, syncIds ?? [], signal) : [];
  if (missing.length === 0) return result;
  const complaint = `${store} holds no sync ${missing.join(', ')}`;
  return { ...result, exitCode: EXIT_CODES.noSuchSync, complaint };
};

/** The given syncs that the store does not hold. */
async function missingSyncs(
  store: string,
  syncIds: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (syncIds.length === 0) return [];
  return withReader(store, async (reader) => {
    const missing: string[] = [];
    for (const syncId of syncIds) {
      if (!(await hasKeys(reader, spansOf([syncId]), signal))) missing.push(syncId);
    }
    return missing;
  });
}

function resultOf(style: Style, report: VerifyReport): CommandResult {
  const { ok, tables, keys, keysOfNoSync, syncs, isComplete, problems, problemCount, notes } =
    report;
  const document = {
    ok,
    tables,
    keys,
    keysOfNoSync,
    syncs,
    isComplete,
    problemCount,
    problems,
    notes,
  };
  const counts =
    // A store on a cluster has no tables.
    (tables === 0 ? '' : `${formatCountOf(tables, 'table')}, `) +
    `${formatCountOf(keys, 'key')}, ${formatCountOf(syncs, 'sync')}`;
  const noted = notes.map(({ kind, message }) => `note on ${kind}: ${message}\n`).join('');
  if (ok) return { document, summary: `${noted}${style.good('ok')}: ${counts}\n` };
  const lines = problems
    .slice(0, MAX_SHOWN_PROBLEMS)
    .map(({ kind, message }) => `${style.bad(kind)}: ${message}\n`);
  const more = problemCount - lines.length;
  return {
    document,
    text:
      noted +
      lines.join('') +
      (more > 0 ? `… and ${formatCountOf(more, 'more problem')}\n` : '') +
      `${style.bad('not ok')}: ${formatCountOf(problemCount, 'problem')} in ${counts}\n` +
      (isComplete ? '' : 'keys and indexes were not checked\n'),
    exitCode: EXIT_CODES.corrupt,
    complaint: `the check failed: ${formatCountOf(problemCount, 'problem')}`,
  };
}
