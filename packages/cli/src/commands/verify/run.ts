import type { CommandRegistry, CommandResult } from '../../command-line/command.js';
import { syncsOption } from '../../command-line/option-values.js';
import { EXIT_CODES } from '../../exit-codes.js';
import { type VerifyReport, verifyStore } from '../../operations/verify-store.js';
import { formatCountOf } from '../../output/quantities.js';
import { spansOf } from '../../reports/compaction-report.js';
import { withReader } from '../../stores/open-store.js';
import { hasKeys } from '../../stores/scan-span.js';
import type { Style } from '../../terminal/style.js';

/** More than this on a terminal tells no more. --json lists up to a thousand. */
const MAX_SHOWN_PROBLEMS = 20;

export function addVerifyCommand(registry: CommandRegistry): void {
  registry
    .define({
      usage: 'verify <store>',
      summary: 'check tables, keys and indexes',
      description:
        'Checks a store from its files up: the rules of its MANIFEST, every table in full (checksums, ' +
        'order, filters, and what the MANIFEST says of it), its logs, every key, and the index entries of every sync against its records, both ' +
        'ways. Lists what is wrong and exits with 4 if anything is. If a table is broken, keys are ' +
        'not looked at: LevelDB trusts its tables. Keys of no sync, as an adopted database has them, are counted.',
      examples: [
        ['verify base', 'all of it'],
        [
          'verify base --sync 36zfOAoWMxQdISbixanQCRBiX7E',
          'all tables, keys and indexes of one sync',
        ],
      ],
    })
    .addOption(syncsOption('keys and indexes of these syncs alone'))
    .action(
      registry.handle(
        async (
          { progress, signal, style },
          store: string,
          { sync: syncIds = [] }: { sync?: readonly string[] },
        ) => {
          const report = await verifyStore(store, {
            syncIds: syncIds.length === 0 ? undefined : syncIds,
            signal,
            onProgress: (text) => progress.update(text),
          });
          const result = verifyResult(style, report);
          const missing = report.ok ? await missingSyncs(store, syncIds, signal) : [];
          if (missing.length === 0) return result;
          const complaint = `${store} holds no sync ${missing.join(', ')}`;
          return { ...result, exitCode: EXIT_CODES.noSuchSync, complaint };
        },
      ),
    );
}

/** Those of the syncs of which the store holds nothing. */
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

function verifyResult(style: Style, report: VerifyReport): CommandResult {
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
  const counts = `${formatCountOf(tables, 'table')}, ${formatCountOf(keys, 'key')}, ${formatCountOf(syncs, 'sync')}`;
  const noted = notes.map(({ kind, message }) => `note on ${kind}: ${message}\n`).join('');
  if (ok) return { document, text: `${noted}${style.good('ok')}: ${counts}\n` };
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
      (isComplete ? '' : 'keys and indexes were not looked at\n'),
    exitCode: EXIT_CODES.corrupt,
    complaint: `the check failed: ${formatCountOf(problemCount, 'problem')}`,
  };
}
