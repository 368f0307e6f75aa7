import { wholeNumberArgument } from '../arguments.js';
import type { CommandContext, CommandRegistry, CommandResult } from '../command-context.js';
import { EXIT_CODES } from '../exit-codes.js';
import { formatMs, roundMs } from '../output/quantities.js';
import { runSelfTest, type SelfTestCheck } from '../self-test.js';

const DEFAULT_KILLS = 24;
const MAX_KILLS = 100_000;

interface SelfTestFlags {
  readonly dir: string;
  readonly kills: number;
  readonly seed: number;
}

export function addSelfTestCommand(registry: CommandRegistry): void {
  registry
    .define({
      usage: 'selftest',
      summary: 'try out on your own disk what is promised',
      description:
        'Runs the guarantees of the engine, the isolation fixtures with every strategy, a compaction ' +
        'beside a reader, and then kills processes that compact, write and adopt, and looks at what ' +
        'they left. In a directory of its own that is gone at the end. Exits with 0 only if all held. A ' +
        'power cut it cannot make: that rests on the disk, which must not lie about a sync.',
      examples: [
        ['selftest', 'tries the disk that the current directory is on; takes half a minute'],
        ['selftest --dir /data --kills 1000', 'another disk, for longer'],
      ],
    })
    .option('--dir <directory>', 'a directory on the disk to try', '.')
    .option(
      '--kills <n>',
      'how many processes to kill',
      wholeNumberArgument(0, MAX_KILLS),
      DEFAULT_KILLS,
    )
    .option('--seed <s>', 'other seeds kill at other moments', wholeNumberArgument(0), 1)
    .action(registry.handle((context, flags: SelfTestFlags) => selfTest(context, flags)));
}

async function selfTest(
  { io, json, progress, signal, style }: CommandContext,
  { dir, kills, seed }: SelfTestFlags,
): Promise<CommandResult> {
  const lineOf = ({ name, ok, durationMs, problem }: SelfTestCheck) => {
    const mark = ok ? style.good('ok    ') : style.bad('FAILED');
    const took = style.dim(formatMs(durationMs).padStart(8));
    return `  ${mark} ${name.padEnd(56)} ${took}\n${problem === undefined ? '' : `         ${problem}\n`}`;
  };
  const report = await runSelfTest({
    ...{ directory: dir, kills, seed, signal },
    onProgress: (doing) => progress.update(() => doing),
    onCheck: async (check) => {
      await progress.clear();
      if (!json) await io.stdout.write(lineOf(check));
    },
  });
  const { ok, directory, hardLinks, checks } = report;
  const links = hardLinks ? 'tables are linked' : 'it has no hard links, so tables are copied';
  const verdict = ok
    ? `${style.good('All checks held')} in ${directory}`
    : style.bad('A check did not hold');
  return {
    document: {
      ...report,
      checks: checks.map((check) => ({ ...check, durationMs: roundMs(check.durationMs) })),
    },
    text: `\n  ${verdict}; ${links}.\n`,
    ...(ok
      ? {}
      : { exitCode: EXIT_CODES.corrupt, complaint: 'a check of the selftest did not hold' }),
  };
}
