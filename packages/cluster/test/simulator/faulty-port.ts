// The port of a simulated process: the backend in memory, over a network and replicas that fail. It keeps the
// guarantees of port.ts and no others:
//
// - a statement takes effect some time after the call, and its answer arrives some time after that;
// - a request or an answer can be lost; a write that may be sent again can take effect again, or for the first time,
//   long after its answer;
// - an append can have an unknown outcome, and be applied before its answer, long after, or never;
// - a read with 'quorum' can miss an append that no process knows to be applied.
import { ClusterError } from '../../src/errors.js';
import {
  type Announcement,
  type AppendOutcome,
  type ClusterPort,
  firstSlotOf,
  type Lease,
  type LoadIntent,
  type LogSlot,
  type ReadStrength,
  type StoredCheckpoint,
  segmentOf,
} from '../../src/port.js';
import type { EventLoop } from './event-loop.js';
import type { LogOracle } from './log-oracle.js';
import type { Random } from './random.js';
import type { SimulatedProcess } from './simulated-process.js';

/** What the processes of a schedule share. */
export interface Network {
  readonly loop: EventLoop;
  readonly random: Random;
  readonly oracle: LogOracle;
  /** The probability of each kind of fault; 0 for none. */
  faultRate: number;
  /** How many times slower than usual the network is. */
  slowness: number;
  /** The slots that a 'quorum' read may miss. */
  readonly unsettledSlots: Set<number>;
  /** How many statements may still take effect although they were answered. */
  latecomers: number;
  readonly leaseMs: number;
  /** The first broken rule. */
  violation: unknown;
}

const ANSWER_TIMEOUT_MS = 60;

export class FaultyPort implements ClusterPort {
  readonly store: string;
  readonly #inner: ClusterPort;
  readonly #process: SimulatedProcess;
  readonly #network: Network;

  constructor(inner: ClusterPort, process: SimulatedProcess, network: Network) {
    this.store = inner.store;
    this.#inner = inner;
    this.#process = process;
    this.#network = network;
  }

  readHead(segment: number, strength: ReadStrength): Promise<number | undefined> {
    return this.#read(async () => {
      const head = await this.#inner.readHead(segment, strength);
      if (head === undefined || !this.#misses(head, strength)) return head;
      return head === firstSlotOf(segment) ? undefined : head - 1;
    });
  }

  readSlots(from: number, to: number, strength: ReadStrength): Promise<LogSlot[]> {
    return this.#read(async () => {
      const slots = await this.#inner.readSlots(from, to, strength);
      const last = slots.at(-1);
      if (last === undefined) return slots;
      // A head can be at a quorum before its slot is; guarantee 2 excludes it, and the protocol bears it.
      const isLate = strength === 'quorum' && this.#network.random.chance(this.#network.faultRate);
      return isLate || this.#misses(last.slot, strength) ? slots.slice(0, -1) : slots;
    });
  }

  appendSlot(slot: number, record: Uint8Array): Promise<AppendOutcome> {
    const { loop, random, faultRate } = this.#network;
    const append = async (isAnswered: boolean): Promise<AppendOutcome> => {
      const outcome = await this.#inner.appendSlot(slot, record);
      if (outcome.outcome === 'applied') {
        this.#observe((oracle) => oracle.onAppend(slot, record));
        // The append has settled the slot before it.
        if (segmentOf(slot) === segmentOf(slot - 1)) this.#network.unsettledSlots.delete(slot - 1);
        if (!isAnswered) this.#network.unsettledSlots.add(slot);
      }
      return outcome;
    };
    const isFaulty = this.#process.isCutOff || random.chance(2 * faultRate);
    if (!isFaulty) return this.#send(() => append(true));
    const unknown: AppendOutcome = { outcome: 'unknown', cause: unavailable('no answer') };
    const kind = random.pick(['never', 'before', 'late', 'throws'] as const);
    if (kind === 'before' || kind === 'throws')
      loop.after(this.#delayMs(), () => void append(false));
    if (kind === 'late') this.#later(() => append(false));
    return new Promise((resolve, reject) => {
      this.#process.deliver(ANSWER_TIMEOUT_MS * this.#network.slowness, () => {
        if (kind === 'throws') reject(unknown.cause);
        else resolve(unknown);
      });
    });
  }

  deleteSegment(segment: number): Promise<void> {
    return this.#write(() => this.#inner.deleteSegment(segment));
  }

  writeAnnouncement(announcement: Announcement): Promise<void> {
    return this.#write(() => this.#inner.writeAnnouncement(announcement));
  }

  deleteAnnouncement(owner: string): Promise<void> {
    return this.#write(() => this.#inner.deleteAnnouncement(owner));
  }

  readAnnouncements(): Promise<Announcement[]> {
    return this.#read(() => this.#inner.readAnnouncements());
  }

  writeChunk(run: string, chunk: number, blocks: readonly Uint8Array[]): Promise<void> {
    return this.#write(() => {
      this.#observe((oracle) => oracle.onWriteChunk(run, chunk, blocks));
      return this.#inner.writeChunk(run, chunk, blocks);
    });
  }

  readBlock(run: string, chunk: number, block: number): Promise<Uint8Array | undefined> {
    return this.#read(() => this.#inner.readBlock(run, chunk, block));
  }

  readChunk(run: string, chunk: number): Promise<Uint8Array[]> {
    return this.#read(() => this.#inner.readChunk(run, chunk));
  }

  writeRunIndex(run: string, parts: readonly Uint8Array[]): Promise<void> {
    return this.#write(() => {
      this.#observe((oracle) => oracle.onWriteIndex(run));
      return this.#inner.writeRunIndex(run, parts);
    });
  }

  readRunIndex(run: string): Promise<Uint8Array[]> {
    return this.#read(() => this.#inner.readRunIndex(run));
  }

  deleteRun(run: string, chunks: number): Promise<void> {
    return this.#write(() => {
      this.#observe((oracle) => oracle.onDeleteRun(run));
      return this.#inner.deleteRun(run, chunks);
    });
  }

  writeLoad(load: LoadIntent): Promise<void> {
    return this.#write(() => this.#inner.writeLoad(load));
  }

  deleteLoad(run: string): Promise<void> {
    return this.#write(() => this.#inner.deleteLoad(run));
  }

  readLoads(): Promise<LoadIntent[]> {
    return this.#read(() => this.#inner.readLoads());
  }

  async writeLease(lease: Lease): Promise<void> {
    const sentMs = this.#process.clock.nowMs();
    await this.#write(() => this.#inner.writeLease(lease));
    this.#process.leaseAcknowledged(sentMs, this.#network.leaseMs);
  }

  deleteLease(owner: string): Promise<void> {
    return this.#write(() => this.#inner.deleteLease(owner));
  }

  readLeases(): Promise<Lease[]> {
    return this.#read(() => this.#inner.readLeases());
  }

  writeCheckpoint(checkpoint: StoredCheckpoint): Promise<void> {
    return this.#write(() => this.#inner.writeCheckpoint(checkpoint));
  }

  readCheckpoint(): Promise<StoredCheckpoint | undefined> {
    return this.#read(() => this.#inner.readCheckpoint());
  }

  readCheckpointSlot(): Promise<number | undefined> {
    return this.#read(() => this.#inner.readCheckpointSlot());
  }

  deleteCheckpointsBefore(slot: number): Promise<void> {
    return this.#write(() => this.#inner.deleteCheckpointsBefore(slot));
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #observe(look: (oracle: LogOracle) => void): void {
    try {
      look(this.#network.oracle);
    } catch (error) {
      this.#network.violation ??= error;
    }
  }

  /** Whether a read misses a slot that no process knows to be filled. A read that sees it settles it. */
  #misses(slot: number, strength: ReadStrength): boolean {
    const { unsettledSlots, random } = this.#network;
    if (!unsettledSlots.has(slot)) return false;
    if (strength === 'quorum' && random.chance(0.5)) return true;
    unsettledSlots.delete(slot);
    return false;
  }

  #read<T>(effect: () => Promise<T>): Promise<T> {
    if (this.#isFaulty()) return this.#refuse();
    return this.#send(effect);
  }

  #write(effect: () => Promise<void>): Promise<void> {
    const { loop, random, faultRate } = this.#network;
    if (random.chance(faultRate)) this.#later(effect);
    if (!this.#isFaulty()) return this.#send(effect);
    // The answer is lost, or the request.
    if (!this.#process.isCutOff && random.chance(0.5))
      loop.after(this.#delayMs(), () => void effect());
    return this.#refuse();
  }

  #isFaulty(): boolean {
    return this.#process.isCutOff || this.#network.random.chance(this.#network.faultRate);
  }

  #send<T>(effect: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#network.loop.after(this.#delayMs(), () => {
        effect().then(
          (value) => this.#process.deliver(this.#delayMs(), () => resolve(value)),
          (error: unknown) => this.#process.deliver(this.#delayMs(), () => reject(error)),
        );
      });
    });
  }

  #refuse(): Promise<never> {
    return new Promise((_, reject) => {
      const refuse = () => reject(unavailable('no answer'));
      this.#process.deliver(ANSWER_TIMEOUT_MS * this.#network.slowness, refuse);
    });
  }

  /** Lets a statement take effect long after its call. */
  #later(effect: () => Promise<unknown>): void {
    const { loop, random, leaseMs } = this.#network;
    this.#network.latecomers += 1;
    loop.after(random.between(1, 3 * leaseMs), () => {
      this.#network.latecomers -= 1;
      void effect();
    });
  }

  #delayMs(): number {
    const { random, slowness } = this.#network;
    return slowness * (random.chance(0.05) ? random.between(10, 80) : random.between(0, 5));
  }
}

function unavailable(message: string): ClusterError {
  return new ClusterError('SSTITCH_CLUSTER_UNAVAILABLE', message);
}
