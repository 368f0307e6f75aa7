// The options of a connection, as the driver's pool takes them. Beside options.ts, because @types/pg is not installed
// where a program only uses the types of the options.
import { userInfo } from 'node:os';
import { describeValue } from '@sstitch/contract';
import type { PoolConfig } from 'pg';
import { parse } from 'pg-connection-string';
import { ClusterError } from '../errors.js';
import { type Encryption, unavailable } from './failures.js';
import type { PostgresOptions } from './options.js';

const DEFAULT_CONNECTIONS = 8;
const DEFAULT_STATEMENT_MS = 20_000;
const DEFAULT_RETRY_MS = 10_000;
/** The server's own limit of a statement comes first, so that a statement has ended when the client gives it up. */
const SERVER_LIMIT = 0.9;

/** The options of the pool, and how long to repeat. */
export interface Settings {
  readonly pool: PoolConfig;
  readonly encryption: Encryption;
  readonly connections: number;
  /** The server's limit for a statement. */
  readonly serverStatementMs: number;
  readonly retryMs: number;
}

/** @throws ClusterError SSTITCH_OPTION_INVALID; SSTITCH_CLUSTER_UNAVAILABLE if a file that the string names is unreadable */
export function settingsOf(options: PostgresOptions): Settings {
  // Without this check, an address in place of the options would be ignored, and the default database used.
  if (typeof options !== 'object' || options === null) {
    throw new ClusterError(
      'SSTITCH_OPTION_INVALID',
      `options must be an object with a connectionString, not ${describeValue(options)}`,
    );
  }
  const connections = wholeNumber('connections', options.connections ?? DEFAULT_CONNECTIONS, 1);
  const statementMs = wholeNumber('statementMs', options.statementMs ?? DEFAULT_STATEMENT_MS, 10);
  const retryMs = wholeNumber('retryMs', options.retryMs ?? DEFAULT_RETRY_MS, 0);
  const { connectionString, host, port, database, user, password, tls, applicationName } = options;
  // Not given to the driver as a string, since a part of the string would then win over the option.
  const parts = connectionString === undefined ? {} : partsOf(connectionString);
  return {
    pool: {
      application_name: 'sstitch',
      ...parts,
      ...(host !== undefined && { host }),
      ...(port !== undefined && { port }),
      ...(database !== undefined && { database }),
      user: user ?? (parts.user || process.env['PGUSER'] || nameOfUser()),
      ...(password !== undefined && { password }),
      ...(tls !== undefined && { ssl: tls }),
      ...(applicationName !== undefined && { application_name: applicationName }),
      max: connections,
      query_timeout: statementMs,
      connectionTimeoutMillis: statementMs,
      keepAlive: true,
      // An idle connection does not keep the process alive.
      allowExitOnIdle: true,
    },
    encryption: encryptionOf(tls ?? parts.ssl),
    connections,
    serverStatementMs: Math.ceil(statementMs * SERVER_LIMIT),
    retryMs,
  };
}

/** As the driver decides it: without an option, PGSSLMODE does. */
function encryptionOf(ssl: PoolConfig['ssl']): Encryption {
  if (typeof ssl === 'object') return ssl.cert === undefined ? 'server' : 'both';
  const isByDefault = !['', 'disable'].includes(process.env['PGSSLMODE'] ?? '');
  return (ssl ?? isByDefault) ? 'server' : 'none';
}

/** The parts of a connection string, as the driver itself reads them. A part that is empty or null counts as absent. */
function partsOf(connectionString: string): PoolConfig {
  try {
    // The driver takes a port that is text, and a host or database that is null, which its types leave out.
    return parse(connectionString) as object;
  } catch (cause) {
    throw unavailable(cause);
  }
}

/** The name of the process's user; undefined for a user without one, as in some containers: the driver then takes $USER. */
function nameOfUser(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

function wholeNumber(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least && value <= 2 ** 31 - 1) return value;
  throw new ClusterError(
    'SSTITCH_OPTION_INVALID',
    `${name} must be an integer from ${least} to ${2 ** 31 - 1}, not ${String(value)}`,
  );
}
