// Hostile inputs: .c1z files that decode to endless data, databases with false headers, tables with absurd
// lengths, stores whose pointers and links lead elsewhere. Each must be refused with a typed error, within its
// limit, and touch nothing outside.
import { join } from 'node:path';
import {
  type FamilyOptions,
  type FamilyReport,
  FamilyTally,
  tortureDirectory,
} from '@sstitch/testkit/torture';
import { runCases } from '../cases/case-process.js';
import { makeSmallStore } from '../cases/small-store.js';
import { HOSTILE_CASES, type HostileSetup } from './hostile-cases.js';

export interface HostileOptions extends FamilyOptions {
  /** How often all cases run, each time with other records. @defaultValue 1 */
  readonly rounds?: number;
  /** @defaultValue 2 */
  readonly processes?: number;
}

/** Runs the family, as the top of this file describes. */
export async function runHostileFamily(options: HostileOptions): Promise<FamilyReport> {
  const { seed, rounds = 1, processes } = options;
  const tally = new FamilyTally('hostile', options);
  for (let round = 0; round < rounds; round++) {
    const torture = tortureDirectory('hostile', 'memory');
    const directory = torture.path;
    try {
      const paths = [join(directory, 'store'), join(directory, 'stale')] as const;
      const store = await makeSmallStore(...paths, seed + round);
      const setup: HostileSetup = { store, seed: seed + round };
      const cases = HOSTILE_CASES.length;
      const replay = `seed ${seed + round}`;
      await runCases(tally, { family: 'hostile', setup, cases, replay, processes });
    } finally {
      torture.remove();
    }
  }
  return tally.report();
}
