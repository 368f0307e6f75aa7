// Time, as the protocol uses it. No clock decides the order of commits: clocks only say when to renew, when to give up
// and when another process counts as dead. Tests put a simulated clock in its place.
import { setTimeout as sleep } from 'node:timers/promises';

/** A process's monotonic clock. */
export interface Clock {
  /** Milliseconds since some moment; never goes back. */
  nowMs(): number;
  /**
   * Fulfils after a time. A sleep without a signal keeps the process alive. One with a signal does not: it belongs to
   * background work, for which no caller waits.
   *
   * @throws the signal's AbortError
   */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
}

/** The clock of this process. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  sleep: (durationMs, signal) =>
    signal === undefined ? sleep(durationMs) : sleep(durationMs, undefined, { ref: false, signal }),
};
