// Compactions of one base run one after another. The engine serialises its commits, but strategy
// `batch` reads the base before it writes: two at once, of the same sync, could leave a mix of both.
import { Mutex } from '@sstitch/contract';

const turns = new WeakMap<object, Mutex>();

/**
 * Runs `work` when every earlier call for `base` has ended.
 *
 * @throws the signal's reason where it fires before the turn comes
 */
export function inTurn<T>(
  base: object,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const turn = turns.get(base) ?? new Mutex();
  turns.set(base, turn);
  return turn.run(work, signal);
}
