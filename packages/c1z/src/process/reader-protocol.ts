// What the main program and the reader process say to each other.
//
//   main → reader   ReaderTask, once: decode and open
//                   BatchRequest, one answer each, any number under way
//   reader → main   progress (any number), then opened; or failed with request 0
//                   batch or failed, with the request's number
import { C1zError, type C1zErrorCode, messageOf } from '../errors.js';
import type { RowsAsked } from '../format1/sync-database.js';
import type { RowBatch, SyncRunRow } from '../format1/sync-tables.js';
import type { C1zLimits, C1zProgress } from '../options.js';

export interface ReaderTask {
  readonly path: string;
  readonly fileBytes: number;
  readonly payloadOffset: number;
  /** Where the decoded database goes; it must not exist. */
  readonly databasePath: string;
  readonly limits: C1zLimits;
}

export interface BatchRequest extends RowsAsked {
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
      readonly syncRuns: readonly SyncRunRow[];
    }
  | { readonly kind: 'batch'; readonly request: number; readonly batch: RowBatch }
  | { readonly kind: 'failed'; readonly request: number; readonly failure: Failure };

/** An error as it crosses processes, where classes and own properties are lost. */
export interface Failure {
  readonly code: C1zErrorCode;
  readonly message: string;
  readonly path: string | undefined;
  readonly offset: number | undefined;
  readonly cause: string | undefined;
}

export function failureOf(error: unknown, path: string): Failure {
  if (!(error instanceof C1zError)) {
    return {
      code: 'SSTITCH_C1Z_READER_FAILED',
      message: `the reader failed: ${messageOf(error)}`,
      path,
      offset: undefined,
      cause: error instanceof Error ? error.stack : undefined,
    };
  }
  // The place is added again when the error is made anew.
  const place = error.message.lastIndexOf(` (${error.path}`);
  return {
    code: error.code,
    message: place === -1 ? error.message : error.message.slice(0, place),
    path: error.path,
    offset: error.offset,
    cause: error.cause === undefined ? undefined : messageOf(error.cause),
  };
}

export function errorOf(failure: Failure): C1zError {
  const { code, message, path, offset, cause } = failure;
  return new C1zError(code, message, {
    path,
    offset,
    ...(cause === undefined ? {} : { cause: new Error(cause) }),
  });
}
