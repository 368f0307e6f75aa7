import { type SalvageReport, salvageLogs } from '@sstitch/engine';
import type { CommandContext, CommandRegistry, CommandResult } from '../command-context.js';
import { formatBytes, formatCountOf } from '../output/quantities.js';

export function addSalvageCommand(registry: CommandRegistry): void {
  registry
    .define({
      usage: 'salvage <store>',
      summary: 'open a store again of which a log is damaged',
      description:
        'Drops, of the logs of a closed store, what comes from the first damage on, so that the store ' +
        'opens as it was at that moment: what was written later is lost to it. The whole logs are kept ' +
        "in the store's directory 'salvaged'. A store without a damaged log is left as it is.",
      examples: [['salvage base', 'then: sstitch verify base']],
    })
    .action(
      registry.handle(async (context, store: string) =>
        salvageResult(context, store, await salvageLogs(store, { signal: context.signal })),
      ),
    );
}

function salvageResult(
  { style }: CommandContext,
  store: string,
  report: SalvageReport,
): CommandResult {
  const { logs, keptOperations, droppedBytes } = report;
  const document = { store, ...report };
  if (logs.length === 0) {
    return { document, text: `${style.good('ok')}: no log of ${store} is damaged\n` };
  }
  const lines = logs.map(({ path, copy, damage, ...log }) => {
    const why = damage === undefined ? `it follows a damaged log (${path})` : damage.message;
    return `dropped ${formatBytes(log.droppedBytes)} of a log: ${why}; all of it is in ${copy}\n`;
  });
  return {
    document,
    text:
      lines.join('') +
      `${style.good('done')}: kept ${formatCountOf(keptOperations, 'operation')} before the damage, ` +
      `dropped ${formatBytes(droppedBytes)}; ${store} opens again\n`,
  };
}
