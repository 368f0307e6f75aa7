// A connection to a database that holds stores. Each backend has a function that opens one.
import { describeValue } from '@sstitch/contract';
import { ClusterError } from './errors.js';
import type { ClusterPort } from './port.js';

/** The longest name of a store, in bytes of UTF-8: databases limit the length of a key. */
const MAX_STORE_NAME_BYTES = 1024;

/** A connection to a database that holds any number of stores. */
export interface ClusterConnection {
  /**
   * The port of one store. Sends nothing: a store exists from its first commit on. Closing the port leaves the
   * connection open.
   *
   * @throws ClusterError SSTITCH_OPTION_INVALID for a name that {@link checkStoreName} refuses
   */
  store(name: string): ClusterPort;

  /**
   * The names of the stores, in ascending order.
   *
   * @throws ClusterError SSTITCH_CLUSTER_UNAVAILABLE
   */
  stores(): Promise<string[]>;

  /** Waits for the statements in progress and ends the connection. Can be called twice. */
  close(): Promise<void>;
}

/**
 * Checks that every backend can keep a name: 1 to 1,024 bytes of well-formed text without NUL.
 *
 * @throws ClusterError SSTITCH_OPTION_INVALID
 */
export function checkStoreName(name: string): void {
  if (typeof name !== 'string') {
    throw new ClusterError(
      'SSTITCH_OPTION_INVALID',
      `a store's name is text, not ${describeValue(name)}`,
    );
  }
  const bytes = Buffer.byteLength(name);
  // A lone surrogate has no encoding in UTF-8: two names would become one.
  if (bytes >= 1 && bytes <= MAX_STORE_NAME_BYTES && !/\0|\p{Surrogate}/u.test(name)) return;
  throw new ClusterError(
    'SSTITCH_OPTION_INVALID',
    `a store's name is well-formed text of 1 to ${MAX_STORE_NAME_BYTES} bytes without NUL, not ${JSON.stringify(name.slice(0, 100))}`,
  );
}
