import type { Clock } from '../clock.js';
import type { Lease } from '../port.js';
import { DEAD_AFTER_LEASES } from '../protocol/lease-keeper.js';

/** Leases, by what this process has seen of them. */
export interface WatchedLeases {
  readonly live: readonly Lease[];
  /** Their beats stood still for too long. */
  readonly dead: readonly Lease[];
}

/**
 * Decides which leases are dead: those whose beat it has seen stand still for DEAD_AFTER_LEASES × its duration by its own
 * clock. A process keeps one watch for all its collections; a new watch counts every lease as live.
 */
export class LeaseWatch {
  readonly #clock: Clock;
  /** The beat of each owner, and when it was first seen. */
  readonly #seen = new Map<string, { readonly beat: number; readonly sinceMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param read reads the leases, each with a beat that it had at the call or later */
  async observe(read: () => Promise<readonly Lease[]>): Promise<WatchedLeases> {
    // An answer may be late: what it shows is as old as the question.
    const askedMs = this.#clock.nowMs();
    const leases = await read();
    const nowMs = this.#clock.nowMs();
    const owners = new Set(leases.map((lease) => lease.owner));
    for (const owner of this.#seen.keys()) {
      if (!owners.has(owner)) this.#seen.delete(owner);
    }
    const live: Lease[] = [];
    const dead: Lease[] = [];
    for (const lease of leases) {
      const seen = this.#seen.get(lease.owner);
      if (seen?.beat !== lease.beat) {
        this.#seen.set(lease.owner, { beat: lease.beat, sinceMs: nowMs });
        live.push(lease);
      } else {
        const isDead = askedMs - seen.sinceMs > DEAD_AFTER_LEASES * lease.durationMs;
        (isDead ? dead : live).push(lease);
      }
    }
    return { live, dead };
  }
}
