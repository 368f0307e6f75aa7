// Checkpoints: one row per checkpoint; its data is a chunk of the blocks' table. The row is written before the data, so
// that no data lacks a row, and marked complete afterwards.
import { createHash } from 'node:crypto';
import { ClusterError } from '../errors.js';
import type { StoredCheckpoint } from '../port.js';
import type { BlocksTable } from './blocks-table.js';
import { type CassandraSession, numberIn } from './session.js';

const DATA_CHUNK = 0;

export class CheckpointsTable {
  readonly #session: CassandraSession;
  readonly #blocks: BlocksTable;
  readonly #store: string;
  readonly #queries: ReturnType<typeof queriesOn>;

  constructor(session: CassandraSession, keyspace: string, blocks: BlocksTable, store: string) {
    this.#session = session;
    this.#blocks = blocks;
    this.#store = store;
    this.#queries = queriesOn(keyspace);
  }

  async write({ slot, parts }: StoredCheckpoint): Promise<void> {
    await this.#session.run(this.#queries.begin, [this.#store, slot], 'quorum');
    await this.#blocks.writeChunk(this.#dataId(slot), DATA_CHUNK, parts);
    await this.#session.run(this.#queries.complete, [this.#store, slot], 'quorum');
  }

  async readNewest(): Promise<StoredCheckpoint | undefined> {
    let failed: number | undefined;
    for (;;) {
      const slot = await this.newestSlot();
      if (slot === undefined) return undefined;
      const id = this.#dataId(slot);
      const { blocks, isWhole } = await this.#blocks.readChunkAt(id, DATA_CHUNK, 'quorum');
      if (isWhole) return { slot, parts: blocks };
      // It was deleted in between, and a newer one is there.
      if (slot === failed) {
        throw new ClusterError(
          'SSTITCH_CLUSTER_CORRUPT',
          `the checkpoint of slot ${slot} of store ${JSON.stringify(this.#store)} lacks data`,
        );
      }
      failed = slot;
    }
  }

  /** Of the checkpoints that are complete. */
  async newestSlot(): Promise<number | undefined> {
    const rows = await this.#session.run(this.#queries.list, [this.#store], 'quorum');
    const newest = rows.find((row) => row.get('complete') === true);
    return newest && numberIn(newest, 'slot');
  }

  async deleteBefore(slot: number): Promise<void> {
    const rows = await this.#session.run(this.#queries.before, [this.#store, slot], 'quorum');
    for (const older of rows.map((row) => numberIn(row, 'slot'))) {
      // No reader may find a complete checkpoint without data, and no data may stay without a row.
      await this.#session.run(this.#queries.abandon, [this.#store, older], 'quorum');
      await this.#blocks.deleteChunks(this.#dataId(older), DATA_CHUNK, DATA_CHUNK + 1);
      await this.#session.run(this.#queries.delete, [this.#store, older], 'quorum');
    }
  }

  /** A UUID of version 8 made of the store and the slot. */
  #dataId(slot: number): string {
    const hash = createHash('sha256').update(`checkpoint ${slot} ${this.#store}`).digest('hex');
    const [, a, b, c, d, e] = /^(.{8})(.{4}).(.{3}).(.{3})(.{12})/.exec(hash) ?? [];
    return `${a}-${b}-8${c}-8${d}-${e}`;
  }
}

function queriesOn(keyspace: string) {
  const table = `${keyspace}.checkpoints`;
  const row = `INSERT INTO ${table} (store, slot, complete) VALUES (?, ?,`;
  return {
    begin: `INSERT INTO ${table} (store, slot) VALUES (?, ?) USING TIMESTAMP 1`,
    complete: `${row} true) USING TIMESTAMP 1`,
    abandon: `${row} false) USING TIMESTAMP 2`,
    list: `SELECT slot, complete FROM ${table} WHERE store = ?`,
    before: `SELECT slot FROM ${table} WHERE store = ? AND slot < ?`,
    delete: `DELETE FROM ${table} USING TIMESTAMP 3 WHERE store = ? AND slot = ?`,
  };
}
