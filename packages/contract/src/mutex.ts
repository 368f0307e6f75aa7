/** Runs asynchronous work one piece at a time, in the order of the calls. A failure does not stop those after it. */
export class Mutex {
  #last: Promise<void> = Promise.resolve();
  #calls = 0;

  /** Whether a call runs or waits. */
  get isLocked(): boolean {
    return this.#calls > 0;
  }

  /**
   * Runs `work` once every earlier call has ended.
   *
   * @param signal ends the wait; a call that has begun goes on
   * @throws the signal's reason, at once, where it fires before the call's turn; and what `work` throws
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
