// The port of a store on Cassandra: which table each operation goes to, and at which consistency.
import {
  type Announcement,
  type AppendOutcome,
  type ClusterPort,
  FIRST_SLOT,
  type Lease,
  type LoadIntent,
  type LogSlot,
  type ReadStrength,
  type StoredCheckpoint,
} from '../port.js';
import { BlocksTable } from './blocks-table.js';
import { CheckpointsTable } from './checkpoints-table.js';
import { LogTable } from './log-table.js';
import { OwnerTables } from './owner-tables.js';
import type { CassandraSession } from './session.js';
import { StoresTable } from './stores-table.js';

/** The chunk of a run that is its index. */
const INDEX_CHUNK = -1;

export class CassandraPort implements ClusterPort {
  readonly store: string;
  readonly #stores: StoresTable;
  readonly #log: LogTable;
  readonly #blocks: BlocksTable;
  readonly #checkpoints: CheckpointsTable;
  readonly #owners: OwnerTables;

  constructor(session: CassandraSession, keyspace: string, store: string) {
    this.store = store;
    this.#stores = new StoresTable(session, keyspace);
    this.#log = new LogTable(session, keyspace, store);
    this.#blocks = new BlocksTable(session, keyspace);
    this.#checkpoints = new CheckpointsTable(session, keyspace, this.#blocks, store);
    this.#owners = new OwnerTables(session, keyspace, store);
  }

  readHead(segment: number, strength: ReadStrength): Promise<number | undefined> {
    return this.#log.readHead(segment, strength);
  }

  readSlots(from: number, to: number, strength: ReadStrength): Promise<LogSlot[]> {
    return this.#log.readSlots(from, to, strength);
  }

  async appendSlot(slot: number, record: Uint8Array): Promise<AppendOutcome> {
    // The name precedes the first slot: a store that is not listed would never be found.
    if (slot === FIRST_SLOT) await this.#stores.add(this.store);
    return this.#log.appendSlot(slot, record);
  }

  deleteSegment(segment: number): Promise<void> {
    return this.#log.deleteSegment(segment);
  }

  writeAnnouncement(announcement: Announcement): Promise<void> {
    return this.#owners.writeAnnouncement(announcement);
  }

  deleteAnnouncement(owner: string): Promise<void> {
    return this.#owners.deleteAnnouncement(owner);
  }

  readAnnouncements(): Promise<Announcement[]> {
    return this.#owners.readAnnouncements();
  }

  writeChunk(run: string, chunk: number, blocks: readonly Uint8Array[]): Promise<void> {
    return this.#blocks.writeChunk(run, chunk, blocks);
  }

  readBlock(run: string, chunk: number, block: number): Promise<Uint8Array | undefined> {
    return this.#blocks.readBlock(run, chunk, block);
  }

  readChunk(run: string, chunk: number): Promise<Uint8Array[]> {
    return this.#blocks.readChunk(run, chunk);
  }

  writeRunIndex(run: string, parts: readonly Uint8Array[]): Promise<void> {
    return this.#blocks.writeChunk(run, INDEX_CHUNK, parts);
  }

  readRunIndex(run: string): Promise<Uint8Array[]> {
    return this.#blocks.readChunk(run, INDEX_CHUNK);
  }

  deleteRun(run: string, chunks: number): Promise<void> {
    return this.#blocks.deleteChunks(run, INDEX_CHUNK, chunks);
  }

  writeLoad(load: LoadIntent): Promise<void> {
    return this.#owners.writeLoad(load);
  }

  deleteLoad(run: string): Promise<void> {
    return this.#owners.deleteLoad(run);
  }

  readLoads(): Promise<LoadIntent[]> {
    return this.#owners.readLoads();
  }

  writeLease(lease: Lease): Promise<void> {
    return this.#owners.writeLease(lease);
  }

  deleteLease(owner: string): Promise<void> {
    return this.#owners.deleteLease(owner);
  }

  readLeases(): Promise<Lease[]> {
    return this.#owners.readLeases();
  }

  writeCheckpoint(checkpoint: StoredCheckpoint): Promise<void> {
    return this.#checkpoints.write(checkpoint);
  }

  readCheckpoint(): Promise<StoredCheckpoint | undefined> {
    return this.#checkpoints.readNewest();
  }

  readCheckpointSlot(): Promise<number | undefined> {
    return this.#checkpoints.newestSlot();
  }

  deleteCheckpointsBefore(slot: number): Promise<void> {
    return this.#checkpoints.deleteBefore(slot);
  }

  /** The connection stays open: it may serve other stores. */
  async close(): Promise<void> {}
}
