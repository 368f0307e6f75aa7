// Compactions of one base run one after another. The engine serialises its commits, but strategy
// `batch` reads the base before it writes: two at once, of the same sync, could leave a mix of both.
import { abortedError, throwIfAborted } from './errors.js';

const lastTurns = new WeakMap<object, Promise<void>>();

/**
 * Runs `work` when every earlier call for `base` has ended.
 *
 * @throws CompactorError SSTITCH_ABORTED when the signal fires before its turn comes
 */
export async function inTurn<T>(
  base: object,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  throwIfAborted(signal);
  const earlier = lastTurns.get(base);
  const { promise: turn, resolve: endTurn } = withResolver();
  lastTurns.set(base, earlier === undefined ? turn : earlier.then(() => turn));
  try {
    if (earlier !== undefined) await untilAborted(earlier, signal);
    return await work();
  } finally {
    endTurn();
  }
}

async function untilAborted(
  earlier: Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (signal === undefined) return earlier;
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(abortedError(signal.reason));
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    await Promise.race([earlier, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function withResolver(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
