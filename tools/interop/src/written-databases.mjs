// Writes databases with random entries and options for Pebble to open.
import { writePebbleDatabase } from '@sstitch/pebble';
import { randomEntries } from './random.mjs';
import { NEWEST_FORMAT, OLDEST_FORMAT } from './read-pebble.mjs';

const KIB = 1024;
const FORMATS = NEWEST_FORMAT - OLDEST_FORMAT + 1;

/** Writes a database with `writePebbleDatabase`; returns its entries. */
export async function writeDatabase(directory, random, seed) {
  const entries = randomEntries(random, 2 + random.next(random.pick([20, 2000, 10_000])));
  await writePebbleDatabase(directory, entries, {
    tableSizeBytes: random.pick([64 * KIB, 256 * KIB, 16 * KIB * KIB]),
    blockSizeBytes: random.pick([KIB, 4 * KIB, 32 * KIB]),
    compression: random.pick(['snappy', 'none']),
    bloomBitsPerKey: random.pick([0, 10]),
    formatVersion: OLDEST_FORMAT + (seed % FORMATS),
    current: random.next(2) === 0,
  });
  return entries;
}
