import { wholeNumberArgument } from '../arguments.js';
import type { CommandContext, CommandRegistry, CommandResult } from '../command-context.js';
import type { BucketLine, CompactionDocument } from '../compaction-report.js';
import { type DemoEvent, type DemoReport, playDemo } from '../demo-scene.js';
import { EXIT_CODES } from '../exit-codes.js';
import { formatBytes, formatCount, formatCountOf, formatMs } from '../output/quantities.js';
import type { Style } from '../output/style.js';
import { differenceTable } from './diff.js';

const DEFAULT_GRANTS = 5000;
const MAX_GRANTS = 10_000_000;
const INDENT = '  ';

export function addDemoCommand(registry: CommandRegistry): void {
  registry
    .define({
      usage: 'demo',
      summary: 'watch a compaction, from start to proof',
      description:
        'Makes a base store with three syncs and a source store with a newer version of one of them, ' +
        'compacts, and checks the result. All in a temporary directory that is gone at the end. Exits ' +
        'with 0 only if every check held.',
      examples: [
        ['demo', 'takes a second or two'],
        ['demo --grants 300000', 'more data: the compaction hardly takes longer'],
      ],
    })
    .option(
      '--grants <n>',
      'grants of each sync',
      wholeNumberArgument(1, MAX_GRANTS),
      DEFAULT_GRANTS,
    )
    .action(
      registry.handle((context, flags: { grants: number }) => runDemo(context, flags.grants)),
    );
}

async function runDemo(context: CommandContext, grants: number): Promise<CommandResult> {
  const { io, json, signal, style } = context;
  const tell = async (text: string) => {
    if (!json) await io.stdout.write(text);
  };
  await tell(`\n${style.bold('SSTitch demo')}: one sync of a store is replaced, in one commit\n\n`);
  const report = await playDemo({
    grants,
    signal,
    onEvent: (event) => tell(eventText(event, grants, context)),
  });
  return {
    document: report,
    text: checksText(report, style),
    ...(report.ok
      ? {}
      : { exitCode: EXIT_CODES.corrupt, complaint: 'a check of the demo did not hold' }),
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

/** A virtual table is linked but for its index. */
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
    ? `${style.good('All checks held')} over ${verified}. Nothing was left behind.`
    : style.bad('A check did not hold.');
  return `\n${lines.join('')}\n  ${verdict}\n`;
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, INDENT);
}
