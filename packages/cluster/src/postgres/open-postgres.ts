// Opens a connection to stores on PostgreSQL.
import { type ClusterConnection, checkStoreName } from '../connection.js';
import { Database } from './database.js';
import { DEFAULT_SCHEMA, type PostgresOptions } from './options.js';
import { settingsOf } from './pool-settings.js';
import { PostgresPort } from './postgres-port.js';
import { checkSchemaName, prepareSchema, quoteIdentifier } from './schema.js';
import { statementsOf } from './statements.js';

/**
 * Connects to a database that holds stores in the tables of one schema, and creates the tables if necessary. The server
 * must be a primary of PostgreSQL 13 or later. Each connection must be one session: a pooler that assigns statements to
 * different sessions loses its settings. Needs the npm package `pg`.
 *
 * @throws ClusterError SSTITCH_DRIVER_MISSING, SSTITCH_OPTION_INVALID, SSTITCH_CLUSTER_UNAVAILABLE,
 * SSTITCH_CLUSTER_REFUSED for a wrong login or certificate,
 * SSTITCH_CLUSTER_NOT_FOUND if there is no such database, or there are no tables and `create` is false,
 * SSTITCH_CLUSTER_CORRUPT if the tables are of another release's format
 */
export async function openPostgres(options: PostgresOptions = {}): Promise<ClusterConnection> {
  const settings = settingsOf(options);
  const schema = options.schema ?? DEFAULT_SCHEMA;
  checkSchemaName(schema);
  const statements = statementsOf(quoteIdentifier(schema));
  const database = await Database.open(settings);
  try {
    await database.withClient((client) => prepareSchema(client, schema, options.create ?? true));
  } catch (error) {
    await database.close();
    throw error;
  }
  return {
    store: (name) => {
      checkStoreName(name);
      return new PostgresPort(name, database, statements);
    },
    stores: async () => {
      const { rows } = await database.run(statements.readStores, []);
      return rows.map(({ store }) => store);
    },
    close: () => database.close(),
  };
}
