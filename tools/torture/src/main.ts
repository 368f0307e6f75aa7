// Runs the torture families and prints a line for each: tried, survived, failed. Without flags each family runs
// once in its short form; with --long once in its long form. With --minutes the families take turns, each time
// with the next seed and more cases, until the time is over. Standard error shows the progress; a signal ends
// the run with the totals so far.
import { parseArgs } from 'node:util';
import type { CountedReport, FamilyReport } from '@sstitch/testkit/torture';
import { type Family, families } from './families.js';
import { Totals } from './totals.js';

const USAGE = `usage: pnpm torture [--long | --minutes N] [--seed S] [--family NAME[,NAME…]] [--only TEXT]
families: ${Object.keys(families).join(', ')}
--only    of crash-states, faults, kill and operation-kills: cases whose name has TEXT in it`;

const PROGRESS_PAUSE_MS = 10_000;
const MAX_SCALE = 16;

const { values: flags } = parseArgs({
  options: {
    long: { type: 'boolean', default: false },
    minutes: { type: 'string' },
    seed: { type: 'string', default: '1' },
    family: { type: 'string' },
    only: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});
const names = flags.family === undefined ? Object.keys(families) : flags.family.split(',');
const unknown = names.find((name) => families[name] === undefined);
const minutes = flags.minutes === undefined ? 0 : Number(flags.minutes);
let seed = Number(flags.seed);
const isWrong =
  unknown !== undefined ||
  !(minutes >= 0) ||
  !Number.isSafeInteger(seed) ||
  (flags.long && minutes > 0);
if (flags.help || isWrong) {
  console.error(unknown === undefined ? USAGE : `no family ${unknown}\n${USAGE}`);
  process.exit(flags.help ? 0 : 2);
}

const totals = new Totals(names);
function finish(): number {
  for (const line of totals.lines()) console.log(line);
  return totals.failed === 0 ? 0 : 1;
}
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    process.stderr.write(`${signal}: the totals so far\n`);
    process.exit(finish());
  });
}
setInterval(() => {
  const line = totals.progressLine();
  if (line !== undefined) process.stderr.write(`${line}\n`);
}, PROGRESS_PAUSE_MS).unref();

const end = performance.now() + minutes * 60_000;
let scale = 1;
do {
  for (const name of names) {
    const start = performance.now();
    process.stderr.write(`${name} (seed ${seed}) ...\n`);
    const common = { seed, only: flags.only, onProgress: totals.begin(name) };
    const family = families[name] as Family;
    const report: FamilyReport & Partial<CountedReport> = await (flags.long
      ? family.long(common)
      : family.short(common, scale));
    totals.end(report);
    const counts = report.counts === undefined ? '' : `: ${JSON.stringify(report.counts)}`;
    const seconds = ((performance.now() - start) / 1000).toFixed(0);
    process.stderr.write(`${name} took ${seconds} s${counts}\n`);
    if (minutes > 0 && performance.now() > end) break;
  }
  seed++;
  scale = Math.min(scale * 2, MAX_SCALE);
} while (performance.now() < end);

process.exitCode = finish();
