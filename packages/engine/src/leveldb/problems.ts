// The problems that a verification finds, collected instead of thrown.
import { SstError } from '@sstitch/sst';
import { EngineError, errorCodeOf } from '../errors.js';

/** Which file is wrong: the MANIFEST, a table, a log, or another file of the store. */
export type StoreProblemKind = 'store' | 'manifest' | 'table' | 'log';

/** A problem that was found. */
export interface StoreProblem {
  /** The kind of problem. */
  readonly kind: StoreProblemKind;
  /** Describes the problem, and names the file and the offset if known. */
  readonly message: string;
  /** The file concerned. */
  readonly path: string;
  /** The offset in the file, if it is known. */
  readonly offset?: number;
}

/** The number of problems that are listed. Further ones are only counted. */
export const MAX_LISTED_PROBLEMS = 1000;

/** A problem with the error to throw for it, which cannot be sent to another thread. */
export interface CollectedProblem extends StoreProblem {
  readonly error?: EngineError;
}

/** The problems found so far. */
export class ProblemList {
  readonly all: CollectedProblem[] = [];
  count = 0;

  add(problem: CollectedProblem): void {
    this.count++;
    if (this.all.length < MAX_LISTED_PROBLEMS) this.all.push(problem);
  }

  /** Runs a step. If it throws corruption, adds a problem; other errors pass through. */
  collect(kind: StoreProblemKind, path: string, step: () => void): void {
    try {
      step();
    } catch (error) {
      const problem = problemOf(kind, path, error);
      if (problem === undefined) throw error;
      this.add(problem);
    }
  }
}

/** Returns a problem without its error, so that it can be sent to another thread. */
export function plain({ kind, message, path, offset }: CollectedProblem): StoreProblem {
  return { kind, message, path, ...(offset === undefined ? {} : { offset }) };
}

/** Returns the problem that an error describes, or undefined if the error is not about the store's contents. */
export function problemOf(
  kind: StoreProblemKind,
  path: string,
  error: unknown,
): CollectedProblem | undefined {
  if (error instanceof EngineError) {
    if (error.code !== 'SSTITCH_STORE_CORRUPT' && error.code !== 'SSTITCH_STORE_FORMAT') {
      return undefined;
    }
    return located(kind, error.message, error.path ?? path, error.offset, error);
  }
  if (error instanceof SstError && error.code !== 'SSTITCH_TABLE_IO') {
    return located(kind, error.message, error.path ?? path, error.offset);
  }
  const cause = error instanceof SstError ? error.cause : error;
  if (errorCodeOf(cause) !== 'ENOENT' && errorCodeOf(cause) !== 'ENOTDIR') return undefined;
  const missing = (cause as { path?: unknown }).path;
  const at = typeof missing === 'string' ? missing : path;
  return located(kind, `a file is missing (${at})`, at, undefined);
}

function located(
  kind: StoreProblemKind,
  message: string,
  path: string,
  offset: number | undefined,
  error?: EngineError,
): CollectedProblem {
  return {
    kind,
    message,
    path,
    ...(offset === undefined ? {} : { offset }),
    ...(error === undefined ? {} : { error }),
  };
}
