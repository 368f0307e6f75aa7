// Sends errors between threads, as structured clone drops an error's code, and converts errors to EngineErrors.
import {
  causesOf,
  EngineError,
  type EngineErrorCode,
  type EngineErrorReason,
  errorCodeOf,
} from '../errors.js';
import { isDiskFull } from '../files/disk-full.js';

/** An error as plain data. */
export interface TaskFailure {
  readonly isEngineError: boolean;
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: string | undefined;
  readonly reason: EngineErrorReason | undefined;
  readonly key: Uint8Array | undefined;
  readonly holder: number | undefined;
  readonly path: string | undefined;
  readonly offset: number | undefined;
  readonly syscall: string | undefined;
  readonly cause: TaskFailure | undefined;
}

export function toFailure(error: unknown): TaskFailure {
  if (!(error instanceof Error)) {
    return { ...toFailure(new Error(String(error))) };
  }
  const details = error as Error & { path?: unknown; offset?: unknown; syscall?: unknown };
  const isEngineError = error instanceof EngineError;
  return {
    isEngineError,
    name: error.name,
    message: error.message,
    stack: error.stack,
    code: errorCodeOf(error),
    reason: isEngineError ? error.reason : undefined,
    key: isEngineError ? error.key : undefined,
    holder: isEngineError ? error.holder : undefined,
    path: typeof details.path === 'string' ? details.path : undefined,
    offset: typeof details.offset === 'number' ? details.offset : undefined,
    syscall: typeof details.syscall === 'string' ? details.syscall : undefined,
    cause: error.cause === undefined ? undefined : toFailure(error.cause),
  };
}

export function fromFailure(failure: TaskFailure): Error {
  const cause = failure.cause === undefined ? undefined : fromFailure(failure.cause);
  if (failure.isEngineError) {
    const { code, message } = failure;
    return new EngineError(code as EngineErrorCode, message, { ...failure, cause });
  }
  const error = new Error(failure.message, cause === undefined ? undefined : { cause });
  error.name = failure.name;
  if (failure.stack !== undefined) error.stack = failure.stack;
  for (const key of ['code', 'path', 'offset', 'syscall'] as const) {
    if (failure[key] !== undefined) Object.assign(error, { [key]: failure[key] });
  }
  return error;
}

/** Whether an error was caused by a failed fsync, after which the contents of the disk are unknown. */
export function isFsyncFailure(error: unknown): boolean {
  for (const current of causesOf(error)) {
    const { syscall } = current as Error & { syscall?: unknown };
    if (syscall === 'fsync' || syscall === 'fdatasync') return true;
  }
  return false;
}

/** Converts an error of file work or of LevelDB to an EngineError, with the original as its cause. */
export function asEngineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const { name, message, path, offset, code } = toFailure(error);
  if (name === 'SstError' && code !== 'SSTITCH_TABLE_IO') {
    return new EngineError('SSTITCH_TABLES_INVALID', message, { cause: error, path, offset });
  }
  if (code?.startsWith('LEVEL_')) {
    // "Database failed to open" does not help without its cause.
    const { cause: reason } = error as { cause?: unknown };
    const why = reason instanceof Error ? `${message}: ${reason.message}` : message;
    return new EngineError('SSTITCH_LEVELDB', why, { cause: error });
  }
  // The cause of a table's I/O error is the file system's error.
  const cause = name === 'SstError' && error instanceof Error ? (error.cause ?? error) : error;
  const reason = isDiskFull(error) ? 'disk-full' : undefined;
  return new EngineError('SSTITCH_FILE_OPERATION', message, { reason, cause, path, offset });
}
