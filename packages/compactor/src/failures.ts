// Converts the errors of aborts and of closed databases, which differ from database to database, to CompactorErrors.
import { abortedError, CompactorError } from './errors.js';
import type { CheckedOptions } from './options.js';

const ABORT_CODES: ReadonlySet<unknown> = new Set(['SSTITCH_ABORTED', 'LEVEL_ABORTED']);
/** The codes of abstract-level and the engine for a database that was closed during a read or a commit. */
const CLOSED_CODES: ReadonlySet<unknown> = new Set([
  'SSTITCH_STORE_CLOSED',
  'LEVEL_DATABASE_NOT_OPEN',
  'LEVEL_ITERATOR_NOT_OPEN',
  'LEVEL_SNAPSHOT_NOT_OPEN',
]);

/** Converts an error. Other errors, such as the engine's, are returned unchanged. */
export function asCompactorError(
  error: unknown,
  { base, source, signal }: CheckedOptions,
): unknown {
  if (error instanceof CompactorError) return error;
  if (signal?.aborted === true && error === signal.reason) return abortedError(signal.reason);
  const code = typeof error === 'object' && error !== null && 'code' in error && error.code;
  if (ABORT_CODES.has(code) && signal?.aborted === true) return abortedError(signal.reason);
  const closed = base.status !== 'open' ? 'base' : source.status !== 'open' ? 'source' : undefined;
  if (closed !== undefined && (CLOSED_CODES.has(code) || ABORT_CODES.has(code))) {
    return new CompactorError('SSTITCH_STORE_CLOSED', `the ${closed} was closed meanwhile`, {
      cause: error,
    });
  }
  return error;
}
