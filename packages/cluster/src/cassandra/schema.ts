// The tables of a keyspace. Immutable rows are written with timestamp 1 and deleted with timestamp 2, and rows that are
// renewed with a timestamp that their writer counts: no clock of a client decides which write stands, and a late copy
// of a write stays deleted. Deletes of blocks are whole partitions under ids that are never read again, so that no read
// passes tombstones.
import { ClusterError } from '../errors.js';
import type { CassandraSession } from './session.js';

/** In the comment of each table. */
const SCHEMA = 'sstitch cluster schema 1';
/** Of tables whose deleted rows are passed by reads. A row that comes back is deleted again. */
const ONE_HOUR_S = 3600;
/**
 * Longer than the interval of repairs. Nothing would find what came back of these tables. Hints of a write are kept no
 * longer than this, either.
 */
const TEN_DAYS_S = 864_000;
const ANNOUNCEMENT_TTL_S = 600;

const TABLES: Readonly<Record<string, string>> = {
  // The names of the stores.
  stores: `(bucket int, store text, PRIMARY KEY ((bucket), store))
    WITH gc_grace_seconds = ${ONE_HOUR_S}`,

  // The log: one partition per segment. A slot is written once, by a conditional statement on \`head\`, the last filled
  // slot of the segment, which outlives the slots.
  log: `(store text, segment bigint, head bigint STATIC, slot bigint, record blob,
    PRIMARY KEY ((store, segment), slot))
    WITH compaction = {'class': 'UnifiedCompactionStrategy'}
    AND gc_grace_seconds = ${TEN_DAYS_S} AND speculative_retry = '50ms'`,

  announcements: `(store text, owner uuid, data blob, PRIMARY KEY ((store), owner))
    WITH gc_grace_seconds = ${ONE_HOUR_S} AND default_time_to_live = ${ANNOUNCEMENT_TTL_S}`,

  // Runs: one partition per chunk, one row per block or per part of a long one. Chunk -1 is the index of the run.
  // \`blocks\` and \`parts\` say how many there are, so that a reader notices a replica that lacks some.
  blocks: `(run uuid, chunk int, blocks int STATIC, block int, part int, parts int, data blob,
    PRIMARY KEY ((run, chunk), block, part))
    WITH compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4',
      'target_sstable_size': '256MiB'}
    AND compression = {'class': 'LZ4Compressor', 'chunk_length_in_kb': 16}
    AND gc_grace_seconds = ${TEN_DAYS_S} AND speculative_retry = '50ms'`,

  // The slots of the checkpoints. The data of each is a chunk under an id made of the store and the slot.
  checkpoints: `(store text, slot bigint, complete boolean, PRIMARY KEY ((store), slot))
    WITH CLUSTERING ORDER BY (slot DESC) AND gc_grace_seconds = ${ONE_HOUR_S}`,

  loads: `(store text, run uuid, owner uuid, chunks int, PRIMARY KEY ((store), run))
    WITH gc_grace_seconds = ${ONE_HOUR_S}`,

  leases: `(store text, owner uuid, slot bigint, beat bigint, duration_ms bigint, PRIMARY KEY ((store), owner))
    WITH gc_grace_seconds = ${ONE_HOUR_S}`,
};

/** Where a keyspace is created. */
export interface Replication {
  readonly dataCenter: string;
  /** The nodes of the data center. */
  readonly nodes: number;
  readonly replicationFactor: number;
}

/**
 * Creates what is missing of the schema. Concurrent creation of one table by two clients can split its schema in
 * Cassandra, so what exists is not created again; the first creation is for one process.
 *
 * @throws ClusterError SSTITCH_CLUSTER_UNAVAILABLE, SSTITCH_CLUSTER_CORRUPT, SSTITCH_OPTION_INVALID if the data center has
 * fewer nodes than copies
 */
export async function createSchema(
  session: CassandraSession,
  keyspace: string,
  replication: Replication,
): Promise<void> {
  const existing = await existingTables(session, keyspace);
  if (existing.size === 0) await createKeyspace(session, keyspace, replication);
  for (const [table, definition] of Object.entries(TABLES)) {
    if (existing.has(table)) continue;
    const comment = `AND comment = '${SCHEMA}'`;
    await session.define(
      `CREATE TABLE IF NOT EXISTS ${keyspace}.${table} ${definition} ${comment}`,
    );
  }
  await checkSchema(session, keyspace);
}

async function createKeyspace(
  session: CassandraSession,
  keyspace: string,
  { dataCenter, nodes, replicationFactor }: Replication,
): Promise<void> {
  if (nodes < replicationFactor) {
    throw new ClusterError(
      'SSTITCH_OPTION_INVALID',
      `data center ${dataCenter} has ${nodes} nodes, fewer than option replicationFactor (${replicationFactor})`,
    );
  }
  const strategy = `{'class': 'NetworkTopologyStrategy', '${dataCenter}': ${replicationFactor}}`;
  await session.define(`CREATE KEYSPACE IF NOT EXISTS ${keyspace} WITH replication = ${strategy}`);
}

/**
 * @throws ClusterError SSTITCH_CLUSTER_NOT_FOUND if the keyspace has not all tables, SSTITCH_CLUSTER_CORRUPT if they are of
 * another version
 */
export async function checkSchema(session: CassandraSession, keyspace: string): Promise<void> {
  const existing = await existingTables(session, keyspace);
  const missing = Object.keys(TABLES).filter((table) => !existing.has(table));
  if (missing.length > 0) {
    throw new ClusterError(
      'SSTITCH_CLUSTER_NOT_FOUND',
      missing.length === Object.keys(TABLES).length
        ? `the cluster has no tables of stores in keyspace ${keyspace}`
        : `the cluster has no table ${missing.join(', ')} in keyspace ${keyspace}: open it once with the option create`,
      { reason: 'tables-missing' },
    );
  }
}

/** The tables of this package that a keyspace has. */
async function existingTables(session: CassandraSession, keyspace: string): Promise<Set<string>> {
  const rows = await session.run(
    'SELECT table_name, comment FROM system_schema.tables WHERE keyspace_name = ?',
    [keyspace],
    'one',
  );
  const ours = rows.filter((row) => row.get('table_name') in TABLES);
  for (const row of ours) {
    if (row.get('comment') === SCHEMA) continue;
    throw new ClusterError(
      'SSTITCH_CLUSTER_CORRUPT',
      `table ${keyspace}.${row.get('table_name')} is not of this version: its comment is not "${SCHEMA}"`,
    );
  }
  return new Set(ours.map((row) => row.get('table_name') as string));
}
