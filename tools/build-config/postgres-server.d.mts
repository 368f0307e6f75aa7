import type { Certificate } from './certificates.d.mts';

export interface PostgresServer {
  /** `postgres://user@host:port/database`. */
  readonly url: string;
  /** Undefined for a server that others run. */
  readonly own: OwnServer | undefined;
  stop(): Promise<void>;
}

export interface OwnServer {
  /** Kills the server without a shutdown and starts it again. */
  crash(): Promise<void>;
  /** Kills the server without a shutdown. */
  kill(): Promise<void>;
  /** Starts a server that follows this one. */
  startStandby(): Promise<PostgresServer>;
  /**
   * Turns on TLS, which all users but the first one must use from now on, with a password. The user `certified` must also
   * present a certificate that the server's own has signed. Takes effect a moment later. Needs openssl.
   */
  secure(): Promise<Certificate>;
}

/** Why tests on PostgreSQL are skipped; undefined if they are not. */
export const missingPostgres: string | undefined;

/** Starts a server; throws if {@link missingPostgres} says that there is none. */
export function startPostgres(): Promise<PostgresServer>;
