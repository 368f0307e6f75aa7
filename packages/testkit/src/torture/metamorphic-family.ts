// Random sequences of every operation against the model, as a torture family: each sequence is a case.

import { makeStoreTarget } from '../metamorphic/store-target.js';
import { runMetamorphic } from '../metamorphic.js';
import { type FamilyReport, FamilyTally } from './family.js';

export interface MetamorphicFamilyOptions {
  readonly seed: number;
  /** @defaultValue 100 */
  readonly runs?: number;
  /** Actions of a sequence, at most. @defaultValue 300 */
  readonly actions?: number;
}

/** Runs the family, each sequence with a seed of its own. */
export async function runMetamorphicFamily(
  options: MetamorphicFamilyOptions,
): Promise<FamilyReport> {
  const { seed, runs = 100, actions = 300 } = options;
  const tally = new FamilyTally('metamorphic');
  for (let run = 0; run < runs; run++) {
    const runSeed = seed * 1_000_003 + run;
    await tally.try(`seed ${runSeed}, ${actions} actions`, () =>
      runMetamorphic(makeStoreTarget, { runs: 1, actions, seed: runSeed }),
    );
  }
  return tally.report();
}
