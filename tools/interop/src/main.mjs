// Checks interoperability with Pebble itself in both directions. Needs Go, and Go's module proxy for the first build.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readDirectory } from './entries.mjs';
import { exerciseDirectory } from './exercise.mjs';
import { buildProgram, hasGo } from './go-program.mjs';
import { Random } from './random.mjs';
import { checkSeed } from './read-pebble.mjs';
import { checkpointStore } from './store-checkpoints.mjs';
import { writeDatabase } from './written-databases.mjs';

const USAGE = `usage: pnpm interop [--seeds N] [--first SEED] [--directory DIRECTORY…]
--seeds      how many databases each way (24)
--directory  let Pebble open, change and compact a copy of this directory, and do nothing else`;

const { values: flags } = parseArgs({
  options: {
    seeds: { type: 'string', default: '24' },
    first: { type: 'string', default: '1' },
    directory: { type: 'string', multiple: true },
    help: { type: 'boolean', default: false },
  },
});
const seeds = Number(flags.seeds);
const first = Number(flags.first);
const isWrong = !Number.isSafeInteger(seeds) || !Number.isSafeInteger(first) || seeds < 0;
if (flags.help || isWrong) {
  console.error(USAGE);
  process.exit(flags.help ? 0 : 2);
}
if (!hasGo()) {
  console.log('skipped: Go is not installed');
  process.exit(0);
}

const scratch = mkdtempSync(join(tmpdir(), 'sstitch-interop-'));
const failures = [];
try {
  const program = buildProgram('pebble');
  if (flags.directory === undefined) await checkBothWays(program);
  else for (const directory of flags.directory) await checkDirectory(program, directory);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
if (failures.length > 0) {
  console.error(failures.join('\n'));
  process.exit(1);
}

/** Runs a check with every seed; prints a line for all seeds and one for each failure. */
async function checkSeeds(name, check) {
  let tried = 0;
  let entries = 0;
  let failed = 0;
  for (let seed = first; seed < first + seeds; seed += 1) {
    tried += 1;
    try {
      entries += await check(seed);
    } catch (error) {
      failed += 1;
      failures.push(`${name}, seed ${seed}: ${error.message}`);
    }
  }
  console.log(`${name}: tried ${tried}, failed ${failed}, ${entries} entries`);
}

async function checkBothWays(program) {
  await checkSeeds('reads what Pebble wrote', (seed) => checkSeed(program, scratch, seed));
  await checkSeeds('Pebble opens what was written', async (seed) => {
    const directory = join(scratch, `written-${seed}`);
    const random = new Random(seed);
    const entries = await writeDatabase(directory, random, seed);
    await exerciseDirectory(program, directory, entries, random);
    rmSync(directory, { recursive: true });
    return entries.length;
  });
  await checkSeeds("Pebble opens a store's checkpoint", async (seed) => {
    const store = join(scratch, `store-${seed}`);
    const directory = join(scratch, `checkpoint-${seed}`);
    const random = new Random(seed);
    const entries = await checkpointStore(store, directory, random);
    await exerciseDirectory(program, directory, entries, random);
    rmSync(directory, { recursive: true });
    rmSync(store, { recursive: true });
    return entries.length;
  });
}

async function checkDirectory(program, directory) {
  const copy = join(scratch, 'copy');
  cpSync(directory, copy, { recursive: true });
  const entries = await readDirectory(copy);
  const seen = await exerciseDirectory(program, copy, entries, new Random(first));
  console.log(`${directory}: ${seen}`);
  rmSync(copy, { recursive: true });
}
