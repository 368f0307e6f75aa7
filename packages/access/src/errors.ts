/** The closed set of codes an {@link AccessError} carries. */
export type AccessErrorCode =
  /** The engine holds no record of the sync. */
  | 'SSTITCH_SYNC_NOT_FOUND'
  /** The sync holds no such entitlement. */
  | 'SSTITCH_ENTITLEMENT_NOT_FOUND'
  /** A grant to one resource expands to the entitlement of another. */
  | 'SSTITCH_EXPANSION_MISMATCHED'
  /** A grant that expands has no entitlement, or one whose entitlement record names no resource. */
  | 'SSTITCH_EXPANSION_INCOMPLETE'
  /** The id that a derived grant gets is the id of a grant of something else. */
  | 'SSTITCH_GRANT_ID_TAKEN'
  /** An index does not list what the records say. `verifyIndexes` of @sstitch/records says what is wrong. */
  | 'SSTITCH_INDEX_INEXACT'
  /** More entitlements lead to what was asked for than the limit allows. */
  | 'SSTITCH_GRAPH_TOO_LARGE'
  /** Not a cursor of this query. Start again from the first page. */
  | 'SSTITCH_CURSOR_INVALID'
  /** An option has a value it cannot have. */
  | 'SSTITCH_OPTION_INVALID'
  /** The AbortSignal fired; `cause` has its reason. */
  | 'SSTITCH_ABORTED';

/** What an {@link AccessError} knows besides its message. */
export interface AccessErrorDetails {
  readonly cause?: unknown;
  /** The grant concerned, by its external_id. */
  readonly grantId?: string;
  /** The entitlement concerned, by its external_id. */
  readonly entitlementId?: string;
}

/**
 * Every error this package throws itself; reading records gives a RecordsError, ids that cannot be in a key a
 * KeysError. One of an AbortSignal is named AbortError, as the platform's own are, and has the signal's reason as
 * its cause.
 */
export class AccessError extends Error {
  readonly code: AccessErrorCode;
  readonly grantId: string | undefined;
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
