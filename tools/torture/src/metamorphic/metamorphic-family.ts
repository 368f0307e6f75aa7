// Random sequences of every operation compared with the model, as a torture family in which each sequence is a case.

import { runMetamorphic } from '@sstitch/testkit/metamorphic';
import { type FamilyOptions, type FamilyReport, FamilyTally } from '@sstitch/testkit/torture';
import { makeStoreTarget } from './store-target.js';

export interface MetamorphicFamilyOptions extends FamilyOptions {
  /** @defaultValue 100 */
  readonly runs?: number;
  /** The number of actions in a sequence. @defaultValue 300 */
  readonly actions?: number;
  /** How many sequences run at a time; each waits for its store's threads much of its time. @defaultValue 4 */
  readonly lanes?: number;
}

/** Runs the family, each sequence with its own seed. */
export async function runMetamorphicFamily(
  options: MetamorphicFamilyOptions,
): Promise<FamilyReport> {
  const { seed, runs = 100, actions = 300, lanes = 4 } = options;
  const tally = new FamilyTally('metamorphic', options);
  let next = 0;
  const lane = async () => {
    while (next < runs) {
      const runSeed = seed * 1_000_003 + next++;
      await tally.try(`SSTITCH_SEED=${runSeed} SSTITCH_ACTIONS=${actions}`, () =>
        runMetamorphic(makeStoreTarget, { runs: 1, actions, seed: runSeed }),
      );
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return tally.report();
}
