export interface PostgresServer {
  /** `postgres://user@host:port/database`. */
  readonly url: string;
  /** Kills the server without a shutdown and starts it again. Undefined for a server that others run. */
  readonly crash: (() => Promise<void>) | undefined;
  stop(): Promise<void>;
}

/** Why tests on PostgreSQL are skipped; undefined if they are not. */
export const missingPostgres: string | undefined;

/** Starts a server; throws if {@link missingPostgres} says that there is none. */
export function startPostgres(): Promise<PostgresServer>;
