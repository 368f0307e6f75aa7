// The tables of a schema, and their creation.
//
//   format             one row: the version of these tables
//   heads, log         the log. A segment's head is a row of its own, which truncation leaves
//   announcements, loads, leases   rows with one writer
//   checkpoints        a row for each state; checkpoint_parts: its bytes
//   runs               a row for each run that was ever begun. `deleted_at` marks one that is deleted: the row stays, so
//                      that a write of the run that arrives later finds the mark (statements.ts)
//   blocks, run_index  the bytes of runs
import type { PoolClient } from 'pg';
import { ClusterError } from '../errors.js';
import { creationFailure } from './failures.js';

/** The version of the tables that this package reads and writes. */
const FORMAT_VERSION = 1;

/** Quotes an identifier. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Checks a schema's name. @throws ClusterError SSTITCH_OPTION_INVALID */
export function checkSchemaName(name: string): void {
  const bytes = Buffer.byteLength(name);
  // PostgreSQL truncates a longer identifier, so two names could become one.
  if (bytes >= 1 && bytes <= 63 && !name.includes('\0') && !name.startsWith('pg_')) return;
  throw new ClusterError(
    'SSTITCH_OPTION_INVALID',
    `schema is 1 to 63 bytes and does not begin with pg_, not ${JSON.stringify(name)}`,
  );
}

/**
 * Checks the version of a schema's tables, and creates them where there are none. Processes that do so at once wait for
 * each other.
 *
 * @throws ClusterError SSTITCH_CLUSTER_NOT_FOUND if there are no tables and `create` is false, SSTITCH_CLUSTER_CORRUPT if
 * they are of another version
 */
export async function prepareSchema(
  client: PoolClient,
  schema: string,
  create: boolean,
): Promise<void> {
  if ((await versionOf(client, schema)) === undefined) {
    if (!create) {
      throw new ClusterError(
        'SSTITCH_CLUSTER_NOT_FOUND',
        `the database has no tables of stores in schema ${schema}`,
        { reason: 'tables-missing' },
      );
    }
    await createTables(client, schema);
  }
  const version = await versionOf(client, schema);
  if (version === FORMAT_VERSION) return;
  throw new ClusterError(
    'SSTITCH_CLUSTER_CORRUPT',
    `the tables of schema ${schema} have version ${version}, this release reads version ${FORMAT_VERSION}: use the release that wrote them or a later one`,
  );
}

/** The version of a schema's tables; undefined if there are none. */
async function versionOf(client: PoolClient, schema: string): Promise<number | undefined> {
  const format = `${quoteIdentifier(schema)}.format`;
  const found = await client.query('SELECT to_regclass($1) IS NOT NULL AS exists', [format]);
  if (found.rows[0]?.exists !== true) return undefined;
  const { rows } = await client.query(`SELECT version FROM ${format}`);
  return Number(rows[0]?.version);
}

async function createTables(client: PoolClient, schema: string): Promise<void> {
  const compression = await quickCompression(client);
  try {
    await client.query('BEGIN');
    // `IF NOT EXISTS` does not keep two transactions from creating the same table: one fails.
    await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `sstitch schema ${schema}`,
    ]);
    await client.query(tablesOf(quoteIdentifier(schema), compression));
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw creationFailure(error);
  }
}

/** LZ4 where the server has it (PostgreSQL 14 and later, if built with it): its own pglz takes several times the CPU. */
async function quickCompression(client: PoolClient): Promise<string> {
  const { rows } = await client.query(
    `SELECT 'lz4' = ANY (enumvals) AS lz4 FROM pg_settings WHERE name = 'default_toast_compression'`,
  );
  return rows[0]?.lz4 === true ? ' COMPRESSION lz4' : '';
}

function tablesOf(schema: string, compression: string): string {
  return `
    CREATE SCHEMA IF NOT EXISTS ${schema};

    CREATE TABLE IF NOT EXISTS ${schema}.heads (
      store text COLLATE "C", segment bigint, head bigint NOT NULL,
      PRIMARY KEY (store, segment)
    ) WITH (fillfactor = 50);
    CREATE TABLE IF NOT EXISTS ${schema}.log (
      store text COLLATE "C", slot bigint, record bytea${compression} NOT NULL,
      PRIMARY KEY (store, slot)
    );

    CREATE TABLE IF NOT EXISTS ${schema}.announcements (
      store text COLLATE "C", owner uuid, edits bytea${compression} NOT NULL,
      written_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (store, owner)
    );
    CREATE TABLE IF NOT EXISTS ${schema}.loads (
      store text COLLATE "C", run uuid, owner uuid NOT NULL, chunks integer NOT NULL,
      PRIMARY KEY (store, run)
    );
    CREATE TABLE IF NOT EXISTS ${schema}.leases (
      store text COLLATE "C", owner uuid, slot bigint NOT NULL, beat bigint NOT NULL,
      duration_ms bigint NOT NULL,
      PRIMARY KEY (store, owner)
    ) WITH (fillfactor = 50);

    CREATE TABLE IF NOT EXISTS ${schema}.checkpoints (
      store text COLLATE "C", slot bigint,
      PRIMARY KEY (store, slot)
    );
    CREATE TABLE IF NOT EXISTS ${schema}.checkpoint_parts (
      store text COLLATE "C", slot bigint, part integer, data bytea${compression} NOT NULL,
      PRIMARY KEY (store, slot, part),
      FOREIGN KEY (store, slot) REFERENCES ${schema}.checkpoints ON DELETE CASCADE
    );

    CREATE TABLE IF NOT EXISTS ${schema}.runs (
      run uuid PRIMARY KEY, deleted_at timestamptz
    ) WITH (fillfactor = 70);
    CREATE INDEX IF NOT EXISTS runs_deleted ON ${schema}.runs (deleted_at)
      WHERE deleted_at IS NOT NULL;
    CREATE TABLE IF NOT EXISTS ${schema}.blocks (
      run uuid, chunk integer, block integer, data bytea${compression} NOT NULL,
      PRIMARY KEY (run, chunk, block)
    );
    CREATE TABLE IF NOT EXISTS ${schema}.run_index (
      run uuid, part integer, data bytea${compression} NOT NULL,
      PRIMARY KEY (run, part)
    );

    CREATE TABLE IF NOT EXISTS ${schema}.format (version integer NOT NULL);
    INSERT INTO ${schema}.format
      SELECT ${FORMAT_VERSION} WHERE NOT EXISTS (SELECT 1 FROM ${schema}.format);
  `;
}
