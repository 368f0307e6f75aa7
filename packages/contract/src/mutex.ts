/** Runs asynchronous calls one at a time, in the order they are made. A failed call does not stop later ones. */
export class Mutex {
  #last: Promise<void> = Promise.resolve();
  #calls = 0;

  /** Whether a call is running or waiting. */
  get isLocked(): boolean {
    return this.#calls > 0;
  }

  /**
   * Runs `work` after every earlier call has ended.
   *
   * @param signal ends the wait; it does not stop `work` once that has begun
   * @throws the signal's reason, as soon as it fires, if `work` has not begun; otherwise whatever `work` throws
   */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const earlier = this.#last;
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    this.#last = earlier.then(() => released);
    this.#calls++;
    try {
      await untilAborted(earlier, signal);
      // The signal can have fired since the earlier call ended.
      signal?.throwIfAborted();
      return await work();
    } finally {
      this.#calls--;
      release();
    }
  }
}

async function untilAborted(
  earlier: Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (signal === undefined) return earlier;
  signal.throwIfAborted();
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    await Promise.race([earlier, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
