import type { PebbleLimits, PebbleOptions } from '@sstitch/pebble';
import type { C1zFormat } from './envelope/magic.js';
import { C1zError } from './errors.js';

/** How far the decoding of a file has come. */
export interface C1zProgress {
  /** Bytes of the file read so far. */
  readonly encodedBytes: number;
  /** Bytes that they decode to. */
  readonly decodedBytes: number;
}

/** Options of `openC1z`. */
export interface C1zOptions {
  /**
   * The largest database, in bytes, that a file may decode to.
   * @defaultValue what baton-sdk's own reader takes by default, so no file it reads is refused: 3 GiB for
   * format 1; for format 3, 10 GiB or 100 times the file, whichever is more
   */
  readonly maxDecodedBytes?: number;
  /**
   * How many times larger than the file its database may be, once it is over 64 MiB. Real files
   * decode to 10 to 50 times their size; zstd can write 30,000 times.
   * @defaultValue 1000
   */
  readonly maxDecodedRatio?: number;
  /**
   * The largest value, in bytes, that a column of a row may hold.
   * @defaultValue 64 MiB
   */
  readonly maxValueBytes?: number;
  /**
   * The most records in one batch. A batch also ends once its rows come to 4 MiB.
   * @defaultValue 250: a few milliseconds of the calling thread
   */
  readonly batchRecords?: number;
  /**
   * The directory in which what is decoded lies while the file is open.
   * @defaultValue the operating system's directory for temporary files
   */
  readonly temporaryDirectory?: string;
  /**
   * The time zone of times that name none: those of the host on which the connector ran, which are nearly
   * all. An IANA name ("UTC", "Europe/Berlin") or an offset ("+02:00").
   * @defaultValue the zone of this process, as baton-sdk's own reader has it
   */
  readonly zone?: string | undefined;
  /**
   * How long, in milliseconds, one step of the reader may take without a sign of life. It is the
   * last guard against a file made to keep SQLite or Pebble's reader busy for ever.
   * @defaultValue 120000
   */
  readonly stallTimeoutMs?: number;
  /**
   * Whether the database in a file of format 3 may end its MANIFEST or its last WAL in a chunk that is not whole, as
   * a crash leaves it: 'end' reads up to there. Files of today have no such end.
   * @defaultValue 'refuse'
   */
  readonly tornLogs?: PebbleOptions['tornLogs'];
  /** Limits of the database in a file of format 3. @defaultValue those of `@sstitch/pebble` */
  readonly pebble?: PebbleLimits;
  /** Stops the opening, and closes the file if it fires later. */
  readonly signal?: AbortSignal;
  /** Called while the file is being decoded. */
  readonly onProgress?: (progress: C1zProgress) => void;
}

const GIBIBYTE = 2 ** 30;
const MEBIBYTE = 2 ** 20;

/** For files of format 1. */
export const DEFAULT_MAX_DECODED_BYTES = 3 * GIBIBYTE;
/** For files of format 3; a large file may decode to `FORMAT_3_DECODED_RATIO` times its size. */
const FORMAT_3_MAX_DECODED_BYTES = 10 * GIBIBYTE;
const FORMAT_3_DECODED_RATIO = 100;
export const DEFAULT_MAX_DECODED_RATIO = 1000;
export const DEFAULT_MAX_VALUE_BYTES = 64 * MEBIBYTE;
export const DEFAULT_BATCH_RECORDS = 250;
export const DEFAULT_STALL_TIMEOUT_MS = 120_000;

/** Past this, what one batch would hold is no longer "bounded memory". */
const MAX_BATCH_RECORDS = 100_000;
/** The largest delay a Node.js timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The limits among the options, all present and checked. */
export interface C1zLimits {
  readonly maxDecodedBytes: number;
  readonly maxDecodedRatio: number;
  readonly maxValueBytes: number;
  readonly batchRecords: number;
  readonly stallTimeoutMs: number;
  readonly tornLogs: PebbleOptions['tornLogs'];
  readonly pebble: PebbleLimits;
}

/**
 * Checks the numbers among the options and fills in the defaults.
 * @param fileBytes the size of the .c1z file
 * @throws C1zError SSTITCH_OPTION_INVALID
 */
export function checkLimits(
  options: C1zOptions,
  format: C1zFormat = 1,
  fileBytes: number = 0,
): C1zLimits {
  const maxDecodedBytes =
    format === 1
      ? DEFAULT_MAX_DECODED_BYTES
      : Math.max(FORMAT_3_MAX_DECODED_BYTES, FORMAT_3_DECODED_RATIO * fileBytes);
  return {
    maxDecodedBytes: wholeNumber(options, 'maxDecodedBytes', maxDecodedBytes),
    maxDecodedRatio: wholeNumber(options, 'maxDecodedRatio', DEFAULT_MAX_DECODED_RATIO),
    maxValueBytes: wholeNumber(options, 'maxValueBytes', DEFAULT_MAX_VALUE_BYTES, GIBIBYTE),
    batchRecords: wholeNumber(options, 'batchRecords', DEFAULT_BATCH_RECORDS, MAX_BATCH_RECORDS),
    stallTimeoutMs: wholeNumber(options, 'stallTimeoutMs', DEFAULT_STALL_TIMEOUT_MS, MAX_TIMER_MS),
    tornLogs: options.tornLogs,
    pebble: options.pebble ?? {},
  };
}

type NumberName = Exclude<keyof C1zLimits, 'tornLogs' | 'pebble'>;

function wholeNumber(
  options: C1zOptions,
  name: NumberName,
  defaultValue: number,
  largest = Number.MAX_SAFE_INTEGER,
): number {
  const value = options[name] ?? defaultValue;
  if (!Number.isSafeInteger(value) || value < 1 || value > largest) {
    throw new C1zError(
      'SSTITCH_OPTION_INVALID',
      `${name} must be a whole number from 1 to ${largest}, not ${String(value)}`,
    );
  }
  return value;
}
