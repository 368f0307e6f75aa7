// The options of a connection to PostgreSQL.
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { PoolConfig } from 'pg';
import { ClusterError } from '../errors.js';

/** Options of {@link openPostgres}. Without a host, database or user, the driver reads PGHOST, PGDATABASE, PGUSER. */
export interface PostgresOptions {
  /** `postgres://user@host:port/database`. Its parts yield to the options below. */
  readonly connectionString?: string;
  /** A name, an address, or the directory of a Unix socket. @defaultValue PGHOST, or localhost */
  readonly host?: string;
  /** @defaultValue PGPORT, or 5432 */
  readonly port?: number;
  /** @defaultValue PGDATABASE, or the user's name */
  readonly database?: string;
  /** @defaultValue PGUSER, or the name of the process's user */
  readonly user?: string;
  /** @defaultValue PGPASSWORD, or the entry of ~/.pgpass */
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

  /** The most connections. Statements beyond wait. @defaultValue 8 */
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
const DEFAULT_CONNECTIONS = 8;
const DEFAULT_STATEMENT_MS = 20_000;
const DEFAULT_RETRY_MS = 10_000;
/** The server's own limit of a statement comes first, so that a statement has ended when the client gives it up. */
const SERVER_LIMIT = 0.9;

/** The options of the pool, and how long to repeat. */
export interface Settings {
  readonly pool: PoolConfig;
  readonly connections: number;
  /** The server's limit for a statement. */
  readonly serverStatementMs: number;
  readonly retryMs: number;
}

/** @throws ClusterError SSTITCH_OPTION_INVALID */
export function settingsOf(options: PostgresOptions): Settings {
  const connections = wholeNumber('connections', options.connections ?? DEFAULT_CONNECTIONS, 1);
  const statementMs = wholeNumber('statementMs', options.statementMs ?? DEFAULT_STATEMENT_MS, 10);
  const retryMs = wholeNumber('retryMs', options.retryMs ?? DEFAULT_RETRY_MS, 0);
  const { connectionString, host, port, database, user, password, tls } = options;
  return {
    pool: {
      ...(connectionString !== undefined && { connectionString }),
      ...(host !== undefined && { host }),
      ...(port !== undefined && { port }),
      ...(database !== undefined && { database }),
      ...(user !== undefined && { user }),
      ...(password !== undefined && { password }),
      ...(tls !== undefined && { ssl: tls }),
      max: connections,
      query_timeout: statementMs,
      connectionTimeoutMillis: statementMs,
      keepAlive: true,
      application_name: options.applicationName ?? 'sstitch',
      // A process that only waits for nothing ends.
      allowExitOnIdle: true,
    },
    connections,
    serverStatementMs: Math.ceil(statementMs * SERVER_LIMIT),
    retryMs,
  };
}

function wholeNumber(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least && value <= 2 ** 31 - 1) return value;
  throw new ClusterError(
    'SSTITCH_OPTION_INVALID',
    `${name} must be an integer from ${least} to ${2 ** 31 - 1}, not ${String(value)}`,
  );
}
