/** The closed set of codes an {@link AccessError} carries. */
export type AccessErrorCode =
  /** The engine holds no record of the sync. */
  | 'SSTITCH_SYNC_NOT_FOUND'
  /** The engine holds a sync with the id of the expanded one. */
  | 'SSTITCH_SYNC_EXISTS'
  /** The sync holds no such entitlement, and no grant of it. */
  | 'SSTITCH_ENTITLEMENT_NOT_FOUND'
  /** A grant to one resource expands to the entitlement of another. */
  | 'SSTITCH_EXPANSION_MISMATCHED'
  /** A grant that expands names no entitlement, or an entitlement whose record names no resource. */
  | 'SSTITCH_EXPANSION_INCOMPLETE'
  /** The id of a derived grant is already the id of another grant. */
  | 'SSTITCH_GRANT_ID_TAKEN'
  /** An index does not match the records. `verifyIndexes` of @sstitch/records reports the differences. */
  | 'SSTITCH_INDEX_INEXACT'
  /** More entitlements lead to the target than `maxEntitlements` allows. */
  | 'SSTITCH_GRAPH_TOO_LARGE'
  /** The cursor is not one of this query. Start again from the first page. */
  | 'SSTITCH_CURSOR_INVALID'
  /** An option has an invalid value. */
  | 'SSTITCH_OPTION_INVALID'
  /** The AbortSignal fired; `cause` has its reason. */
  | 'SSTITCH_ABORTED';

/** The facts that an {@link AccessError} carries besides its message. */
export interface AccessErrorDetails {
  /** The error that led to this one, or an abort's reason. */
  readonly cause?: unknown;
  /** The grant concerned, by its external_id. */
  readonly grantId?: string;
  /** The entitlement concerned, by its external_id. */
  readonly entitlementId?: string;
}

/**
 * The class of all errors that this package throws itself. Reading records throws RecordsError, and an id that a key
 * cannot hold throws KeysError. An abort is named AbortError, as the platform's own aborts are, and its cause is the
 * signal's reason.
 */
export class AccessError extends Error {
  /** The kind of failure, for code to branch on. */
  readonly code: AccessErrorCode;
  /** The grant concerned, by its external_id; undefined if the error concerns no single grant. */
  readonly grantId: string | undefined;
  /** The entitlement concerned, by its external_id; undefined if the error concerns no single one. */
  readonly entitlementId: string | undefined;

  constructor(code: AccessErrorCode, message: string, details: AccessErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.name = code === 'SSTITCH_ABORTED' ? 'AbortError' : 'AccessError';
    this.code = code;
    this.grantId = details.grantId;
    this.entitlementId = details.entitlementId;
  }
}

/** @throws {@link AccessError} SSTITCH_ABORTED once `signal` has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new AccessError('SSTITCH_ABORTED', 'aborted', { cause: signal.reason });
  }
}
