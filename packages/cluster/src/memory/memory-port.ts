// The backend in this process: the data of many stores, for tests and for programs that need no durability. It keeps
// every guarantee of port.ts, and its operations take effect at once.

import { type ClusterConnection, checkStoreName } from '../connection.js';
import { ClusterError } from '../errors.js';
import {
  type Announcement,
  type AppendOutcome,
  type ClusterPort,
  firstSlotOf,
  type Lease,
  type LoadIntent,
  type LogSlot,
  MAX_BLOCK_BYTES,
  type ReadStrength,
  type StoredCheckpoint,
  segmentOf,
} from '../port.js';

/** A segment of a log: its head outlives its slots. */
interface Segment {
  head: number;
  readonly slots: Map<number, Uint8Array>;
}

interface Run {
  /** By chunk. */
  readonly chunks: Map<number, Uint8Array[]>;
  index: Uint8Array[];
  /** Writes of the index and of the chunks before it stay deleted; undefined if the run was never deleted. */
  deletedChunks: number | undefined;
}

/** What one store holds. */
class MemoryStore {
  readonly segments = new Map<number, Segment>();
  readonly announcements = new Map<string, Announcement>();
  readonly runs = new Map<string, Run>();
  readonly loads = new Map<string, LoadIntent>();
  readonly leases = new Map<string, Lease>();
  readonly checkpoints = new Map<number, StoredCheckpoint>();
}

/** How many rows a store has of each kind. */
export interface MemoryRowCounts {
  /** Filled slots of the log that are not deleted. */
  readonly slots: number;
  /** Groups that lost their slot and were announced. */
  readonly announcements: number;
  /** Chunks of blocks, of all runs. */
  readonly chunks: number;
  /** Runs that have an index. */
  readonly indexes: number;
  /** Intents to write a run. */
  readonly loads: number;
  /** Leases of processes, live or dead. */
  readonly leases: number;
  /** Encoded states. */
  readonly checkpoints: number;
}

/** The data of stores, by name. Every port to one name sees the same store, as if each were another process's. */
export class MemoryCluster implements ClusterConnection {
  readonly #stores = new Map<string, MemoryStore>();

  /**
   * Returns the port of one store. A store exists from its first commit on.
   * @throws ClusterError SSTITCH_OPTION_INVALID for a name that no backend can keep
   */
  store(name: string): ClusterPort {
    checkStoreName(name);
    return new MemoryPort(name, this.#store(name));
  }

  /** Lists the names of the stores that have a log, in ascending order. */
  async stores(): Promise<string[]> {
    const filled = [...this.#stores].filter(([, store]) => store.segments.size > 0);
    return filled.map(([name]) => name).sort();
  }

  /** Does nothing: the stores stay as long as the cluster is referenced. */
  async close(): Promise<void> {}

  /** How many rows of each kind a store has. */
  rowCounts(store: string): MemoryRowCounts {
    const data = this.#store(store);
    let slots = 0;
    for (const segment of data.segments.values()) slots += segment.slots.size;
    let chunks = 0;
    let indexes = 0;
    for (const run of data.runs.values()) {
      chunks += run.chunks.size;
      indexes += run.index.length > 0 ? 1 : 0;
    }
    return {
      slots,
      announcements: data.announcements.size,
      chunks,
      indexes,
      loads: data.loads.size,
      leases: data.leases.size,
      checkpoints: data.checkpoints.size,
    };
  }

  #store(name: string): MemoryStore {
    let store = this.#stores.get(name);
    if (store === undefined) {
      store = new MemoryStore();
      this.#stores.set(name, store);
    }
    return store;
  }
}

class MemoryPort implements ClusterPort {
  readonly store: string;
  readonly #data: MemoryStore;

  constructor(store: string, data: MemoryStore) {
    this.store = store;
    this.#data = data;
  }

  async readHead(segment: number, _strength: ReadStrength): Promise<number | undefined> {
    return this.#data.segments.get(segment)?.head;
  }

  async readSlots(from: number, to: number, _strength: ReadStrength): Promise<LogSlot[]> {
    const slots = this.#data.segments.get(segmentOf(from))?.slots;
    const found: LogSlot[] = [];
    for (let slot = from; slot <= to; slot += 1) {
      const record = slots?.get(slot);
      if (record !== undefined) found.push({ slot, record });
    }
    return found;
  }

  async appendSlot(slot: number, record: Uint8Array): Promise<AppendOutcome> {
    const number = segmentOf(slot);
    const segment = this.#data.segments.get(number);
    if (segment === undefined) {
      if (slot !== firstSlotOf(number)) return { outcome: 'lost' };
      // The caller has applied the last slot of the segment before.
      this.#data.segments.set(number, { head: slot, slots: new Map([[slot, record.slice()]]) });
      return { outcome: 'applied' };
    }
    if (segment.head !== slot - 1) return { outcome: 'lost' };
    segment.head = slot;
    segment.slots.set(slot, record.slice());
    return { outcome: 'applied' };
  }

  async deleteSegment(segment: number): Promise<void> {
    this.#data.segments.get(segment)?.slots.clear();
  }

  async writeAnnouncement(announcement: Announcement): Promise<void> {
    const { owner, group } = announcement;
    this.#data.announcements.set(owner, { owner, group: group.slice() });
  }

  async deleteAnnouncement(owner: string): Promise<void> {
    this.#data.announcements.delete(owner);
  }

  async readAnnouncements(): Promise<Announcement[]> {
    return [...this.#data.announcements.values()];
  }

  async writeChunk(run: string, chunk: number, blocks: readonly Uint8Array[]): Promise<void> {
    const tooLong = blocks.findIndex((block) => block.byteLength > MAX_BLOCK_BYTES);
    if (tooLong >= 0) {
      const message = `block ${tooLong} of chunk ${chunk} has more than ${MAX_BLOCK_BYTES} bytes`;
      throw new ClusterError('SSTITCH_TOO_LARGE', message);
    }
    const target = this.#run(run);
    if (chunk < (target.deletedChunks ?? 0)) return;
    target.chunks.set(
      chunk,
      blocks.map((block) => block.slice()),
    );
  }

  async readBlock(run: string, chunk: number, block: number): Promise<Uint8Array | undefined> {
    return this.#data.runs.get(run)?.chunks.get(chunk)?.[block];
  }

  async readChunk(run: string, chunk: number): Promise<Uint8Array[]> {
    return [...(this.#data.runs.get(run)?.chunks.get(chunk) ?? [])];
  }

  async writeRunIndex(run: string, parts: readonly Uint8Array[]): Promise<void> {
    const target = this.#run(run);
    if (target.deletedChunks !== undefined) return;
    target.index = parts.map((part) => part.slice());
  }

  async readRunIndex(run: string): Promise<Uint8Array[]> {
    return [...(this.#data.runs.get(run)?.index ?? [])];
  }

  async deleteRun(run: string, chunks: number): Promise<void> {
    const target = this.#run(run);
    target.index = [];
    for (const chunk of [...target.chunks.keys()]) {
      if (chunk < chunks) target.chunks.delete(chunk);
    }
    target.deletedChunks = Math.max(chunks, target.deletedChunks ?? 0);
  }

  async writeLoad(load: LoadIntent): Promise<void> {
    // An old copy does not undo what a newer one covers.
    const chunks = Math.max(load.chunks, this.#data.loads.get(load.run)?.chunks ?? 0);
    this.#data.loads.set(load.run, { ...load, chunks });
  }

  async deleteLoad(run: string): Promise<void> {
    this.#data.loads.delete(run);
  }

  async readLoads(): Promise<LoadIntent[]> {
    return [...this.#data.loads.values()];
  }

  async writeLease(lease: Lease): Promise<void> {
    const held = this.#data.leases.get(lease.owner);
    if (held === undefined || held.beat <= lease.beat) this.#data.leases.set(lease.owner, lease);
  }

  async deleteLease(owner: string): Promise<void> {
    this.#data.leases.delete(owner);
  }

  async readLeases(): Promise<Lease[]> {
    return [...this.#data.leases.values()];
  }

  async writeCheckpoint(checkpoint: StoredCheckpoint): Promise<void> {
    const { slot, parts } = checkpoint;
    this.#data.checkpoints.set(slot, { slot, parts: parts.map((part) => part.slice()) });
  }

  async readCheckpoint(): Promise<StoredCheckpoint | undefined> {
    const [newest] = await this.readCheckpointSlots();
    return newest === undefined ? undefined : this.#data.checkpoints.get(newest);
  }

  async readCheckpointSlots(): Promise<number[]> {
    return [...this.#data.checkpoints.keys()].sort((a, b) => b - a);
  }

  async deleteCheckpointsBefore(slot: number): Promise<void> {
    for (const other of [...this.#data.checkpoints.keys()]) {
      if (other < slot) this.#data.checkpoints.delete(other);
    }
  }

  async close(): Promise<void> {}

  #run(id: string): Run {
    let run = this.#data.runs.get(id);
    if (run === undefined) {
      run = { chunks: new Map(), index: [], deletedChunks: undefined };
      this.#data.runs.set(id, run);
    }
    return run;
  }
}
