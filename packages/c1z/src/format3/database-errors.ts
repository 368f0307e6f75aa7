// Converts errors of the Pebble database in a payload to errors of the .c1z file.
import { basename } from 'node:path';
import { PebbleError, type PebbleErrorCode } from '@sstitch/pebble';
import { PAYLOAD_DIRECTORY } from '../envelope/payload.js';
import { C1zError, type C1zErrorCode } from '../errors.js';
import { writerOf } from './writers.js';

const CODES: Readonly<Partial<Record<PebbleErrorCode, C1zErrorCode>>> = {
  SSTITCH_PEBBLE_NOT_FOUND: 'SSTITCH_C1Z_CORRUPT',
  SSTITCH_PEBBLE_CORRUPT: 'SSTITCH_C1Z_CORRUPT',
  SSTITCH_PEBBLE_UNSUPPORTED: 'SSTITCH_C1Z_FORMAT_UNSUPPORTED',
  SSTITCH_PEBBLE_TOO_LARGE: 'SSTITCH_C1Z_TOO_LARGE',
  SSTITCH_PEBBLE_OPTIONS: 'SSTITCH_OPTION_INVALID',
  SSTITCH_PEBBLE_CLOSED: 'SSTITCH_C1Z_CLOSED',
  SSTITCH_PEBBLE_IO: 'SSTITCH_FILE_OPERATION',
};

/** Advice for errors whose message does not say what to do. */
const ADVICE: Partial<Record<C1zErrorCode, string>> = {
  SSTITCH_C1Z_CORRUPT: 'copy it again from its origin, or write it again',
  SSTITCH_C1Z_FORMAT_UNSUPPORTED: 'open it with that SDK and save it, or use a newer @sstitch/c1z',
};

/**
 * Runs a read of the database and converts its errors.
 * @param path the path of the .c1z file
 * @throws C1zError
 */
export async function withDatabaseErrors<T>(
  path: string,
  engine: string,
  run: () => T | Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw databaseError(error, path, engine);
  }
}

/** Converts an error of the database; returns other errors unchanged. */
export function databaseError(error: unknown, path: string, engine: string): unknown {
  if (!(error instanceof PebbleError)) return error;
  // Pebble's reader wraps the errors of the payload's own files as errors of the file system.
  if (error.cause instanceof C1zError) return error.cause;
  const code = CODES[error.code] ?? 'SSTITCH_C1Z_READER_FAILED';
  const advice = ADVICE[code];
  const written = `the file was written by ${writerOf(engine) ?? engine}`;
  const problem = `the database in the payload: ${error.problem}`;
  return new C1zError(code, advice === undefined ? problem : `${problem}; ${written}: ${advice}`, {
    path,
    part: partOf(error.path),
    offset: error.offset,
    cause: error.cause,
  });
}

function partOf(path: string | undefined): string {
  return path === undefined || path === PAYLOAD_DIRECTORY ? 'payload' : basename(path);
}
