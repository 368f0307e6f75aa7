/** The closed set of codes that a {@link ClusterError} carries. */
export type ClusterErrorCode =
  /** The backend did not answer, or answered with an error. Nothing is known to have changed; a read may be repeated. */
  | 'SSTITCH_CLUSTER_UNAVAILABLE'
  /** The backend refuses this client because of its login, its permissions or TLS. Repeating the call does not help. */
  | 'SSTITCH_CLUSTER_REFUSED'
  /** Whether a write took effect is not known. The store refuses further writes until it has found out. */
  | 'SSTITCH_COMMIT_UNKNOWN'
  /** The condition of a commit does not hold: it changed nothing. Read again, then repeat it. */
  | 'SSTITCH_COMMIT_CONFLICT'
  /** The process did not renew its lease in time: its views may be gone. Reopen the store. */
  | 'SSTITCH_LEASE_LOST'
  /** Data that a view needs no longer exists. */
  | 'SSTITCH_VIEW_GONE'
  /**
   * Other processes aborted a replacement, because it took too long or its process seemed dead. The store is as it was.
   */
  | 'SSTITCH_LOAD_ABORTED'
  /** What the backend holds cannot be read: it is damaged, or of a newer version. */
  | 'SSTITCH_CLUSTER_CORRUPT'
  /** The spans of a replacement overlap or are out of order. */
  | 'SSTITCH_SPANS_INVALID'
  /** An entry of a replacement is out of order, lies in no span, or is not bytes. */
  | 'SSTITCH_ENTRIES_INVALID'
  /** A key, value or batch exceeds a limit. */
  | 'SSTITCH_TOO_LARGE'
  /** An option has an invalid value. */
  | 'SSTITCH_OPTION_INVALID'
  /** The database, keyspace or schema does not exist, or has no tables of stores. */
  | 'SSTITCH_CLUSTER_NOT_FOUND'
  /** The npm package of the backend's driver is not installed; the message names it. */
  | 'SSTITCH_DRIVER_MISSING'
  /** The store is closed. */
  | 'SSTITCH_STORE_CLOSED'
  /** The AbortSignal fired. The store is as it was. */
  | 'SSTITCH_ABORTED';

/** The closed set of reasons of SSTITCH_CLUSTER_REFUSED and SSTITCH_CLUSTER_NOT_FOUND. */
export type ClusterErrorReason =
  /** The backend asks for a user and a password, and none are set. */
  | 'login-missing'
  /** The backend asks for a password, and none is set. */
  | 'password-missing'
  /** The user or the password is wrong. */
  | 'login-wrong'
  /** The user does not exist, or may not log in to the database from this host. */
  | 'user-refused'
  /** The user lacks a permission; the message says what to grant. */
  | 'permission-missing'
  /** The backend takes connections with TLS alone. */
  | 'tls-missing'
  /** The backend does not speak TLS at this port. */
  | 'tls-unsupported'
  /** No authority that the client knows signed the backend's certificate. */
  | 'certificate-untrusted'
  /** The backend's certificate is out of date, or that of another host. */
  | 'certificate-invalid'
  /** The backend asks for a certificate of the client, and none is set. */
  | 'client-certificate-missing'
  /** `ca`, `cert` or `key` cannot be read. */
  | 'certificate-unreadable'
  /** The database does not exist. */
  | 'database-missing'
  /** The keyspace or schema does not exist, or lacks tables of stores. */
  | 'tables-missing'
  /** Nothing was ever written to the store. */
  | 'store-missing';

/** What a {@link ClusterError} has beside its code and its message. */
export interface ClusterErrorOptions extends ErrorOptions {
  /** Of SSTITCH_CLUSTER_REFUSED and SSTITCH_CLUSTER_NOT_FOUND. */
  readonly reason?: ClusterErrorReason;
}

/**
 * Every error that this package throws. An abort is named AbortError, as the platform's own aborts are, and has the
 * signal's reason as its cause.
 */
export class ClusterError extends Error {
  /** Names the kind of failure. Codes do not change between versions; messages may. */
  readonly code: ClusterErrorCode;
  /** Why the backend refuses this client, or what does not exist; absent with other codes. */
  declare readonly reason?: ClusterErrorReason;

  constructor(code: ClusterErrorCode, message: string, options: ClusterErrorOptions = {}) {
    super(message, options);
    this.name = code === 'SSTITCH_ABORTED' ? 'AbortError' : 'ClusterError';
    this.code = code;
    if (options.reason !== undefined) this.reason = options.reason;
  }
}

/** The error of a signal that has fired. */
export function abortedBy(signal: AbortSignal): ClusterError {
  return new ClusterError('SSTITCH_ABORTED', 'aborted', { cause: signal.reason });
}

/** @throws {@link ClusterError} SSTITCH_ABORTED once `signal` has fired; its cause is the signal's reason. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortedBy(signal);
}

/**
 * Fulfils or rejects as `promise` does, unless `signal` fires before.
 *
 * @throws {@link ClusterError} SSTITCH_ABORTED
 */
export async function orAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return promise;
  let listener: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    listener = () => reject(abortedBy(signal));
    if (signal.aborted) listener();
    else signal.addEventListener('abort', listener);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', listener);
  }
}
