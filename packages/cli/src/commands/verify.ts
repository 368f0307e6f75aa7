import { syncIdArgument } from '../arguments.js';
import type { CommandRegistry, CommandResult } from '../command-context.js';
import { EXIT_CODES } from '../exit-codes.js';
import { formatCountOf } from '../output/quantities.js';
import type { Style } from '../output/style.js';
import { type VerifyReport, verifyStore } from '../verify-store.js';

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
    .option('--sync <id>', 'keys and indexes of this sync alone', syncIdArgument)
    .action(
      registry.handle(
        async ({ progress, signal, style }, store: string, flags: { sync?: string }) => {
          const report = await verifyStore(store, {
            syncId: flags.sync,
            signal,
            onProgress: (text) => progress.update(text),
          });
          const result = verifyResult(style, report);
          if (flags.sync === undefined || !report.ok || report.syncs > 0) return result;
          const complaint = `${store} holds no sync ${flags.sync}`;
          return { ...result, exitCode: EXIT_CODES.noSuchSync, complaint };
        },
      ),
    );
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
