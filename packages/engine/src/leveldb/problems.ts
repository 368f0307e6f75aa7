// What a verification finds, collected instead of thrown.
import { SstError } from '@sstitch/sst';
import { EngineError, errorCodeOf } from '../errors.js';

/** What is wrong: a file of the store's own or of no kind, the MANIFEST, a table, a log. */
export type StoreProblemKind = 'store' | 'manifest' | 'table' | 'log';

/** One thing that is wrong. */
export interface StoreProblem {
  readonly kind: StoreProblemKind;
  /** Names the file, and the offset where that is known. */
  readonly message: string;
  readonly path: string;
  readonly offset?: number;
}

/** A store with this many problems has one: the rest is only counted. */
export const MAX_LISTED_PROBLEMS = 1000;

/** With the error to throw, where a problem is to be thrown; it does not leave the thread. */
export interface CollectedProblem extends StoreProblem {
  readonly error?: EngineError;
}

export class ProblemList {
  readonly all: CollectedProblem[] = [];
  count = 0;

  add(problem: CollectedProblem): void {
    this.count++;
    if (this.all.length < MAX_LISTED_PROBLEMS) this.all.push(problem);
  }

  /** Runs a step; corruption that it meets is a problem, anything else is thrown. */
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

/** The problem without its error: fit to be sent to another thread. */
export function plain({ kind, message, path, offset }: CollectedProblem): StoreProblem {
  return { kind, message, path, ...(offset === undefined ? {} : { offset }) };
}

/** The problem that an error tells of; undefined for an error that is not about the store's bytes. */
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
