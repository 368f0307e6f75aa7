// A process's lease. Invariants:
// - a process uses its lease for leaseMs of its own clock after it sent a renewal, and only if that was acknowledged
//   while the lease before it was valid;
// - another process counts it as dead once it has seen one beat for DEAD_AFTER_LEASES × leaseMs of its own clock; the
//   lease says its leaseMs.
// So a lease ends for its holder before it ends for others, unless one clock runs at half the speed of the other. Even
// then no wrong data is read: what others delete is missed (SSTITCH_VIEW_GONE), and a commit of a run is void.
import type { Clock } from '../clock.js';
import { ClusterError } from '../errors.js';
import type { ClusterPort } from '../port.js';

/** A process counts as dead once its beat has stood still for this many lease durations. */
export const DEAD_AFTER_LEASES = 2;
/** Renewals per lease duration, so that some may fail. */
const RENEWALS_PER_LEASE = 6;

export interface LeaseKeeperOptions {
  readonly port: ClusterPort;
  readonly clock: Clock;
  readonly owner: string;
  readonly leaseMs: number;
}

/** Writes a lease, renews it and knows when it ended. */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  readonly #stop = new AbortController();
  #heldSlot: () => number = () => 0;
  #afterRenewal: () => Promise<unknown> = async () => undefined;
  #beat = 0;
  #validUntilMs = 0;
  #lost: string | undefined;
  #renewals: Promise<void> = Promise.resolve();

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
  }

  /** Takes a lease that needs every state, and renews it from here on. */
  async start(): Promise<void> {
    const { clock, leaseMs } = this.#options;
    this.#validUntilMs = clock.nowMs() + leaseMs;
    await this.#renew();
    this.#renewals = this.#renewRegularly();
  }

  /**
   * From here on the lease needs the states from `heldSlot()` on. `afterRenewal` catches up with the log, so that an
   * idle process needs no old state.
   */
  async follow(heldSlot: () => number, afterRenewal: () => Promise<unknown>): Promise<void> {
    this.#heldSlot = heldSlot;
    this.#afterRenewal = afterRenewal;
    await this.#renew();
  }

  /** @throws ClusterError SSTITCH_LEASE_LOST once the lease has ended */
  check(): void {
    if (this.#lost === undefined && this.#options.clock.nowMs() > this.#validUntilMs) {
      this.lose(`it was not renewed for ${this.#options.leaseMs} ms`);
    }
    if (this.#lost !== undefined) {
      const message = `the lease of this process on store "${this.#options.port.store}" was lost: ${this.#lost}; it takes no calls until it is reopened`;
      throw new ClusterError('SSTITCH_LEASE_LOST', message);
    }
  }

  /** Ends the lease for this process. */
  lose(reason: string): void {
    this.#lost ??= reason;
  }

  /** Ends the renewals and deletes the lease; if that fails, others count it as dead later. */
  async end(): Promise<void> {
    this.lose('it ended');
    this.#stop.abort();
    await this.#renewals;
    await this.#options.port.deleteLease(this.#options.owner).catch(() => undefined);
  }

  async #renewRegularly(): Promise<void> {
    const { clock, leaseMs } = this.#options;
    const { signal } = this.#stop;
    while (this.#lost === undefined) {
      await clock.sleep(leaseMs / RENEWALS_PER_LEASE, signal).catch(() => undefined);
      if (signal.aborted) return;
      // A failed renewal does not end the lease: the next one may be in time.
      await this.#renew().catch(() => undefined);
      // Renewals do not wait for the log.
      this.#afterRenewal().catch(() => undefined);
    }
  }

  async #renew(): Promise<void> {
    const { port, clock, owner, leaseMs } = this.#options;
    this.check();
    const sentMs = clock.nowMs();
    this.#beat += 1;
    await port.writeLease({ owner, slot: this.#heldSlot(), beat: this.#beat, durationMs: leaseMs });
    // The previous lease must still be valid: a late acknowledgement may be of a lease that others have ended.
    this.check();
    this.#validUntilMs = Math.max(this.#validUntilMs, sentMs + leaseMs);
  }
}
