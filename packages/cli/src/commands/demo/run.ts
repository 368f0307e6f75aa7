import type { CommandContext, CommandResult, Run } from '../../command-line/command-context.js';
import { EXIT_CODES } from '../../exit-codes.js';
import type { BucketLine, CompactionDocument } from '../../operations/compaction-document.js';
import { type DemoEvent, type DemoReport, playDemo } from '../../operations/demo-scene.js';
import { formatBytes, formatCount, formatCountOf, formatMs } from '../../output/quantities.js';
import { differenceTable } from '../../reports/difference-table.js';
import type { Style } from '../../terminal/style.js';
import type { demoCommand } from './command.js';

const INDENT = '  ';

export const run: Run<typeof demoCommand> = async (context, { grants }) => {
  const { io, json, quiet, signal, style } = context;
  const show = async (text: string) => {
    if (!json && !quiet) await io.stdout.write(text);
  };
  await show(`\n${style.bold('SSTitch demo')}: one sync of a store is replaced, in one commit\n\n`);
  const report = await playDemo({
    grants,
    signal,
    onEvent: (event) => show(eventText(event, grants, context)),
  });
  return resultOf(report, style);
};

function resultOf(report: DemoReport, style: Style): CommandResult {
  const result = { document: report, summary: checksText(report, style) };
  if (report.ok) return result;
  return {
    ...result,
    exitCode: EXIT_CODES.corrupt,
    complaint: 'a check of the demo failed',
  };
}

function eventText(event: DemoEvent, grants: number, { columns, style }: CommandContext): string {
  const step = (name: string, text: string) => `  ${style.accent(name.padEnd(9))}${text}\n`;
  switch (event.type) {
    case 'base':
      return step(
        'base',
        `3 syncs of ${formatCount(grants)} grants: ${formatCount(event.keys)} keys ` +
          style.dim(`(made in ${formatMs(event.durationMs)})`),
      );
    case 'source':
      return step(
        'source',
        `a newer version of the second: ${formatCount(event.keys)} keys ` +
          style.dim(`(made in ${formatMs(event.durationMs)})`),
      );
    case 'planned':
      return `\n${indent(differenceTable(event.buckets, style.bold, columns - INDENT.length))}\n`;
    case 'compacted':
      return step('compact', compactionText(event.compaction, style));
  }
}

/** Counts a virtual table as linked: only its index is new. */
function linkedBytesOf({ linkedBytes, copiedBytes, sharedBytes }: BucketLine): number {
  return linkedBytes + copiedBytes + sharedBytes;
}

function compactionText(compaction: CompactionDocument, style: Style): string {
  const { buckets, strategy, durationMs, pauseMs } = compaction;
  const sum = (bytes: (bucket: (typeof buckets)[number]) => number) =>
    buckets.reduce((total, bucket) => total + bytes(bucket), 0);
  const tables = sum((bucket) => bucket.tables);
  const puts = sum((bucket) => bucket.puts);
  const deletes = sum((bucket) => bucket.deletes);
  const moved =
    strategy === 'batch'
      ? `${formatCountOf(puts, 'put')} and ${formatCountOf(deletes, 'delete')} in one batch`
      : `${formatCountOf(tables, 'table')}: ` +
        [
          ['linked', sum(linkedBytesOf)] as const,
          ['split', sum((bucket) => bucket.splitBytes)] as const,
          ['built', sum((bucket) => bucket.builtBytes)] as const,
        ]
          .filter(([, bytes]) => bytes > 0)
          .map(([how, bytes]) => `${formatBytes(bytes)} ${how}`)
          .join(', ');
  const took = style.bold(formatMs(durationMs));
  return (
    `took ${took}; writers paused ${style.bold(formatMs(pauseMs))}\n` +
    `${' '.repeat(11)}strategy ${strategy}; ${moved}`
  );
}

function checksText({ ok, checks, verify }: DemoReport, style: Style): string {
  const lines = checks.map(
    (check) => `  ${check.ok ? style.good('ok    ') : style.bad('FAILED')} ${check.name}\n`,
  );
  const verified = `${formatCountOf(verify.tables, 'table')} and ${formatCountOf(verify.keys, 'key')}`;
  const verdict = ok
    ? `${style.good('All checks passed')} over ${verified}. Nothing is left on disk.`
    : style.bad('A check failed.');
  return `\n${lines.join('')}\n  ${verdict}\n`;
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, INDENT);
}
