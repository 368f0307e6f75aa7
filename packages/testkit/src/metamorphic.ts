// Random sequences of everything an engine can do, held against the model after each step.
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

export interface MetamorphicOptions {
  /** How many sequences. @defaultValue 30 */
  readonly runs?: number;
  /** How many actions a sequence has. @defaultValue 60 */
  readonly actions?: number;
  /** Of an earlier failure, to see it again. @defaultValue a random one */
  readonly seed?: number;
  /** Of an earlier failure: the shrunk sequence. */
  readonly path?: string;
  /** Stops shrinking after this. @defaultValue 60,000 */
  readonly shrinkLimitMs?: number;
}

/**
 * Runs random actions against an engine with random settings, and against the model.
 *
 * @throws an error of fast-check's that names the seed, the path and the shortest failing sequence it
 * found, with the TestkitError or the engine's error as its cause
 */
export async function runMetamorphic(
  makeTarget: MakeTarget,
  options: MetamorphicOptions = {},
): Promise<void> {
  const { runs = 30, actions = 60, seed, path, shrinkLimitMs = 60_000 } = options;
  let failedAt = Number.POSITIVE_INFINITY;
  const sequences = actionSequences(actions);
  const property = fc.asyncProperty(settingsInTurn, sequences, async (settings, sequence) => {
    // Past the limit every shorter sequence passes: fast-check then reports the best it has.
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
