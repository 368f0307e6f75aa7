// What the main program and the reader process say to each other.
//
//   main → reader   ReaderTask, once: decode and open
//                   PageRequest, one answer each, any number under way
//   reader → main   progress (any number), then opened; or failed with request 0
//                   page or failed, with the request's number
import type { C1zFormat } from '../envelope/magic.js';
import { C1zError, type C1zErrorCode, messageOf } from '../errors.js';
import type { C1zLimits, C1zProgress } from '../options.js';
import type { RecordPage } from '../record-pages.js';
import type { PageAsked } from '../sync-contents.js';

export interface ReaderTask {
  readonly path: string;
  readonly format: C1zFormat;
  readonly fileBytes: number;
  /** An empty folder for what is decoded. */
  readonly folder: string;
  /** As in the options. */
  readonly zone: string | undefined;
  readonly limits: C1zLimits;
}

export interface PageRequest extends PageAsked {
  readonly request: number;
}

/** The number of the request that the task is. */
export const OPEN_REQUEST = 0;

/** Where the reader finds the open .c1z file: after its standard streams and the channel. */
export const FILE_DESCRIPTOR = 4;

export type ReaderReply =
  | { readonly kind: 'progress'; readonly progress: C1zProgress }
  | {
      readonly kind: 'opened';
      readonly decodedBytes: number;
      readonly engine: string;
      readonly syncRuns: RecordPage;
    }
  | { readonly kind: 'page'; readonly request: number; readonly page: RecordPage }
  | { readonly kind: 'failed'; readonly request: number; readonly failure: Failure };

/** An error as it crosses processes, where classes and own properties are lost. */
export interface Failure {
  readonly code: C1zErrorCode;
  readonly problem: string;
  readonly path: string | undefined;
  readonly part: string | undefined;
  readonly offset: number | undefined;
  readonly cause: string | undefined;
}

export function failureOf(error: unknown, path: string): Failure {
  if (!(error instanceof C1zError)) {
    return {
      code: 'SSTITCH_C1Z_READER_FAILED',
      problem: `the reader failed: ${messageOf(error)}`,
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
