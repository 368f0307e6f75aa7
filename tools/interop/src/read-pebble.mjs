// Reads databases that Pebble wrote with random workloads, and compares all entries, ranges and single keys.
import { rmSync } from 'node:fs';
import { PebbleDatabase } from '@sstitch/pebble';
import { expectSame, parseEntries, readEntries } from './entries.mjs';
import { runProgram } from './go-program.mjs';
import { Random, randomKey } from './random.mjs';

export const OLDEST_FORMAT = 13;
export const NEWEST_FORMAT = 24;
const FORMATS = NEWEST_FORMAT - OLDEST_FORMAT + 1;
const RANGES = 20;
const LOOKUPS = 100;

/**
 * Creates a database with Pebble from a seed, and reads it.
 *
 * @returns the number of its entries
 */
export async function checkSeed(program, scratch, seed) {
  const directory = `${scratch}/seed-${seed}`;
  const format = OLDEST_FORMAT + (seed % FORMATS);
  const lines = await runProgram(program, ['generate', directory, `${seed}`, `${format}`]);
  const expected = parseEntries(lines);
  const random = new Random(seed);
  const options = { idleTables: random.pick([0, 1, 64]) };
  const database = await PebbleDatabase.open(directory, options);
  try {
    expectSame(await readEntries(database), expected, 'all entries');
    for (let left = RANGES; left > 0; left -= 1) {
      await checkRange(database, expected, random);
    }
    for (let left = LOOKUPS; left > 0; left -= 1) {
      await checkLookup(database, expected, random);
    }
  } finally {
    await database.close();
  }
  rmSync(directory, { recursive: true });
  return expected.length;
}

/** A key of the database or next to one. */
function keyNear(entries, random) {
  if (entries.length === 0 || random.next(4) === 0) return randomKey(random);
  const { key } = random.pick(entries);
  return random.next(3) === 0 ? Buffer.concat([key, random.bytes(1)]) : key;
}

async function checkRange(database, entries, random) {
  const bounds = [keyNear(entries, random), keyNear(entries, random)];
  const [start, end] = bounds.sort(Buffer.compare);
  const expected = entries.filter(
    ({ key }) => Buffer.compare(key, start) >= 0 && Buffer.compare(key, end) < 0,
  );
  const pageEntries = 1 + random.next(50);
  const found = await readEntries(database, { start, end, pageEntries });
  expectSame(found, expected, `from ${start.toString('hex')} to ${end.toString('hex')}`);
}

async function checkLookup(database, entries, random) {
  const key = keyNear(entries, random);
  const expected = entries.find((entry) => Buffer.compare(entry.key, key) === 0);
  const value = await database.get(key);
  const found = value === undefined ? [] : [{ key, value }];
  expectSame(found, expected === undefined ? [] : [expected], 'a lookup');
}
