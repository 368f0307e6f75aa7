// Runs the torture families and prints one line each: tried, survived, failed. Without flags each runs
// once, short. With --minutes the families take turns, each time with the next seed and more cases,
// until the time is over.
import { parseArgs } from 'node:util';
import { families } from './families.mjs';

const USAGE = `usage: pnpm torture [--minutes N] [--seed S] [--family NAME[,NAME…]]
families: ${Object.keys(families).join(', ')}`;

const { values: flags } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seed: { type: 'string', default: '1' },
    family: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const names = flags.family === undefined ? Object.keys(families) : flags.family.split(',');
const unknown = names.find((name) => families[name] === undefined);
const minutes = flags.minutes === undefined ? 0 : Number(flags.minutes);
let seed = Number(flags.seed);
if (flags.help || unknown !== undefined || !(minutes >= 0) || !Number.isSafeInteger(seed)) {
  console.error(unknown === undefined ? USAGE : `no family ${unknown}\n${USAGE}`);
  process.exit(flags.help ? 0 : 2);
}

const totals = new Map(names.map((name) => [name, { tried: 0, survived: 0, failures: [] }]));
const end = performance.now() + minutes * 60_000;
let scale = 1;
do {
  for (const name of names) {
    const start = performance.now();
    process.stderr.write(`${name} (seed ${seed}) ...\n`);
    const report = await families[name]({ seed, scale });
    const total = totals.get(name);
    total.tried += report.tried;
    total.survived += report.survived;
    total.failures.push(...report.failures);
    total.skipped = report.skipped;
    const seconds = ((performance.now() - start) / 1000).toFixed(0);
    process.stderr.write(`${name} took ${seconds} s\n`);
    for (const { replay, message } of report.failures.slice(0, 5)) {
      process.stderr.write(`  ${replay}\n  ${message}\n`);
    }
    if (minutes > 0 && performance.now() > end) break;
  }
  seed++;
  scale = Math.min(scale * 2, 16);
} while (performance.now() < end);

let failed = 0;
for (const [name, { tried, survived, failures, skipped }] of totals) {
  failed += failures.length;
  const note = skipped === undefined ? '' : `  (${skipped})`;
  console.log(
    `${name.padEnd(14)} tried ${tried}, survived ${survived}, failed ${failures.length}${note}`,
  );
}
process.exitCode = failed === 0 ? 0 : 1;
