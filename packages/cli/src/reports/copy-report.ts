// The report of checkpoint and adopt.
import type { CopiedGeneration } from '@sstitch/engine';
import type { CommandContext, CommandResult } from '../command-line/command-context.js';
import { formatBytes, formatCountOf } from '../output/quantities.js';

/** Builds the result of a hard-linked copy. */
export function copyResult(
  { style }: CommandContext,
  store: string,
  copied: CopiedGeneration,
): CommandResult {
  const { tables, copiedTables, copiedBytes, linkedBytes } = copied;
  return {
    document: { store, tables, linkedBytes, copiedTables, copiedBytes },
    summary:
      `${style.good('done')}: ${store} has ${formatCountOf(tables, 'table')}, ` +
      `${formatBytes(linkedBytes)} linked, ${formatBytes(copiedBytes)} copied\n`,
  };
}
