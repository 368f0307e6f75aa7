// Statements to a cluster. Each is prepared and names the keyspace itself: a node that restarts forgets statements that
// rely on the session's keyspace.
//
// Every statement but a conditional one is idempotent. The driver tries it on the next node when one fails, and on a
// second one when the first is silent; the session tries again until the time is up. A conditional statement is sent
// once: its coordinator retries for cas_contention_timeout, and a copy would contend with it.
//
// Statements take turns: above maxRequestsPerConnection (2,048) the driver refuses them, and a statement that a node does
// not answer in time costs the connection. The time limit of a statement starts with its turn; renewals of leases go first.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, QueryOptions, types } from 'cassandra-driver';
import { ClusterError } from '../errors.js';
import { Turns } from '../turns.js';
import type { Driver } from './driver.js';
import { isTransient, unavailable } from './failures.js';

/** Above the nodes' own time-outs: 5 s for a read. */
export const READ_TIMEOUT_MS = 6_000;
/** Above the nodes' own time-outs of a conditional write and of a write: 1 s and 2 s. */
const CONDITIONAL_TIMEOUT_MS = 4_000;
/** How long a node may be silent before another is asked too. */
export const SILENCE_MS = 1_000;
/** Of all nodes together. */
const STATEMENTS_IN_FLIGHT = 256;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
/** Rows of a page: 32 MiB of the longest ones. */
const PAGE_ROWS = 128;
/** A definition waits until all nodes have agreed on it. */
const DEFINITION_TIMEOUT_MS = 60_000;

/** How many replicas answer. 'serial' reads what conditional statements left unfinished, and completes it. */
export type Consistency = 'one' | 'quorum' | 'all' | 'serial';

export interface Statement {
  readonly query: string;
  readonly params: readonly Parameter[];
}

export type Parameter = string | number | boolean | Uint8Array | null;
export type Row = types.Row;

export class CassandraSession {
  readonly #client: Client;
  readonly #driver: Driver;
  readonly #statementTimeoutMs: number;
  readonly #turns = new Turns(STATEMENTS_IN_FLIGHT);
  readonly #running = new Set<Promise<unknown>>();
  #isClosed = false;

  constructor(client: Client, driver: Driver, statementTimeoutMs: number) {
    this.#client = client;
    this.#driver = driver;
    this.#statementTimeoutMs = statementTimeoutMs;
  }

  /**
   * Runs an idempotent statement. An urgent one does not wait for others.
   *
   * @throws ClusterError SSTITCH_CLUSTER_UNAVAILABLE, SSTITCH_CLUSTER_REFUSED, SSTITCH_STORE_CLOSED
   */
  run(
    query: string,
    params: readonly Parameter[],
    consistency: Consistency,
    isUrgent = false,
  ): Promise<Row[]> {
    const options = { ...this.#idempotent(consistency), fetchSize: PAGE_ROWS };
    const values = params.map(encoded);
    const attempt = async (): Promise<Row[]> => {
      const rows: Row[] = [];
      let pageState: string | undefined;
      do {
        const page = pageState === undefined ? options : { ...options, pageState };
        const result = await this.#client.execute(query, values, page);
        // Undefined for a write, whatever the driver's types say.
        for (const row of result.rows ?? []) rows.push(row);
        pageState = result.pageState ?? undefined;
      } while (pageState !== undefined);
      return rows;
    };
    // While a node is down, not all replicas answer.
    return this.#track(
      consistency === 'all' ? this.#once(attempt) : this.#persist(attempt, isUrgent),
    );
  }

  /** Runs idempotent statements on one partition; a node applies them together. */
  async runTogether(statements: readonly Statement[]): Promise<void> {
    const [first] = statements;
    if (first === undefined) return;
    if (statements.length === 1) {
      await this.run(first.query, first.params, 'quorum');
      return;
    }
    const options = { ...this.#idempotent('quorum'), logged: false };
    const queries = statements.map(({ query, params }) => ({ query, params: params.map(encoded) }));
    await this.#track(this.#persist(() => this.#client.batch(queries, options)));
  }

  /** Runs a statement that defines a keyspace or a table, if it does not exist. */
  async define(query: string): Promise<void> {
    const options: QueryOptions = {
      prepare: false,
      isIdempotent: true,
      readTimeout: DEFINITION_TIMEOUT_MS,
    };
    await this.#track(this.#persist(() => this.#client.execute(query, [], options)));
  }

  /**
   * Sends a conditional statement once.
   *
   * @throws the driver's error, ClusterError SSTITCH_STORE_CLOSED
   * @returns whether the condition held
   */
  async runConditional(query: string, params: readonly Parameter[]): Promise<boolean> {
    const { consistencies } = this.#driver.types;
    const options: QueryOptions = {
      prepare: true,
      consistency: consistencies.quorum,
      serialConsistency: consistencies.serial,
      isIdempotent: false,
      readTimeout: CONDITIONAL_TIMEOUT_MS,
      retry: new this.#driver.policies.retry.FallthroughRetryPolicy(),
    };
    const values = params.map(encoded);
    const execution = this.#inTurn(() => this.#client.execute(query, values, options));
    return (await this.#track(execution)).wasApplied();
  }

  /** Waits for the statements in progress, which are no longer repeated, and disconnects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#running);
    await this.#client.shutdown();
  }

  #idempotent(consistency: Consistency): QueryOptions {
    const { consistencies } = this.#driver.types;
    return { prepare: true, consistency: consistencies[consistency], isIdempotent: true };
  }

  async #track<T>(statement: Promise<T>): Promise<T> {
    this.#running.add(statement);
    try {
      return await statement;
    } finally {
      this.#running.delete(statement);
    }
  }

  async #once<T>(attempt: () => Promise<T>): Promise<T> {
    try {
      return await this.#inTurn(attempt);
    } catch (error) {
      throw error instanceof ClusterError ? error : unavailable(error);
    }
  }

  async #persist<T>(attempt: () => Promise<T>, isUrgent = false): Promise<T> {
    // From the first attempt on: a statement may wait for its turn before.
    let endMs: number | undefined;
    const timed = () => {
      endMs ??= performance.now() + this.#statementTimeoutMs;
      return attempt();
    };
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        return await this.#inTurn(timed, isUrgent);
      } catch (error) {
        if (error instanceof ClusterError) throw error;
        const isLate = endMs !== undefined && performance.now() + pauseMs > endMs;
        if (isLate || this.#isClosed || !isTransient(error)) throw unavailable(error);
      }
      await sleep(pauseMs);
    }
  }

  async #inTurn<T>(use: () => Promise<T>, isUrgent = false): Promise<T> {
    await this.#turns.take(isUrgent);
    try {
      this.#throwIfClosed();
      return await use();
    } finally {
      this.#turns.end();
    }
  }

  #throwIfClosed(): void {
    if (this.#isClosed) throw new ClusterError('SSTITCH_STORE_CLOSED', 'the connection is closed');
  }
}

/** The driver takes bytes as a Buffer; this is one over the same memory. */
function encoded(value: Parameter): Parameter {
  if (!(value instanceof Uint8Array) || Buffer.isBuffer(value)) return value;
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

/** A `bigint` column. Slots and beats are below 2^53. */
export function numberIn(row: Row, column: string): number {
  return (row.get(column) as types.Long).toNumber();
}
