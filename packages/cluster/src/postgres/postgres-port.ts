// The port on PostgreSQL (../port.ts). statements.ts says why each guarantee holds. A read of any strength is a read of
// the primary, which has everything that was committed: 'quorum' and 'serial' are the same.
import { ClusterError } from '../errors.js';
import {
  type Announcement,
  type AppendOutcome,
  type ClusterPort,
  firstSlotOf,
  type Lease,
  type LoadIntent,
  type LogSlot,
  lastSlotOf,
  type StoredCheckpoint,
  segmentOf,
} from '../port.js';
import { byteArrayParameter } from './byte-arrays.js';
import type { Database } from './database.js';
import type { Statements } from './statements.js';

/** How many chunks one statement deletes, so that none runs for long. */
const CHUNKS_PER_DELETE = 64;

export class PostgresPort implements ClusterPort {
  readonly store: string;
  readonly #database: Database;
  readonly #statements: Statements;

  constructor(store: string, database: Database, statements: Statements) {
    this.store = store;
    this.#database = database;
    this.#statements = statements;
  }

  async readHead(segment: number): Promise<number | undefined> {
    const { rows } = await this.#run('readHead', this.store, segment);
    return rows[0] === undefined ? undefined : Number(rows[0].head);
  }

  async readSlots(from: number, to: number): Promise<LogSlot[]> {
    const { rows } = await this.#run('readSlots', this.store, from, to);
    return rows.map(({ slot, record }) => ({ slot: Number(slot), record }));
  }

  async appendSlot(slot: number, record: Uint8Array): Promise<AppendOutcome> {
    const segment = segmentOf(slot);
    const { appendFirstSlot, appendSlot } = this.#statements;
    const statement = slot === firstSlotOf(segment) ? appendFirstSlot : appendSlot;
    const values = [this.store, segment, slot, bufferOf(record)];
    try {
      const { rowCount } = await this.#database.runOnce(statement, values);
      return { outcome: rowCount === 1 ? 'applied' : 'lost' };
    } catch (cause) {
      if (cause instanceof ClusterError && cause.code === 'SSTITCH_CLUSTER_REFUSED') throw cause;
      return { outcome: 'unknown', cause };
    }
  }

  async deleteSegment(segment: number): Promise<void> {
    await this.#run('deleteSlots', this.store, firstSlotOf(segment), lastSlotOf(segment));
  }

  async writeAnnouncement({ owner, group }: Announcement): Promise<void> {
    await this.#run('writeAnnouncement', this.store, owner, bufferOf(group));
  }

  async deleteAnnouncement(owner: string): Promise<void> {
    await this.#run('deleteAnnouncement', this.store, owner);
  }

  async readAnnouncements(): Promise<Announcement[]> {
    const { rows } = await this.#run('readAnnouncements', this.store);
    return rows.map(({ owner, edits }) => ({ owner, group: edits }));
  }

  async writeChunk(run: string, chunk: number, blocks: readonly Uint8Array[]): Promise<void> {
    await this.#run('beginRun', run);
    await this.#run('writeChunk', run, chunk, byteArrayParameter(blocks));
  }

  async readBlock(run: string, chunk: number, block: number): Promise<Uint8Array | undefined> {
    const { rows } = await this.#run('readBlock', run, chunk, block);
    return rows[0]?.data;
  }

  async readChunk(run: string, chunk: number): Promise<Uint8Array[]> {
    const { rows } = await this.#run('readChunk', run, chunk);
    return rows.map(({ data }) => data);
  }

  async writeRunIndex(run: string, parts: readonly Uint8Array[]): Promise<void> {
    await this.#run('beginRun', run);
    await this.#run('writeRunIndex', run, byteArrayParameter(parts));
  }

  async readRunIndex(run: string): Promise<Uint8Array[]> {
    const { rows } = await this.#run('readRunIndex', run);
    return rows.map(({ data }) => data);
  }

  async deleteRun(run: string, chunks: number): Promise<void> {
    await this.#run('markRunDeleted', run);
    await this.#run('deleteRunIndex', run);
    let from = 0;
    for (; from + CHUNKS_PER_DELETE < chunks; from += CHUNKS_PER_DELETE) {
      await this.#run('deleteChunks', run, from, from + CHUNKS_PER_DELETE);
    }
    await this.#run('deleteChunks', run, from, null);
    await this.#run('forgetMarks');
  }

  async writeLoad({ run, owner, chunks }: LoadIntent): Promise<void> {
    await this.#run('writeLoad', this.store, run, owner, chunks);
  }

  async deleteLoad(run: string): Promise<void> {
    await this.#run('deleteLoad', this.store, run);
  }

  async readLoads(): Promise<LoadIntent[]> {
    const { rows } = await this.#run('readLoads', this.store);
    return rows.map(({ run, owner, chunks }) => ({ run, owner, chunks }));
  }

  async writeLease({ owner, slot, beat, durationMs }: Lease): Promise<void> {
    // Else the lease would end while the process has many reads in progress.
    await this.#database.run(
      this.#statements.writeLease,
      [this.store, owner, slot, beat, durationMs],
      true,
    );
  }

  async deleteLease(owner: string): Promise<void> {
    await this.#run('deleteLease', this.store, owner);
  }

  async readLeases(): Promise<Lease[]> {
    const { rows } = await this.#run('readLeases', this.store);
    return rows.map(({ owner, slot, beat, duration_ms }) => ({
      owner,
      slot: Number(slot),
      beat: Number(beat),
      durationMs: Number(duration_ms),
    }));
  }

  async writeCheckpoint({ slot, parts }: StoredCheckpoint): Promise<void> {
    await this.#run('writeCheckpoint', this.store, slot, byteArrayParameter(parts));
  }

  async readCheckpoint(): Promise<StoredCheckpoint | undefined> {
    const { rows } = await this.#run('readCheckpoint', this.store);
    if (rows[0] === undefined) return undefined;
    return { slot: Number(rows[0].slot), parts: rows.map(({ data }) => data) };
  }

  async readCheckpointSlots(): Promise<number[]> {
    const { rows } = await this.#run('readCheckpointSlots', this.store);
    return rows.map(({ slot }) => Number(slot));
  }

  async deleteCheckpointsBefore(slot: number): Promise<void> {
    await this.#run('deleteCheckpoints', this.store, slot);
  }

  /** The connection stays: it belongs to the {@link ClusterConnection}. */
  async close(): Promise<void> {}

  #run(name: keyof Statements, ...values: Parameters<Database['run']>[1]) {
    return this.#database.run(this.#statements[name], values);
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
