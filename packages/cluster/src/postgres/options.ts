// The options of a connection to PostgreSQL.
import type { ConnectionOptions as TlsOptions } from 'node:tls';

/** Options of {@link openPostgres}. Without a host, database or user, the driver reads PGHOST, PGDATABASE, PGUSER. */
export interface PostgresOptions {
  /** `postgres://user@host:port/database`. The options below override its parts. */
  readonly connectionString?: string;
  /** A name, an address, or the directory of a Unix socket. @defaultValue PGHOST, or localhost */
  readonly host?: string;
  /** The server's TCP port. @defaultValue PGPORT, or 5432 */
  readonly port?: number;
  /** The database that holds the schema. @defaultValue PGDATABASE, or the user's name */
  readonly database?: string;
  /** The role to log in as. @defaultValue PGUSER, or the name of the process's user */
  readonly user?: string;
  /**
   * The role's password, or a function that returns it, called for each new connection.
   *
   * @defaultValue PGPASSWORD, or the entry of ~/.pgpass
   */
  readonly password?: string | (() => string | Promise<string>);
  /**
   * TLS: true checks the server's certificate against the system's authorities; an object is passed to Node's
   * `tls.connect` (`ca`, `cert`, `key`). @defaultValue as `sslmode` in the connection string or PGSSLMODE say, or no TLS
   */
  readonly tls?: boolean | TlsOptions;

  /** The schema of the tables. @defaultValue 'sstitch' */
  readonly schema?: string;
  /** Whether to create the schema if it does not exist. @defaultValue true */
  readonly create?: boolean;

  /** The most connections. Further statements wait. @defaultValue 8 */
  readonly connections?: number;
  /** How long one statement may take before it counts as failed. @defaultValue 20,000 */
  readonly statementMs?: number;
  /**
   * How long a statement is repeated after it first failed by a lost connection, for a server that restarts or fails
   * over. An append to the log is never repeated. @defaultValue 10,000
   */
  readonly retryMs?: number;
  /** The name that the server shows for this process. @defaultValue 'sstitch' */
  readonly applicationName?: string;
}

export const DEFAULT_SCHEMA = 'sstitch';
