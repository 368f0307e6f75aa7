// Runs random sequences of everything an engine can do, and compares it with the model after each step.
import fc from 'fast-check';
import { actionSequences, settingsInTurn } from './metamorphic/actions.js';
import { MetamorphicRun } from './metamorphic/run-actions.js';
import type { MakeTarget } from './metamorphic/target.js';

export type {
  ClearRange,
  MakeTarget,
  MetamorphicTarget,
  OpenedView,
  StoreSettings,
  TransferSpec,
} from './metamorphic/target.js';

/** Options of a metamorphic run. */
export interface MetamorphicOptions {
  /** How many sequences to run. @defaultValue 30 */
  readonly runs?: number;
  /** How many actions each sequence has. @defaultValue 60 */
  readonly actions?: number;
  /** The seed of an earlier failure, to reproduce it. @defaultValue a random seed */
  readonly seed?: number;
  /** The path of an earlier failure, which identifies the shrunk sequence. */
  readonly path?: string;
  /** How long to shrink a failure. @defaultValue 60,000 */
  readonly shrinkLimitMs?: number;
}

/**
 * Runs random actions on an engine with random settings and on the model.
 *
 * @throws fast-check's error, which names the seed, the path and the shortest failing sequence found; its cause
 * is the TestkitError or the engine's error
 */
export async function runMetamorphic(
  makeTarget: MakeTarget,
  options: MetamorphicOptions = {},
): Promise<void> {
  const { runs = 30, actions = 60, seed, path, shrinkLimitMs = 60_000 } = options;
  let failedAt = Number.POSITIVE_INFINITY;
  const sequences = actionSequences(actions);
  const property = fc.asyncProperty(settingsInTurn, sequences, async (settings, sequence) => {
    // After the limit every shorter sequence counts as passed, so that fast-check reports the best so far.
    if (performance.now() > failedAt + shrinkLimitMs) return;
    const target = await makeTarget(settings);
    try {
      await new MetamorphicRun(target).run(sequence);
    } catch (error) {
      failedAt = Math.min(failedAt, performance.now());
      throw error;
    } finally {
      await target.destroy();
    }
  });
  await fc.assert(property, {
    numRuns: runs,
    ...(seed === undefined ? {} : { seed }),
    ...(path === undefined ? {} : { path }),
  });
}
