import type { PebbleLimits, PebbleOptions } from '@sstitch/pebble';
import { C1zError } from './errors.js';
import type { C1zFormat } from './magic.js';

/** The progress of opening a file. */
export interface C1zProgress {
  /** Decoding the file, then, in format 1, checking the structure of its database. */
  readonly step: 'decoding' | 'checking';
  /** How many bytes of the file have been read. */
  readonly encodedBytes: number;
  /** How many bytes they decode to. */
  readonly decodedBytes: number;
}

/** Options of `openC1z`. */
export interface C1zOptions {
  /**
   * The most bytes to which a file may decode.
   * @defaultValue the default of baton-sdk's own reader, so that no file is refused that it reads: 3 GiB for
   * format 1; for format 3, 10 GiB or 100 times the file, whichever is more
   */
  readonly maxDecodedBytes?: number;
  /**
   * How many times larger than the file its database may be, if it is over 64 MiB. Real files decode to 10 to
   * 50 times their size; zstd can reach 30,000 times.
   * @defaultValue 1000
   */
  readonly maxDecodedRatio?: number;
  /**
   * The most bytes in a value of a row's column.
   * @defaultValue 64 MiB
   */
  readonly maxValueBytes?: number;
  /**
   * The most records in one batch. A batch also ends when its rows have 4 MiB.
   * @defaultValue 250, which takes a few milliseconds of the calling thread
   */
  readonly batchRecords?: number;
  /**
   * The directory for decoded data while the file is open.
   * @defaultValue the operating system's directory for temporary files
   */
  readonly temporaryDirectory?: string;
  /**
   * The time zone of times without one, which are nearly all: the zone of the host on which the connector ran.
   * An IANA name ("UTC", "Europe/Berlin") or an offset ("+02:00").
   * @defaultValue the zone of this process, as in baton-sdk's own reader
   */
  readonly zone?: string | undefined;
  /**
   * How long, in milliseconds, one step of the reader may take without a response. It is the last guard against
   * a hostile file that keeps SQLite or Pebble's reader busy forever.
   * @defaultValue 120000
   */
  readonly stallTimeoutMs?: number;
  /**
   * What to do if the MANIFEST or the last WAL in a file of format 3 ends in an incomplete chunk, as a crash
   * leaves it: 'end' reads up to there. Current files have no such end.
   * @defaultValue 'refuse'
   */
  readonly tornLogs?: PebbleOptions['tornLogs'];
  /** Limits of the database in a file of format 3. @defaultValue those of `@sstitch/pebble` */
  readonly pebble?: PebbleLimits;
  /** Aborts the opening, and closes the file if it fires later. */
  readonly signal?: AbortSignal;
  /** Called while the file is being decoded, and before it is checked. An error that it throws is not caught. */
  readonly onProgress?: (progress: C1zProgress) => void;
}

const GIBIBYTE = 2 ** 30;
const MEBIBYTE = 2 ** 20;

/** The default for files of format 1. */
export const DEFAULT_MAX_DECODED_BYTES = 3 * GIBIBYTE;
/** The default for files of format 3; a large file may decode to `FORMAT_3_DECODED_RATIO` times its size. */
const FORMAT_3_MAX_DECODED_BYTES = 10 * GIBIBYTE;
const FORMAT_3_DECODED_RATIO = 100;
/** The default of `maxDecodedRatio`. */
export const DEFAULT_MAX_DECODED_RATIO = 1000;
/** The default of `maxValueBytes`: 64 MiB. */
export const DEFAULT_MAX_VALUE_BYTES = 64 * MEBIBYTE;
/** The default of `batchRecords`. */
export const DEFAULT_BATCH_RECORDS = 250;
/** The default of `stallTimeoutMs`: two minutes. */
export const DEFAULT_STALL_TIMEOUT_MS = 120_000;

/** The largest value of `batchRecords`, which bounds the memory of a batch. */
const MAX_BATCH_RECORDS = 100_000;
/** The largest delay of a Node.js timer. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The checked limits, with defaults filled in. */
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
      `${name} must be an integer from 1 to ${largest}, not ${String(value)}`,
    );
  }
  return value;
}
