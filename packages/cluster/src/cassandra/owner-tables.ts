// Rows with one writer: announcements, intents of loads, leases. Each store has one partition of each.
import type { Announcement, Lease, LoadIntent } from '../port.js';
import { type CassandraSession, numberIn } from './session.js';

/** Above every count that is a timestamp. */
const DELETED = 2n ** 62n;

export class OwnerTables {
  readonly #session: CassandraSession;
  readonly #store: string;
  readonly #queries: ReturnType<typeof queriesOn>;

  constructor(session: CassandraSession, keyspace: string, store: string) {
    this.#session = session;
    this.#store = store;
    this.#queries = queriesOn(keyspace);
  }

  // Announcements have the driver's timestamps, which only grow in a process. A late one does no harm.

  async writeAnnouncement({ owner, group }: Announcement): Promise<void> {
    await this.#session.run(this.#queries.announce, [this.#store, owner, group], 'quorum');
  }

  async deleteAnnouncement(owner: string): Promise<void> {
    await this.#session.run(this.#queries.unannounce, [this.#store, owner], 'quorum');
  }

  async readAnnouncements(): Promise<Announcement[]> {
    const rows = await this.#session.run(this.#queries.announcements, [this.#store], 'quorum');
    return rows.map((row) => ({
      owner: String(row.get('owner')),
      group: row.get('data'),
    }));
  }

  // The timestamp of an intent is its count of chunks, which only grows.

  async writeLoad({ run, owner, chunks }: LoadIntent): Promise<void> {
    const params = [this.#store, run, owner, chunks, chunks];
    await this.#session.run(this.#queries.writeLoad, params, 'quorum');
  }

  async deleteLoad(run: string): Promise<void> {
    await this.#session.run(this.#queries.deleteLoad, [this.#store, run], 'quorum');
  }

  async readLoads(): Promise<LoadIntent[]> {
    const rows = await this.#session.run(this.#queries.loads, [this.#store], 'quorum');
    return rows.map((row) => ({
      run: String(row.get('run')),
      owner: String(row.get('owner')),
      chunks: row.get('chunks'),
    }));
  }

  // The timestamp of a lease is its beat.

  async writeLease({ owner, slot, beat, durationMs }: Lease): Promise<void> {
    const params = [this.#store, owner, slot, beat, durationMs, beat];
    await this.#session.run(this.#queries.writeLease, params, 'quorum', true);
  }

  async deleteLease(owner: string): Promise<void> {
    await this.#session.run(this.#queries.deleteLease, [this.#store, owner], 'quorum');
  }

  async readLeases(): Promise<Lease[]> {
    const rows = await this.#session.run(this.#queries.leases, [this.#store], 'quorum');
    return rows.map((row) => ({
      owner: String(row.get('owner')),
      slot: numberIn(row, 'slot'),
      beat: numberIn(row, 'beat'),
      durationMs: numberIn(row, 'duration_ms'),
    }));
  }
}

function queriesOn(keyspace: string) {
  const [announcements, loads, leases] = ['announcements', 'loads', 'leases'].map(
    (table) => `${keyspace}.${table}`,
  );
  const owner = 'WHERE store = ? AND owner = ?';
  return {
    announce: `INSERT INTO ${announcements} (store, owner, data) VALUES (?, ?, ?)`,
    unannounce: `DELETE FROM ${announcements} ${owner}`,
    announcements: `SELECT owner, data FROM ${announcements} WHERE store = ?`,
    writeLoad: `INSERT INTO ${loads} (store, run, owner, chunks) VALUES (?, ?, ?, ?) USING TIMESTAMP ?`,
    deleteLoad: `DELETE FROM ${loads} USING TIMESTAMP ${DELETED} WHERE store = ? AND run = ?`,
    loads: `SELECT run, owner, chunks FROM ${loads} WHERE store = ?`,
    writeLease: `INSERT INTO ${leases} (store, owner, slot, beat, duration_ms) VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ?`,
    deleteLease: `DELETE FROM ${leases} USING TIMESTAMP ${DELETED} ${owner}`,
    leases: `SELECT owner, slot, beat, duration_ms FROM ${leases} WHERE store = ?`,
  };
}
