// Connections to PostgreSQL: a pool, the settings of its sessions, and when a statement is repeated.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient, QueryResult } from 'pg';
import { ClusterError } from '../errors.js';
import { Turns } from '../turns.js';
import { type Encryption, isDenied, isPassing, unavailable } from './failures.js';
import { guardedClient } from './guarded-client.js';
import type { Settings } from './pool-settings.js';
import type { Statement } from './statements.js';

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1000;

/** A value of a statement. Bytes are Buffers: the driver sends them as they are. */
type Value = string | number | Buffer | null;

export class Database {
  readonly #pool: Pool;
  readonly #turns: Turns;
  readonly #retryMs: number;
  readonly #encryption: Encryption;
  #closing: Promise<void> | undefined;

  private constructor(pool: Pool, { connections, encryption, retryMs }: Settings) {
    this.#pool = pool;
    this.#turns = new Turns(connections);
    this.#retryMs = retryMs;
    this.#encryption = encryption;
    // An idle connection was lost. The pool has dropped it; without a listener the process would end.
    pool.on('error', () => {});
  }

  /** Connects with the first statement. @throws ClusterError SSTITCH_DRIVER_MISSING */
  static async open(settings: Settings): Promise<Database> {
    const { Client, Pool } = await loadDriver();
    const pool = new Pool({
      ...settings.pool,
      Client: guardedClient(Client),
      verify: (client, done) => {
        prepareSession(client, settings.serverStatementMs).then(() => done(), done);
      },
    });
    return new Database(pool, settings);
  }

  /**
   * Runs a statement that may run twice. An urgent one does not wait for others.
   *
   * @throws ClusterError SSTITCH_CLUSTER_UNAVAILABLE
   */
  run(statement: Statement, values: readonly Value[], isUrgent = false): Promise<QueryResult> {
    return this.#repeat(() =>
      this.#withConnection(isUrgent, (client) => client.query(queryOf(statement, values))),
    );
  }

  /**
   * Runs a statement that must not run twice: only the connection to send it on is tried again.
   *
   * @throws ClusterError SSTITCH_CLUSTER_UNAVAILABLE if it was certainly not sent, SSTITCH_CLUSTER_REFUSED if it certainly had
   * no effect; otherwise the driver's error
   */
  async runOnce(statement: Statement, values: readonly Value[]): Promise<QueryResult> {
    const client = await this.#repeat(() => this.#connect(false));
    try {
      return await this.#use(client, () => client.query(queryOf(statement, values)));
    } catch (error) {
      throw isDenied(error) ? this.#seen(error) : error;
    }
  }

  /** Runs `use` with a connection; may run it twice. */
  withClient<T>(use: (client: PoolClient) => Promise<T>): Promise<T> {
    return this.#repeat(() => this.#withConnection(false, use));
  }

  async #withConnection<T>(isUrgent: boolean, use: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#connect(isUrgent);
    return this.#use(client, () => use(client));
  }

  /** Waits for a turn, and takes a connection. */
  async #connect(isUrgent: boolean): Promise<PoolClient> {
    await this.#turns.take(isUrgent);
    try {
      return await this.#pool.connect();
    } catch (error) {
      this.#turns.refuse(error);
      this.#turns.end();
      throw error;
    }
  }

  /** Returns the connection after use; one on which something failed is closed. */
  async #use<T>(client: PoolClient, use: () => Promise<T>): Promise<T> {
    let failed = true;
    try {
      const result = await use();
      failed = false;
      return result;
    } finally {
      client.release(failed);
      this.#turns.end();
    }
  }

  /** The error that callers see. */
  #seen(error: unknown): ClusterError {
    return unavailable(error, this.#encryption);
  }

  close(): Promise<void> {
    this.#closing ??= this.#pool.end();
    return this.#closing;
  }

  async #repeat<T>(attempt: () => Promise<T>): Promise<T> {
    // From the first failure on: a statement may wait for its turn, and be silent, before it.
    let deadlineMs: number | undefined;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        return await attempt();
      } catch (error) {
        if (this.#closing !== undefined || !isRepeatable(error)) throw this.#seen(error);
        const nowMs = performance.now();
        deadlineMs ??= nowMs + this.#retryMs;
        if (nowMs + pauseMs > deadlineMs) throw this.#seen(error);
      }
      await sleep(pauseMs * (0.5 + Math.random()));
    }
  }
}

function queryOf(statement: Statement, values: readonly Value[]) {
  return { ...statement, values: [...values] };
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
