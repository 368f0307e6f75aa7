import { type SalvageReport, salvageLogs } from '@sstitch/engine';
import type { CommandContext, CommandResult, Run } from '../../command-line/command-context.js';
import { formatBytes, formatCountOf } from '../../output/quantities.js';
import type { salvageCommand } from './command.js';

export const run: Run<typeof salvageCommand> = async (context, { store }) =>
  resultOf(context, store, await salvageLogs(store, { signal: context.signal }));

function resultOf({ style }: CommandContext, store: string, report: SalvageReport): CommandResult {
  const { logs, keptOperations, droppedBytes } = report;
  const document = { store, ...report };
  if (logs.length === 0) {
    return { document, summary: `${style.good('ok')}: no log of ${store} is damaged\n` };
  }
  const lines = logs.map(({ path, copy, damage, ...log }) => {
    const why = damage === undefined ? `it follows a damaged log (${path})` : damage.message;
    return `dropped ${formatBytes(log.droppedBytes)} of a log: ${why}; the whole log is in ${copy}\n`;
  });
  return {
    document,
    text: lines.join(''),
    summary:
      `${style.good('done')}: kept ${formatCountOf(keptOperations, 'operation')} before the damage, ` +
      `dropped ${formatBytes(droppedBytes)}; ${store} opens again\n`,
  };
}
