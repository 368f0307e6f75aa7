import type { Run } from '../../command-line/command-context.js';
import { EXIT_CODES } from '../../exit-codes.js';
import { formatMs, roundMs } from '../../output/quantities.js';
import { escapeText } from '../../terminal/escape.js';
import type { selftestCommand } from './command.js';
import { runSelfTest, type SelfTestCheck } from './self-test.js';

export const run: Run<typeof selftestCommand> = async (context, { dir, kills, seed }) => {
  const { io, json, progress, quiet, signal, style } = context;
  const lineOf = ({ name, ok, durationMs, problem }: SelfTestCheck) => {
    const mark = ok ? style.good('ok    ') : style.bad('FAILED');
    const took = style.dim(formatMs(durationMs).padStart(8));
    const reason = problem === undefined ? '' : `         ${escapeText(problem)}\n`;
    return `  ${mark} ${name.padEnd(56)} ${took}\n${reason}`;
  };
  const report = await runSelfTest({
    ...{ directory: dir, kills, seed, signal, progress },
    onCheck: async (check) => {
      await progress.clear();
      if (!json && !(quiet && check.ok)) await io.stdout.write(lineOf(check));
    },
  });
  const { ok, directory, hardLinks, checks } = report;
  const links = hardLinks
    ? 'tables are linked'
    : 'this file system has no hard links, so tables are copied';
  const verdict = ok
    ? `${style.good('All checks passed')} in ${directory}`
    : style.bad('A check failed');
  return {
    document: {
      ...report,
      checks: checks.map((check) => ({ ...check, durationMs: roundMs(check.durationMs) })),
    },
    summary: `\n  ${verdict}; ${links}.\n`,
    ...(ok ? {} : { exitCode: EXIT_CODES.corrupt, complaint: 'a check of the selftest failed' }),
  };
};
