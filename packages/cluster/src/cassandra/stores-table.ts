// The names of the stores: one partition, one small row per store.
import type { CassandraSession } from './session.js';

const BUCKET = 0;

export class StoresTable {
  readonly #session: CassandraSession;
  readonly #table: string;

  constructor(session: CassandraSession, keyspace: string) {
    this.#session = session;
    this.#table = `${keyspace}.stores`;
  }

  async add(store: string): Promise<void> {
    const query = `INSERT INTO ${this.#table} (bucket, store) VALUES (?, ?) USING TIMESTAMP 1`;
    await this.#session.run(query, [BUCKET, store], 'quorum');
  }

  /** In ascending order. */
  async names(): Promise<string[]> {
    const query = `SELECT store FROM ${this.#table} WHERE bucket = ?`;
    const rows = await this.#session.run(query, [BUCKET], 'quorum');
    return rows.map((row) => row.get('store') as string).sort();
  }
}
