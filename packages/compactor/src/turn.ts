// Serialises the compactions of a base. The engine serialises its commits, but the strategy `batch` reads the base before
// it writes: two concurrent batches of one sync could leave a mix of both.
import { Mutex } from '@sstitch/contract';

const turns = new WeakMap<object, Mutex>();

/**
 * Runs `work` once every earlier call for `base` has ended.
 *
 * @throws the signal's reason, if it fires before `work` begins
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
