import type { Clock } from '../../src/clock.js';
import { abortedBy } from '../../src/errors.js';
import type { EventLoop } from './event-loop.js';

/**
 * A process: what happens to it is delivered through it, so that it can sleep or die. Its clock has a rate of its own.
 */
export class SimulatedProcess {
  readonly name: string;
  /** Milliseconds of its clock in one of simulated time. */
  readonly rate: number;
  /** Whether its clock stands still while it sleeps, as that of a suspended machine. */
  readonly stopsWithSleep: boolean;
  readonly #loop: EventLoop;
  readonly #held: Array<() => void> = [];
  #isDead = false;
  #sleeps = 0;
  #sleepsSinceMs = 0;
  #offsetMs = 0;
  /** The time until which no statement of the process reaches the database. */
  #cutOffUntilMs = 0;
  /** What its lease is by its own clock, kept apart from the code under test. */
  #leaseValidUntilMs = Number.POSITIVE_INFINITY;
  #hasLostLease = false;

  constructor(loop: EventLoop, name: string, rate: number, stopsWithSleep: boolean) {
    this.#loop = loop;
    this.name = name;
    this.rate = rate;
    this.stopsWithSleep = stopsWithSleep;
  }

  readonly clock: Clock = {
    nowMs: () => (this.#runningMs() + this.#offsetMs) * this.rate,
    sleep: (durationMs, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(abortedBy(signal));
          return;
        }
        const onAbort = () => {
          if (signal !== undefined) reject(abortedBy(signal));
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        this.deliver(durationMs / this.rate, () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        });
      }),
  };

  get isDead(): boolean {
    return this.#isDead;
  }

  get isCutOff(): boolean {
    return this.#loop.nowMs < this.#cutOffUntilMs;
  }

  /** Runs something in the process after a time, once it is awake; never if it is dead. */
  deliver(delayMs: number, run: () => void): void {
    this.#loop.after(delayMs, () => {
      if (this.#isDead) return;
      if (this.#sleeps > 0) this.#held.push(run);
      else run();
    });
  }

  die(): void {
    this.#isDead = true;
  }

  sleepFor(durationMs: number): void {
    if (this.#sleeps === 0) this.#sleepsSinceMs = this.#loop.nowMs;
    this.#sleeps += 1;
    this.#loop.after(durationMs, () => {
      this.#sleeps -= 1;
      if (this.#sleeps > 0) return;
      if (this.stopsWithSleep) this.#offsetMs -= this.#loop.nowMs - this.#sleepsSinceMs;
      for (const run of this.#held.splice(0)) this.deliver(0, run);
    });
  }

  cutOffFor(durationMs: number): void {
    this.#cutOffUntilMs = this.#loop.nowMs + durationMs;
  }

  /** Ends every cut. */
  connect(): void {
    this.#cutOffUntilMs = 0;
  }

  jumpClock(byMs: number): void {
    this.#offsetMs += byMs;
  }

  /** A lease that was requested at `sentMs` of the process's clock is acknowledged now. */
  leaseAcknowledged(sentMs: number, leaseMs: number): void {
    if (!this.isOverLease()) this.#leaseValidUntilMs = sentMs + leaseMs;
  }

  /** The process takes a new lease. */
  leaseRestarts(leaseMs: number): void {
    this.#hasLostLease = false;
    this.#leaseValidUntilMs = this.clock.nowMs() + leaseMs;
  }

  isOverLease(): boolean {
    this.#hasLostLease ||= this.clock.nowMs() > this.#leaseValidUntilMs;
    return this.#hasLostLease;
  }

  #runningMs(): number {
    const isStopped = this.#sleeps > 0 && this.stopsWithSleep;
    return isStopped ? this.#sleepsSinceMs : this.#loop.nowMs;
  }
}
