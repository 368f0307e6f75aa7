import type { CompactResult } from './result.js';

/** Every code a CompactorError can have. */
export type CompactorErrorCode =
  /** An option is missing or invalid, or a sync id is malformed or repeated. */
  | 'SSTITCH_COMPACT_INPUT'
  /** The base or the source is not open, or was closed meanwhile. */
  | 'SSTITCH_STORE_CLOSED'
  /** The source holds nothing under a sync id. */
  | 'SSTITCH_SYNC_EMPTY'
  /** The requested strategy, or an option, does not work with this base and source. */
  | 'SSTITCH_STRATEGY_UNAVAILABLE'
  /** The difference does not fit one batch. */
  | 'SSTITCH_BATCH_TOO_LARGE'
  /** The AbortSignal fired before the commit; `cause` is its reason. The error's name is `AbortError`. */
  | 'SSTITCH_ABORTED';

/**
 * The error class of this package. The engine's errors pass through as EngineErrors, and so does what `onProgress`
 * throws.
 */
export class CompactorError extends Error {
  /** The kind of failure, for code to branch on. */
  readonly code: CompactorErrorCode;

  constructor(code: CompactorErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    // The name by which generic code recognises an abort.
    this.name = code === 'SSTITCH_ABORTED' ? 'AbortError' : 'CompactorError';
  }
}

/** The source holds nothing under some of the sync ids. */
export class EmptySyncError extends CompactorError {
  /** The subclass's name; the code is SSTITCH_SYNC_EMPTY. */
  override readonly name = 'EmptySyncError';
  /** The ids under which the source holds nothing. */
  readonly syncIds: readonly string[];
  /** The result of the commit that removed them. Undefined if the compaction was refused. */
  readonly result: CompactResult | undefined;

  constructor(syncIds: readonly string[], result?: CompactResult) {
    const which = `${syncIds.length === 1 ? 'sync' : 'syncs'} ${syncIds.join(', ')}`;
    const outcome =
      result === undefined ? 'the base is unchanged' : 'the base now holds nothing of it either';
    super('SSTITCH_SYNC_EMPTY', `the source holds nothing of ${which}: ${outcome}`);
    this.syncIds = syncIds;
    this.result = result;
  }
}

export function inputError(message: string, cause?: unknown): CompactorError {
  return new CompactorError('SSTITCH_COMPACT_INPUT', message, { cause });
}

/** @throws CompactorError SSTITCH_ABORTED once the signal has fired */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abortedError(signal.reason);
}

/** Makes the AbortError. @param reason the signal's reason */
export function abortedError(reason: unknown): CompactorError {
  return new CompactorError('SSTITCH_ABORTED', 'the compaction was aborted', { cause: reason });
}
