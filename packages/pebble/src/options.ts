// The options of reading, their defaults and checks.

import { describeValue } from '@sstitch/contract';
import type { FileSystem } from '@sstitch/sst';
import { PebbleError } from './errors.js';

/** Pebble 2.1's newest format major version: value separation. */
export const NEWEST_FORMAT_VERSION = 24;

/** The file operations that a reader needs. `nodeFileSystem` of @sstitch/sst has them. */
export type ReadableFileSystem = Pick<FileSystem, 'open' | 'readdir' | 'status'>;

/** Limits of a database. A database beyond a limit is refused with an error that names the option. */
export interface PebbleLimits {
  /**
   * The most bytes in a block of a table, compressed or not. A block holds at least one entry, so this also
   * bounds a key and its value.
   *
   * @defaultValue 67,108,864
   */
  readonly maxBlockBytes?: number | undefined;
  /**
   * The most bytes in a MANIFEST.
   *
   * @defaultValue 268,435,456
   */
  readonly maxManifestBytes?: number | undefined;
  /**
   * The most tables in the database.
   *
   * @defaultValue 1,000,000
   */
  readonly maxTables?: number | undefined;
  /**
   * The most bytes of memory for the entries of the WALs, all of which are sorted in memory: keys, values, and
   * 256 bytes for each entry.
   *
   * @defaultValue 268,435,456
   */
  readonly maxLogBytes?: number | undefined;
  /**
   * The most bytes of memory for blocks, indexes and range deletions of tables.
   *
   * @defaultValue 1,073,741,824
   */
  readonly maxOpenBytes?: number | undefined;
  /**
   * The most range deletions in one table, and covering one key.
   *
   * @defaultValue 1,000,000
   */
  readonly maxRangeDeletions?: number | undefined;
}

/** Options of {@link PebbleDatabase.open}. */
export interface PebbleOptions extends PebbleLimits {
  /**
   * The file system of the database.
   *
   * @defaultValue `nodeFileSystem` of @sstitch/sst
   */
  readonly fileSystem?: ReadableFileSystem | undefined;
  /**
   * What to do if the MANIFEST or the last WAL ends in an incomplete chunk, which a crash of the writer or
   * damage leaves.
   *
   * - `refuse`: throw `SSTITCH_PEBBLE_CORRUPT`.
   * - `end`: read up to there, as Pebble does. Everything after it is silently lost.
   *
   * @defaultValue 'refuse'
   */
  readonly tornLogs?: 'refuse' | 'end' | undefined;
  /**
   * The most tables to keep open, with their indexes, while no iterator uses them; at least 0.
   *
   * @defaultValue 64
   */
  readonly idleTables?: number | undefined;
}

/** Checked options, with the defaults filled in. */
export interface CheckedOptions {
  readonly maxBlockBytes: number;
  readonly maxManifestBytes: number;
  readonly maxTables: number;
  readonly maxLogBytes: number;
  readonly maxOpenBytes: number;
  readonly maxRangeDeletions: number;
  readonly tornLogs: 'refuse' | 'end';
  readonly idleTables: number;
}

const MIB = 2 ** 20;

/** Checks the options. @throws PebbleError `SSTITCH_PEBBLE_OPTIONS` for a value out of range */
export function checkOptions(options: PebbleOptions): CheckedOptions {
  const { tornLogs = 'refuse' } = options;
  if (tornLogs !== 'refuse' && tornLogs !== 'end') {
    throw refused('tornLogs', tornLogs, `'refuse' or 'end'`);
  }
  return {
    maxBlockBytes: checkCount('maxBlockBytes', options.maxBlockBytes ?? 64 * MIB, 1, 2 ** 30),
    maxManifestBytes: checkCount('maxManifestBytes', options.maxManifestBytes ?? 256 * MIB, 1),
    maxTables: checkCount('maxTables', options.maxTables ?? 1_000_000, 0),
    maxLogBytes: checkCount('maxLogBytes', options.maxLogBytes ?? 256 * MIB, 0),
    maxOpenBytes: checkCount('maxOpenBytes', options.maxOpenBytes ?? 1024 * MIB, 0),
    maxRangeDeletions: checkCount('maxRangeDeletions', options.maxRangeDeletions ?? 1_000_000, 0),
    tornLogs,
    idleTables: checkCount('idleTables', options.idleTables ?? 64, 0),
  };
}

/** Checks that `value` is an integer from `minimum` to `maximum`. @throws PebbleError `SSTITCH_PEBBLE_OPTIONS` */
export function checkCount(
  name: string,
  value: number,
  minimum: number,
  maximum: number = Number.MAX_SAFE_INTEGER,
): number {
  if (Number.isInteger(value) && value >= minimum && value <= maximum) return value;
  throw refused(name, value, `an integer from ${minimum} to ${maximum}`);
}

/** The error for an invalid argument. */
export function refused(name: string, value: unknown, wanted: string): PebbleError {
  return new PebbleError(
    'SSTITCH_PEBBLE_OPTIONS',
    `${name} is ${typeof value === 'object' ? describeValue(value) : String(value)}: it must be ${wanted}`,
  );
}
