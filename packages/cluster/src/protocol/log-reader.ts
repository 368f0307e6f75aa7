// Reads the log after a slot that the process has applied. Invariants:
// - slots are returned in order and without gaps: if some were deleted, the process slept, and has lost its lease;
// - the log still has what the process applied: each read of new slots reads the last applied one again, and where that is
//   the last of its segment, each read asks for that segment's head too. A database that lost acknowledged commits (a
//   failover to a standby that lags, a restored backup) ends the client.
import { equalBytes } from '@sstitch/contract';
import { ClusterError } from '../errors.js';
import {
  type ClusterPort,
  FIRST_SLOT,
  firstSlotOf,
  type LogSlot,
  lastSlotOf,
  type ReadStrength,
  segmentOf,
} from '../port.js';
import type { LeaseKeeper } from './lease-keeper.js';

/** The most slots of one read: at most 4 MiB, unless they replace thousands of spans. */
const MAX_SLOTS_PER_READ = 64;

/** Slots of one segment. */
export interface ReadSlots {
  readonly slots: readonly LogSlot[];
  /** Whether the log ended here when its head was read. */
  readonly isEnd: boolean;
}

export class LogReader {
  readonly #port: ClusterPort;
  readonly #lease: LeaseKeeper;
  /** The last record that was applied; undefined after a checkpoint. */
  #applied: LogSlot | undefined;
  /** The error of a log that is not the one that was applied. */
  #divergence: ClusterError | undefined;

  constructor(port: ClusterPort, lease: LeaseKeeper) {
    this.#port = port;
    this.#lease = lease;
  }

  /** Call it with each record that the process applies. */
  onApplied(slot: LogSlot): void {
    this.#applied = slot;
  }

  /** @throws ClusterError SSTITCH_CLUSTER_CORRUPT once the log was found to have lost commits */
  checkLog(): void {
    if (this.#divergence !== undefined) throw this.#divergence;
  }

  /**
   * Reads what follows a slot, the last that was applied when it is called. Others may be applied meanwhile.
   *
   * @throws ClusterError SSTITCH_CLUSTER_UNAVAILABLE, SSTITCH_LEASE_LOST, SSTITCH_CLUSTER_CORRUPT
   */
  async readAfter(known: number, strength: ReadStrength): Promise<ReadSlots> {
    this.checkLog();
    const applied = this.#applied;
    const segment = segmentOf(known + 1);
    const before = firstSlotOf(segment) - 1;
    const headOf = async (how: ReadStrength) => (await this.#port.readHead(segment, how)) ?? before;
    const [head] = await Promise.all([
      headOf(strength),
      known === before && this.#checkEndOfSegment(known, strength),
    ]);
    if (head < known) this.#diverge(known, `its log ends at slot ${head}`);
    if (head === known) return { slots: [], isEnd: true };
    const hasApplied = applied?.slot === known;
    const from = hasApplied && known > before ? known : known + 1;
    const to = Math.min(head, from + MAX_SLOTS_PER_READ - 1);
    const slots = await this.#readSlots(from, to, strength);
    if (slots.length <= to - from) {
      const settledHead = await headOf('serial');
      // Another call of this process may have applied the slots; other processes may then delete them.
      if (this.#applied !== applied) return { slots: [], isEnd: false };
      // A PostgreSQL primary that is killed can show a commit that its standby does not have: the head was never settled.
      if (settledHead < head) return this.readAfter(known, 'serial');
      this.#lease.lose(`the log from slot ${from} on was deleted`);
      this.#lease.check();
    }
    // Others may have deleted the segment before, and its last slot with it.
    const isInSegmentBefore = hasApplied && known === before;
    const [first] = isInSegmentBefore ? await this.#port.readSlots(known, known, strength) : slots;
    if (hasApplied && first !== undefined && !equalBytes(first.record, applied.record)) {
      this.#diverge(known, `slot ${known} of its log has another record now`);
    }
    return { slots, isEnd: to === head && head < lastSlotOf(segment) };
  }

  /** Checks that the log still reaches `known`, the last slot of its segment: the segment after it may have no head. */
  async #checkEndOfSegment(known: number, strength: ReadStrength): Promise<void> {
    if (known < FIRST_SLOT) return;
    const head = (await this.#port.readHead(segmentOf(known), strength)) ?? 0;
    if (head < known) this.#diverge(known, `its log ends at slot ${head}`);
  }

  async #readSlots(from: number, to: number, strength: ReadStrength): Promise<LogSlot[]> {
    const slots = await this.#port.readSlots(from, to, strength);
    if (slots.length > to - from || strength === 'serial') return slots;
    // A head can be at a quorum of the replicas before its slot is.
    return this.#port.readSlots(from, to, 'serial');
  }

  #diverge(known: number, how: string): never {
    const message = `the database lost commits of store "${this.#port.store}" that it had acknowledged: ${how}, and this process has read slot ${known}; close and reopen the store in every process`;
    this.#divergence ??= new ClusterError('SSTITCH_CLUSTER_CORRUPT', message);
    throw this.#divergence;
  }
}
