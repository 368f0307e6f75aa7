// The protocol between the main program and its processes:
//
//   main → process   numbered requests, any number of which may be pending
//   process → main   progress (any number); for each request, in order, done or failed with its number
import type { Serializable } from 'node:child_process';
import { C1zError, type C1zErrorCode, messageOf } from '../errors.js';

export interface WorkerRequest {
  readonly request: number;
  readonly body: Serializable;
}

export type WorkerReply =
  | { readonly kind: 'progress'; readonly progress: unknown }
  | { readonly kind: 'done'; readonly request: number; readonly result: unknown }
  | { readonly kind: 'failed'; readonly request: number; readonly failure: Failure };

/** The descriptor of the inherited file in a process, after its standard streams and the channel. */
export const FILE_DESCRIPTOR = 4;

/** An error in transit between processes, which loses classes and own properties. */
export interface Failure {
  readonly code: C1zErrorCode;
  readonly problem: string;
  readonly path: string | undefined;
  readonly part: string | undefined;
  readonly offset: number | undefined;
  readonly cause: string | undefined;
}

/**
 * Converts an error for transit. @param otherwise the code for errors that are not a C1zError
 * @param path the path of the .c1z file
 */
export function failureOf(error: unknown, otherwise: C1zErrorCode, path: string): Failure {
  if (!(error instanceof C1zError)) {
    return {
      code: otherwise,
      problem: `the process failed: ${messageOf(error)}`,
      path,
      part: undefined,
      offset: undefined,
      cause: error instanceof Error ? error.stack : undefined,
    };
  }
  const { code, problem, part, offset, cause } = error;
  return {
    code,
    problem,
    path: error.path,
    part,
    offset,
    cause: cause === undefined ? undefined : messageOf(cause),
  };
}

export function errorOf({ code, problem, path, part, offset, cause }: Failure): C1zError {
  return new C1zError(code, problem, {
    path,
    part,
    offset,
    ...(cause === undefined ? {} : { cause: new Error(cause) }),
  });
}
