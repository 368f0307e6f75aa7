// The options of a connection, as the driver's pool takes them. Beside options.ts, because @types/pg is not installed
// where a program only uses the types of the options.
import type { PoolConfig } from 'pg';
import { ClusterError } from '../errors.js';
import type { PostgresOptions } from './options.js';

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
      // An idle connection does not keep the process alive.
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
