// What errors mean for a commit.
import { ClusterError } from '../errors.js';

/** Whether a further attempt would fail in the same way. */
export function isFinal(error: unknown): boolean {
  return (
    isRefusal(error) ||
    (error instanceof ClusterError &&
      (error.code === 'SSTITCH_LEASE_LOST' || error.code === 'SSTITCH_CLUSTER_CORRUPT'))
  );
}

/** Whether the error is that of a commit whose outcome is unknown. */
export function isUnknown(error: unknown): boolean {
  return error instanceof ClusterError && error.code === 'SSTITCH_COMMIT_UNKNOWN';
}

/** Whether the database refused the commit. A refused commit has no effect. */
export function isRefusal(error: unknown): boolean {
  return error instanceof ClusterError && error.code === 'SSTITCH_CLUSTER_REFUSED';
}

/** The error of an append whose outcome is unknown for `cause`. */
export function unavailable(cause: unknown): unknown {
  if (cause instanceof ClusterError && !isUnknown(cause)) return cause;
  const message = 'the database did not answer whether it took a commit';
  return new ClusterError('SSTITCH_CLUSTER_UNAVAILABLE', message, { cause });
}
