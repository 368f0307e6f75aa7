import type { Clock } from '../src/clock.js';
import { abortedBy } from '../src/errors.js';

interface Sleeper {
  readonly untilMs: number;
  readonly wake: () => void;
}

/** A clock that a test moves. */
export class ManualClock implements Clock {
  #nowMs = 0;
  #sleepers: Sleeper[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => signal !== undefined && reject(abortedBy(signal));
      const wake = () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      this.#sleepers.push({ untilMs: this.#nowMs + durationMs, wake });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Moves on by steps in which sleepers wake, each with what its promises start. */
  async advance(durationMs: number, stepMs = durationMs): Promise<void> {
    const endMs = this.#nowMs + durationMs;
    while (this.#nowMs < endMs) {
      this.#nowMs = Math.min(endMs, this.#nowMs + stepMs);
      const due = this.#sleepers.filter(({ untilMs }) => untilMs <= this.#nowMs);
      this.#sleepers = this.#sleepers.filter(({ untilMs }) => untilMs > this.#nowMs);
      for (const { wake } of due) wake();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
