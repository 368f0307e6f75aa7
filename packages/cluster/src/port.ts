// The port: what the protocol needs from a database, and nothing else. Each backend implements it (memory/, cassandra/,
// postgres/); port-conformance.ts checks an implementation.
//
// One port serves one store. Everything it writes is either immutable under an id that is never used again (blocks,
// run indexes, checkpoints, slots) or a row with one writer (announcements, loads, leases). Every operation but
// `appendSlot` is idempotent: a backend may send it twice, and an old copy that arrives late does no harm.
//
// "Durable" below means: acknowledged by a quorum of the replicas, so that every later quorum read finds it.
//
// What a port guarantees:
//
// 1. `appendSlot` is linearizable: of all calls for one slot, at most one is ever applied, and only if the slot before
//    it is the head. Where the backend cannot know the outcome, it returns 'unknown'; such a call may be applied at any
//    later time, or never.
// 2. `readHead` and `readSlots` with 'quorum' see every append that was acknowledged, or seen by any such read, before
//    they began. With 'serial' they also settle what a failed append left behind: a slot that such a read does not
//    return is free at that moment.
// 3. `readSlots` returns slots in ascending order without gaps, unless they were deleted.
// 4. The head of a segment outlives the segment's slots.
// 5. A read of a block, an index or a checkpoint returns what was durably written, or undefined if it is deleted or was
//    never written. It returns undefined only after it has asked every replica.
// 6. A call that fails throws a ClusterError `SSTITCH_CLUSTER_UNAVAILABLE` with the backend's error as its cause; it may
//    have taken effect. One that the backend refuses throws `SSTITCH_CLUSTER_REFUSED`, and has had no effect.

/** The slots of one segment of a log. A backend keeps a segment in one partition. */
export const SLOTS_PER_SEGMENT = 256;
/** The first slot of a log. A state before it is at slot 0. */
export const FIRST_SLOT = 1;

/** The segment of a slot. */
export function segmentOf(slot: number): number {
  return Math.floor((slot - FIRST_SLOT) / SLOTS_PER_SEGMENT);
}

/** The first slot of a segment. */
export function firstSlotOf(segment: number): number {
  return segment * SLOTS_PER_SEGMENT + FIRST_SLOT;
}

/** The last slot of a segment. */
export function lastSlotOf(segment: number): number {
  return firstSlotOf(segment + 1) - 1;
}

/** How strong a read of the log is; guarantee 2. */
export type ReadStrength = 'quorum' | 'serial';

/** A slot of the log. */
export interface LogSlot {
  /** The slot's number, from {@link FIRST_SLOT} on. */
  readonly slot: number;
  /** The encoded record (log/record-format.ts). */
  readonly record: Uint8Array;
}

/** What became of an append; guarantee 1. */
export type AppendOutcome =
  | { readonly outcome: 'applied' }
  /** Another record has the slot, or the slot before it is not the head. It can never be applied. */
  | { readonly outcome: 'lost' }
  | { readonly outcome: 'unknown'; readonly cause: unknown };

/** What a process wants committed: a group (log/record-format.ts) that lost its slot. */
export interface Announcement {
  /** The process that announces the group; each has at most one announcement. */
  readonly owner: string;
  /** The encoded group (log/record-format.ts). */
  readonly group: Uint8Array;
}

/** The intent to write a run: blocks may exist in its chunks before `chunks`. */
export interface LoadIntent {
  /** The run that will be written. */
  readonly run: string;
  /** The process that writes it. */
  readonly owner: string;
  /** No block exists in this chunk or a later one. */
  readonly chunks: number;
}

/** A process that reads: it needs every state from `slot` on. `beat` grows with every renewal. All are integers. */
export interface Lease {
  /** The process that holds the lease. */
  readonly owner: string;
  /** The oldest slot whose state the process may still read. Runs that were retired later are kept for it. */
  readonly slot: number;
  /** Grows with every renewal: a lease whose beat stands still is not renewed. */
  readonly beat: number;
  /** For how long the process uses the lease after a renewal. */
  readonly durationMs: number;
}

/** A state of a store, encoded (state/state-format.ts), in parts. */
export interface StoredCheckpoint {
  /** The last slot that the state contains. */
  readonly slot: number;
  /** The encoded state, split so that a database can store each part in a row. */
  readonly parts: readonly Uint8Array[];
}

/** The database under a store. Ids (`run`, `owner`) are UUIDs as text. */
export interface ClusterPort {
  /** The store's name. */
  readonly store: string;

  // The log.

  /** The last filled slot of a segment; undefined if the segment never had one. */
  readHead(segment: number, strength: ReadStrength): Promise<number | undefined>;
  /** The slots `from` to `to`, inclusive, all of one segment. Slots that do not exist are left out. */
  readSlots(from: number, to: number, strength: ReadStrength): Promise<LogSlot[]>;
  /** Fills `slot`, if the one before it is the head. The caller has applied every slot before it. Never retried. */
  appendSlot(slot: number, record: Uint8Array): Promise<AppendOutcome>;
  /** Deletes the slots of a segment, but not its head. */
  deleteSegment(segment: number): Promise<void>;

  // Announcements. One row per owner, overwritten; it may vanish after ten minutes.

  /** Replaces the owner's announcement. */
  writeAnnouncement(announcement: Announcement): Promise<void>;
  /** Deletes the owner's announcement. Does nothing if there is none. */
  deleteAnnouncement(owner: string): Promise<void>;
  /** Reads the announcements of all owners, in any order. */
  readAnnouncements(): Promise<Announcement[]>;

  // Runs. A chunk is an array of blocks, written once, always with the same bytes.

  /** Writes a chunk durably. A block has at most MAX_BLOCK_BYTES. */
  writeChunk(run: string, chunk: number, blocks: readonly Uint8Array[]): Promise<void>;
  /** Reads one block; undefined if it is deleted or was never written (guarantee 5). */
  readBlock(run: string, chunk: number, block: number): Promise<Uint8Array | undefined>;
  /** All blocks of a chunk in order; fewer than were written only if the chunk is being deleted. */
  readChunk(run: string, chunk: number): Promise<Uint8Array[]>;
  /** Writes the index of a run durably, in parts that are read back in the same order. */
  writeRunIndex(run: string, parts: readonly Uint8Array[]): Promise<void>;
  /** All parts in order; fewer than were written only if the run is being deleted. */
  readRunIndex(run: string): Promise<Uint8Array[]>;
  /** Deletes the index and the chunks before `chunks`. A write of the same run that arrives later stays deleted. */
  deleteRun(run: string, chunks: number): Promise<void>;

  // Intents of loads.

  /** Durable when the call fulfils: it precedes the blocks. An old copy that arrives late does not lower `chunks`. */
  writeLoad(load: LoadIntent): Promise<void>;
  /** Deletes the intent to write a run. Does nothing if there is none. */
  deleteLoad(run: string): Promise<void>;
  /** Reads all intents, in any order. Sees every one that was written before the call. */
  readLoads(): Promise<LoadIntent[]>;

  // Leases.

  /** Replaces the owner's lease durably, unless that has a higher beat: an old copy may arrive late. */
  writeLease(lease: Lease): Promise<void>;
  /** Deletes the owner's lease. Does nothing if there is none. */
  deleteLease(owner: string): Promise<void>;
  /** Sees every lease that was written before the call. */
  readLeases(): Promise<Lease[]>;

  // Checkpoints.

  /** Writes a state durably. It counts as the newest checkpoint only once all of its parts are written. */
  writeCheckpoint(checkpoint: StoredCheckpoint): Promise<void>;
  /** The newest checkpoint that is complete. */
  readCheckpoint(): Promise<StoredCheckpoint | undefined>;
  /** The slots of the checkpoints that are complete, the newest first. */
  readCheckpointSlots(): Promise<number[]>;
  /** Deletes the checkpoints before `slot`. */
  deleteCheckpointsBefore(slot: number): Promise<void>;

  /** Ends the connection, if the port owns it. */
  close(): Promise<void>;
}

/** The longest block, and so the longest value. A backend with smaller rows splits it. */
export const MAX_BLOCK_BYTES = 64 * 1024 * 1024;
