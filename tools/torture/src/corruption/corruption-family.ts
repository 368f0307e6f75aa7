// Corruption: flips every byte of every kind of file of a small store, truncates every file to every length,
// zeroes sectors, and swaps, ages or removes files. verify must find whatever changes what a reader sees, what
// it accepts must read as before, and nothing may kill a process.
import { join } from 'node:path';
import {
  type CountedReport,
  type FamilyOptions,
  FamilyTally,
  tortureDirectory,
} from '@sstitch/testkit/torture';
import { runCases } from '../cases/case-process.js';
import { makeSmallStore } from '../cases/small-store.js';
import type { CorruptionSetup } from './corruption-cases.js';
import { type FlippedBits, listMutations } from './mutations.js';

export interface CorruptionOptions extends FamilyOptions {
  /** Whether to flip one bit of each byte, or each bit and all at once. @defaultValue 'one' */
  readonly bits?: FlippedBits;
  /** One in this many damaged stores is opened and extracted from, and its tables are ingested. @defaultValue 40 */
  readonly useEvery?: number;
  /** @defaultValue 2 */
  readonly processes?: number;
}

/** Runs the family, as the top of this file describes. The counts are: found, noted, sound, refused, … */
export async function runCorruptionFamily(options: CorruptionOptions): Promise<CountedReport> {
  const { seed, bits = 'one', useEvery = 40, processes } = options;
  const tally = new FamilyTally('corruption', options);
  const torture = tortureDirectory('corruption', 'memory');
  const directory = torture.path;
  try {
    const store = await makeSmallStore(join(directory, 'store'), join(directory, 'stale'), seed);
    const setup: CorruptionSetup = { store, seed, bits, useEvery };
    const counts = await runCases(tally, {
      family: 'corruption',
      setup,
      cases: listMutations(store, seed, bits).length,
      replay: `seed ${seed}, bits ${bits}`,
      processes,
    });
    return { ...tally.report(), counts: Object.fromEntries(counts) };
  } finally {
    torture.remove();
  }
}
