// Connections to PostgreSQL: a pool, the settings of its sessions, and when a statement is repeated.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient, QueryResult } from 'pg';
import { ClusterError } from '../errors.js';
import { closingClient } from './closing-client.js';
import { isPassing, unavailable } from './failures.js';
import type { Settings } from './options.js';
import type { Statement } from './statements.js';

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1000;

/** A value of a statement. Bytes are Buffers: the driver sends them as they are. */
type Value = string | number | Buffer | null;

export class Database {
  readonly #pool: Pool;
  readonly #retryMs: number;
  #closing: Promise<void> | undefined;

  private constructor(pool: Pool, retryMs: number) {
    this.#pool = pool;
    this.#retryMs = retryMs;
    // An idle connection was lost. The pool has dropped it; without a listener the process would end.
    pool.on('error', () => {});
  }

  /** Connects with the first statement. @throws ClusterError SSTITCH_DRIVER_MISSING */
  static async open(settings: Settings): Promise<Database> {
    const { Client, Pool } = await loadDriver();
    const pool = new Pool({
      ...settings.pool,
      Client: closingClient(Client),
      verify: (client, done) => {
        prepareSession(client, settings.serverStatementMs).then(() => done(), done);
      },
    });
    return new Database(pool, settings.retryMs);
  }

  /**
   * Runs a statement that may run twice.
   *
   * @throws ClusterError SSTITCH_CLUSTER_UNAVAILABLE
   */
  run(statement: Statement, values: readonly Value[]): Promise<QueryResult> {
    return this.#repeat(() => this.#pool.query({ ...statement, values: [...values] }));
  }

  /**
   * Runs a statement that must not run twice: only the connection to send it on is tried again.
   *
   * @throws ClusterError SSTITCH_CLUSTER_UNAVAILABLE if it was certainly not sent; the driver's error if it may have
   * been
   */
  async runOnce(statement: Statement, values: readonly Value[]): Promise<QueryResult> {
    const client = await this.#repeat(() => this.#pool.connect());
    let failure: unknown;
    // A connection that ends says so by an event too, which would end the process.
    const onError = (error: Error) => {
      failure = error;
    };
    client.on('error', onError);
    try {
      return await client.query({ ...statement, values: [...values] });
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      client.removeListener('error', onError);
      client.release(failure !== undefined);
    }
  }

  /** Runs `use` with a connection; may run it twice. */
  withClient<T>(use: (client: PoolClient) => Promise<T>): Promise<T> {
    return this.#repeat(async () => {
      const client = await this.#pool.connect();
      let failed = true;
      try {
        const result = await use(client);
        failed = false;
        return result;
      } finally {
        client.release(failed);
      }
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#pool.end();
    return this.#closing;
  }

  async #repeat<T>(attempt: () => Promise<T>): Promise<T> {
    const deadlineMs = performance.now() + this.#retryMs;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        return await attempt();
      } catch (error) {
        if (this.#closing !== undefined || !isRepeatable(error)) throw unavailable(error);
        if (performance.now() + pauseMs > deadlineMs) throw unavailable(error);
      }
      await sleep(pauseMs * (0.5 + Math.random()));
    }
  }
}

function isRepeatable(error: unknown): boolean {
  return error instanceof ClusterError
    ? error.code === 'SSTITCH_CLUSTER_UNAVAILABLE'
    : isPassing(error);
}

/**
 * Sets what the statements rely on: their isolation, that a commit is on disk (and on the standbys, if the server has
 * synchronous ones) before it is acknowledged, and a limit of time.
 */
async function prepareSession(client: PoolClient, statementMs: number): Promise<void> {
  const { rows } = await client.query(
    `SELECT pg_is_in_recovery() AS standby,
      set_config('default_transaction_isolation', 'read committed', false),
      set_config('synchronous_commit', CASE
        WHEN current_setting('synchronous_commit') IN ('off', 'local') THEN 'on'
        ELSE current_setting('synchronous_commit') END, false),
      set_config('bytea_output', 'hex', false),
      set_config('statement_timeout', $1, false)`,
    [String(statementMs)],
  );
  if (rows[0]?.standby !== true) return;
  // A standby is older than its primary: a read would not see what was acknowledged.
  throw new ClusterError(
    'SSTITCH_CLUSTER_UNAVAILABLE',
    'PostgreSQL: this server is a standby; connect to the primary',
  );
}

async function loadDriver(): Promise<Pick<typeof import('pg'), 'Client' | 'Pool'>> {
  try {
    const { default: driver } = await import('pg');
    return driver;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new ClusterError(
      'SSTITCH_DRIVER_MISSING',
      'stores on PostgreSQL need the package pg: run npm install pg',
      { cause },
    );
  }
}
